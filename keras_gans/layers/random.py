"""Random seeds of a training step."""

from typing import Any

import keras
from keras import ops

from keras_gans import backend


@keras.saving.register_keras_serializable(package="keras_gans")
class ReplicaSeedGenerator(keras.random.SeedGenerator):
    """A seed generator whose replicas draw different numbers.

    Under a distribution strategy every replica holds the same state, with
    which all would train on the same latents; here the replica's index is
    added to the seed.
    """

    def next(self, ordered: bool = True) -> Any:
        seed = super().next(ordered)
        offset = ops.cast(backend.replica_id(), seed.dtype)
        return seed + ops.stack([offset * 7919, ops.zeros_like(offset)])

"""Power-function averages of a network, kept inside the training step."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.models.profiles import check_lengths, exponent


class PowerAverages(keras.layers.Layer):
    """Averages of all weights of a network over the steps of training so far.

    After training step t every weight θ, parameters and buffers (moving
    statistics, spectral vectors) alike, gives for each relative length σ

        θ̄ ← β θ̄ + (1 - β) θ,    β = (1 - 1/t)^(γ + 1),

    γ being the exponent of σ. After the first step θ̄ is θ. The standard
    deviation of the time that an average is about is σ t at every t: it
    depends on no length of training that would have to be known beforehand.

    Args:
        network: The model, built.
        lengths: Floats σ in (0, 0.28], each once.

    Raises:
        ValueError: For other lengths.

    Reference: [Karras et al., 2024](https://arxiv.org/abs/2312.02696), §3.1.
    """

    def __init__(self, network: keras.Model, lengths: Sequence[float]):
        super().__init__(trainable=False, dtype="float32")
        self.lengths = check_lengths(lengths)
        self.averages = [
            [self._copy(weight) for weight in network.weights]
            for _ in self.lengths
        ]
        self.built = True

    def _copy(self, weight):
        copy = self.add_weight(
            shape=weight.shape,
            initializer="zeros",
            trainable=False,
            dtype=weight.dtype,
        )
        # In memory of its own: JAX gives that of a step's variables away.
        copy.assign(np.array(weight.numpy()))
        return copy

    def begin(self, network: keras.Model) -> None:
        """Lets all averages begin at the weights that a network has.

        Args:
            network: The model.
        """
        for average in self.averages:
            for copy, weight in zip(average, network.weights, strict=True):
                copy.assign(np.array(weight.numpy()))

    def update(self, network: keras.Model, iterations: Any) -> None:
        """Takes the weights of a network into the averages.

        Args:
            network: The model.
            iterations: Int scalar, training steps before the present one.
        """
        step = ops.cast(iterations, "float32") + 1.0
        # log(1 - 1/t) is -inf in the first step, which makes β 0.
        logarithm = ops.log1p(-1.0 / step)
        for length, average in zip(self.lengths, self.averages, strict=True):
            decay = ops.exp((exponent(length) + 1.0) * logarithm)
            pairs = zip(average, network.weights, strict=True)
            backend.update_averages(list(pairs), decay)

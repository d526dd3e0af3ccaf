"""Images of random brightness, an augmentation of one's own."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tiny")
class Fading(keras.layers.Layer):
    """Darkens each image by a factor of its own, u ~ U[1/2, 1]."""

    def __init__(self, seed: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        if not training:
            return images
        count = ops.shape(images)[0]
        factors = keras.random.uniform(
            (count, 1, 1, 1), 0.5, 1.0, seed=self.seed_generator
        )
        return images * factors

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "seed": self.seed}

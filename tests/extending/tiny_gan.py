"""TinyGAN: two dense networks on the hinge loss."""

import math
from typing import Any

import keras
from keras import layers
from tiny_settings import TinySettings

from keras_gans import GAN


@keras.saving.register_keras_serializable(package="tiny")
class TinyGAN(GAN):
    """A GAN of dense networks, without labels."""

    SETTINGS = TinySettings

    @classmethod
    def arguments(
        cls, settings: TinySettings, num_classes: int
    ) -> dict[str, Any]:
        shape = (settings.resolution, settings.resolution, settings.channels)
        generator = keras.Sequential(
            [
                keras.Input((settings.latent_dim,)),
                layers.Dense(settings.width, activation="relu"),
                layers.Dense(math.prod(shape), activation="tanh"),
                layers.Reshape(shape),
            ]
        )
        discriminator = keras.Sequential(
            [
                keras.Input(shape),
                layers.Flatten(),
                layers.Dense(settings.width, activation="relu"),
                layers.Dense(1),
            ]
        )
        return {
            "generator": generator,
            "discriminator": discriminator,
            "loss": "hinge",
        }

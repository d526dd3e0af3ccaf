"""The settings of a model of one's own; needs no Keras."""

import dataclasses
import pathlib

from keras_gans.presets.fields import Count, Positive
from keras_gans.presets.training import GANSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class TinySettings(GANSettings):
    """Settings of TinyGAN.

    Attributes:
        width: Units of the hidden layers.
    """

    width: Count = 64
    discriminator_learning_rate: Positive = 2e-4

    FAMILY = pathlib.Path(__file__).with_suffix(".json")

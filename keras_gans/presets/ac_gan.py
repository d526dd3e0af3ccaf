"""The settings of AC-GAN."""

import dataclasses
from typing import Annotated, Literal

from keras_gans.presets.fields import (
    Bounds,
    Count,
    Decay,
    Positive,
    Weight,
    formerly,
)
from keras_gans.presets.training import GANSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class ACGANSettings(GANSettings):
    """Settings of AC-GAN: networks of 32, 64 or 128 pixels.

    The appendix prints 10⁻³ for Adam's β₂, here 0.999.

    Attributes:
        latent_distribution: Distribution of the latents: N(0, I), or uniform
            in (-1, 1); the paper does not say.
        generator_width: Base width of the generator.
        discriminator_width: Base width of the discriminator.
        generator_multipliers: Widths of the generator's stages in units of
            its base width; none for the published ones.
        dropout: Share of the discriminator's features that is dropped.
        activation_noise: Standard deviation of the noise on the
            discriminator's activations.
        momentum: Decay of both networks' moving statistics.
        saturating: Let the generator minimize the likelihood of being fake,
            as printed, rather than maximize that of being real.
        class_loss_on: Whether the discriminator learns the classes of real
            and generated images or of real ones only.
        discriminator_class_weight: Weight of the discriminator's class loss.
        generator_class_weight: Weight of the generator's class loss.
    """

    latent_dim: Count = 100
    latent_distribution: Literal["normal", "uniform"] = "normal"
    generator_width: Count = 64
    discriminator_width: Count = 16
    generator_multipliers: tuple[Count, ...] | None = formerly({(): None})
    dropout: Decay = 0.5
    activation_noise: Annotated[float, Bounds(minimum=0, maximum=1)] = 0.0
    momentum: Decay = 0.99
    saturating: bool = False
    class_loss_on: Literal["both", "real"] = "both"
    discriminator_class_weight: Weight = 1.0
    generator_class_weight: Weight = 1.0
    generator_learning_rate: Positive = 2e-4
    discriminator_learning_rate: Positive = 2e-4
    beta_1: Decay = 0.5
    beta_2: Decay = 0.999

    FAMILY = "ac_gan"

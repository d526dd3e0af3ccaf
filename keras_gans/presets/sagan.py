"""The settings of SAGAN."""

import dataclasses
from typing import Literal

from keras_gans.presets.fields import (
    Count,
    Decay,
    Natural,
    Positive,
    Weight,
    formerly,
)
from keras_gans.presets.training import GANSettings, Loss


@dataclasses.dataclass(frozen=True, kw_only=True)
class SAGANSettings(GANSettings):
    """Settings of SAGAN: ResNets of 32, 64 or 128 pixels.

    The paper's β₂ is 0.9; the released code leaves it at 0.999.

    Attributes:
        generator_width: Base width of the generator.
        discriminator_width: Base width of the discriminator.
        generator_multipliers: Widths of the generator's stages in units of
            its base width; none for the published ones.
        discriminator_multipliers: The same for the discriminator.
        attention_resolution: Shorter side of the feature maps with
            self-attention; 0 for none.
        attention_variant: Self-attention as in the released code or as in
            the paper's equations, or Table 1's control, a residual block of
            its size, instead.
        spectral_norm: Which networks are spectrally normalized.
        hidden_channels: Channels within a discriminator block: those of its
            output, as in SAGAN, or of its input, as in SNGAN.
        release: Whose released code the initial kernels and the like follow.
        momentum: Decay of the generator's moving statistics.
        final_momentum: That of its last batch normalization.
        shared_embedding: Length of one class vector that all generator blocks
            share, BigGAN's, 128 there; 0 for a table in each block.
        skip_z: Give each generator block a part of the latents (BigGAN):
            latent_dim is a multiple of the blocks and one more, 4 at 32
            pixels, 5 at 64, 6 at 128.
        orthogonal_regularization: Weight of orthogonal regularization of the
            generator's kernels (BigGAN), 1e-4 there; 0 for none.
        loss: Adversarial loss.
        folding: Use the exact, cheaper form of resampling convolutions.
    """

    generator_width: Count = 64
    discriminator_width: Count = 64
    generator_multipliers: tuple[Count, ...] | None = formerly({(): None})
    discriminator_multipliers: tuple[Count, ...] | None = formerly({(): None})
    attention_resolution: Natural = 32
    attention_variant: Literal["code", "paper", "residual"] = "code"
    spectral_norm: Literal["both", "discriminator", "none"] = "both"
    hidden_channels: Literal["out", "in"] = "out"
    release: Literal["sagan", "sngan"] = "sagan"
    momentum: Decay = 0.999
    final_momentum: Decay = 0.9999
    shared_embedding: Natural = 0
    skip_z: bool = False
    orthogonal_regularization: Weight = 0.0
    loss: Loss = "hinge"
    folding: bool = True
    discriminator_learning_rate: Positive = 4e-4

    FAMILY = "sagan"

"""The settings of LGA, and of what its paper compares it with."""

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
from keras_gans.presets.training import GANSettings, Loss, PenaltySettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class LGASettings(PenaltySettings, GANSettings):
    """Settings of LGA and of what its paper compares it with.

    The defaults are the paper's LGA 8x8, at 32 or 64 pixels. What it leaves
    open, the learning rate, `n_critic`, the batch size and the networks, is
    that of WGAN-GP's algorithm and code. Its gradient penalty has weight 10
    for plain WGAN-GP and 1 otherwise.

    Attributes:
        backbone: Networks of WGAN-GP; of SNGAN, with a spectrally normalized
            discriminator; or the DCGAN of geometric GAN.
        map_resolution: Height of the map of scores, 4 or 8; 0 for one score
            an image, geometric GAN's only choice.
        generator_width: Base width of the generator; none for the published
            one.
        discriminator_width: The same for the discriminator.
        batch_statistics: Let WGAN-GP's generator normalize by the batch in
            sampling too, as published.
        momentum: Decay of the moving statistics of the other generators.
        release: Whose released code SNGAN's initial kernels and the like
            follow.
        loss: Adversarial loss.
        amplification: How the amplification map is made of the scores.
        zero: Block the gradient of realistic regions (zero-LGA).
        stop_gradient: Treat the amplification map as a constant.
        hinge_on: Apply the discriminator's hinge to cells or to their mean.
        weight_decay: Soft margin of geometric GAN's last layer,
            1 / (C · batch size).
        weight_clipping: Largest size of a discriminator weight; none for no
            clipping.
        clip_last_layer: Clip the discriminator's last layer too, which
            geometric GAN's code exempts.
        folding: Use the exact, cheaper form of resampling convolutions.
    """

    backbone: Literal["wgan_gp", "sngan", "geo_gan"] = "wgan_gp"
    map_resolution: Natural = 8
    generator_width: Count | None = formerly({0: None})
    discriminator_width: Count | None = formerly({0: None})
    batch_statistics: bool = True
    momentum: Decay = 0.9
    release: Literal["sagan", "sngan"] = "sagan"
    loss: Literal["decomposed_hinge", Loss] = "decomposed_hinge"
    amplification: Literal["abs", "literal", "monotone"] = "abs"
    zero: bool = False
    stop_gradient: bool = True
    hinge_on: Literal["cells", "mean"] = "cells"
    penalty_weight: Weight = 1.0
    weight_decay: Weight = 0.0
    weight_clipping: Positive | None = None
    clip_last_layer: bool = False
    n_critic: Count = 5
    folding: bool = True

    FAMILY = "lga"

    def __post_init__(self):
        super().__post_init__()
        if self.backbone == "geo_gan" and self.map_resolution:
            raise ValueError(
                "Geometric GAN's discriminator gives one score an image. "
                f"Received: map_resolution={self.map_resolution}. Use "
                "map_resolution=0, or another backbone."
            )
        if self.backbone != "geo_gan" and self.weight_decay:
            raise ValueError(
                "`weight_decay` is the soft margin of geometric GAN. Received: "
                f"weight_decay={self.weight_decay} with backbone="
                f"{self.backbone!r}. Use weight_decay=0."
            )

"""LGA: the hinge loss on a map of scores, amplified where images fail.

Spatially Decomposed Hinge Adversarial Loss by Local Gradient Amplifier
(anonymous submission). The preset `paper` is its best model for CIFAR-10,
WGAN-GP with LGA 8x8; docs/lga.md says what is wrong with the paper's
amplification map and what the modes of `--amplification` do.

    python -m recipes.lga --preset=paper --dataset=tfds:cifar10
    python -m recipes.lga --map_resolution=4 --zero
    python -m recipes.lga --loss=hinge --map_resolution=0
    KERAS_BACKEND=jax python -m recipes.lga --amplification=monotone
"""

import dataclasses
from typing import Literal

from recipes.common.fields import check_range
from recipes.common.gan_config import (
    GANConfig,
    library_preset,
    smoke,
)
from recipes.common.main import image_recipe


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(GANConfig):
    """Settings of LGA and of what its paper compares it with.

    Attributes:
        conditional: Must be false: these models have no classes.
        backbone: Networks of WGAN-GP, SNGAN or geometric GAN.
        map_resolution: Height of the map of scores; 0 for one an image.
        generator_width: Base width of the generator; 0 for the published one.
        discriminator_width: The same for the discriminator.
        batch_statistics: Let WGAN-GP's generator normalize by the batch in
            sampling too.
        momentum: Decay of the moving statistics of the other generators.
        loss: Adversarial loss.
        amplification: How the amplification map is made of the scores.
        zero: Block the gradient of realistic regions (zero-LGA).
        stop_gradient: Treat the amplification map as a constant.
        hinge_on: Apply the discriminator's hinge to cells or to their mean.
        penalty_weight: Weight of the gradient penalty; 0 for none.
        penalty_interval: Discriminator updates from one penalty, of so many
            times the weight, to the next.
        weight_decay: Soft margin of geometric GAN's last layer.
        weight_clipping: Largest size of a discriminator weight.
        clip_last_layer: Clip the discriminator's last layer too.
        generator_steps: Generator updates a training step.
        folding: Use the exact, cheaper form of resampling convolutions.
    """

    conditional: bool = False
    backbone: Literal["wgan_gp", "sngan", "geo_gan"] = "wgan_gp"
    map_resolution: int = 8
    generator_width: int = 0
    discriminator_width: int = 0
    batch_statistics: bool = True
    momentum: float = 0.9
    loss: Literal[
        "decomposed_hinge", "hinge", "wasserstein", "non_saturating"
    ] = "decomposed_hinge"
    amplification: Literal["abs", "literal", "monotone"] = "abs"
    zero: bool = False
    stop_gradient: bool = True
    hinge_on: Literal["cells", "mean"] = "cells"
    penalty_weight: float = 1.0
    penalty_interval: int = 1
    weight_decay: float = 0.0
    weight_clipping: float | None = None
    clip_last_layer: bool = False
    generator_steps: int = 1
    n_critic: int = 5
    discriminator_learning_rate: float = 1e-4
    folding: bool = True

    def __post_init__(self):
        super().__post_init__()
        for name in (
            "map_resolution",
            "generator_width",
            "discriminator_width",
            "penalty_weight",
            "weight_decay",
        ):
            check_range(self, name, minimum=0)
        check_range(self, "penalty_interval", minimum=1)
        check_range(self, "generator_steps", minimum=1)
        check_range(self, "momentum", minimum=0, below=1)
        if self.weight_clipping is not None:
            check_range(self, "weight_clipping", above=0)


# Evaluated every ten epochs of CIFAR-10, on 10,000 images of each kind.
PAPER = Config(
    **library_preset("lga_cifar10_32", Config),
    evaluate_every=1563,
    sample_every=1000,
    checkpoint_every=1000,
    evaluation_samples=10_000,
    reference_samples=10_000,
)
# Chosen on the embedded images, docs/results.md: at equal time SNGAN with LGA
# is ahead of WGAN-GP with LGA, whose penalty doubles a step.
CPU = Config(
    resolution=32,
    channels=1,
    latent_dim=64,
    steps=7000,
    batch_size=16,
    precision="mixed_bfloat16",
    backbone="sngan",
    map_resolution=4,
    penalty_weight=0.0,
    generator_width=32,
    discriminator_width=32,
    n_critic=1,
    share_fakes=True,
    generator_learning_rate=4e-4,
    discriminator_learning_rate=1.6e-3,
    beta_1=0.5,
    learning_rate_decay=True,
    learning_rate_hold=0.5,
    ema_decay=0.998,
    ema_start=3500,
    evaluate_every=0,
    sample_every=1750,
    checkpoint_every=1750,
    evaluation_samples=2500,
)
SMOKE = smoke(CPU, generator_width=8, discriminator_width=8)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


if __name__ == "__main__":
    image_recipe("lga", "LGAGAN", Config, PRESETS, __doc__)

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

from recipes.common.gan_config import CPU_RUN, GANConfig
from recipes.common.light import without_keras
from recipes.common.main import image_recipe

with without_keras():
    from keras_gans.presets.lga import LGASettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(LGASettings, GANConfig):
    """Settings of the recipe: LGA's, and those of a run.

    Attributes:
        conditional: Must be false: these models have no classes.
    """

    conditional: bool = False


# Evaluated every ten epochs of CIFAR-10, on 10,000 images of each kind.
PAPER = dataclasses.replace(
    Config.of_preset("lga_cifar10_32"),
    evaluate_every=1563,
    evaluation_samples=10_000,
    reference_samples=10_000,
)
# Chosen on the embedded images, docs/results.md: at equal time SNGAN with LGA
# is ahead of WGAN-GP with LGA, whose penalty doubles a step.
CPU = Config(
    **CPU_RUN,
    steps=7000,
    backbone="sngan",
    map_resolution=4,
    penalty_weight=0.0,
    generator_width=32,
    discriminator_width=32,
    n_critic=1,
    generator_learning_rate=4e-4,
    discriminator_learning_rate=1.6e-3,
    beta_1=0.5,
    ema_start=3500,
    sample_every=1750,
    checkpoint_every=1750,
)
SMOKE = CPU.smoke(generator_width=8, discriminator_width=8)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


if __name__ == "__main__":
    image_recipe("lga", "LGAGAN", Config, PRESETS, __doc__)

"""R3GAN: relativistic pairing with R1 and R2 on a modern ResNet.

Huang et al., 2024, https://arxiv.org/abs/2501.05441. The preset `paper` is the
published CIFAR-10 configuration with classes, flips and augmentation;
docs/r3gan.md says where this library differs from the released code. ImageNet
and FFHQ are presets besides:

    python -m recipes.r3gan --preset=paper --dataset=tfds:cifar10
    python -m recipes.r3gan --preset=r3gan_ffhq_64 --dataset=folder:ffhq64
    KERAS_BACKEND=jax python -m recipes.r3gan --dataset=folder:my_images
"""

import dataclasses
from typing import ClassVar

from recipes.common.gan_config import CPU_RUN, GANConfig
from recipes.common.light import without_keras
from recipes.common.main import image_recipe

with without_keras():
    from keras_gans.presets.r3gan import R3GANSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(R3GANSettings, GANConfig):
    """Settings of the recipe: R3GAN's, and those of a run."""

    # A run by minutes keeps its share of the steps.
    in_steps: ClassVar[tuple[str, ...]] = (*GANConfig.in_steps, "burn_in")


# The released code mirrors the data set.
PAPER = dataclasses.replace(
    Config.of_preset("r3gan_cifar10_32"), augment=("flip",)
)
# Chosen by quality after 4,000 steps: docs/r3gan.md.
CPU = Config(
    **CPU_RUN,
    steps=4000,
    generator_width=16,
    generator_multipliers=(8, 4, 2, 1),
    discriminator_width=16,
    discriminator_multipliers=(8, 4, 2, 1),
    blocks=1,
    generator_learning_rate=4e-3,
    discriminator_learning_rate=4e-3,
    r1_weight=0.3,
    r2_weight=0.3,
    burn_in=2000,
    ema_start=0,
    sample_every=1000,
    checkpoint_every=1000,
)
SMOKE = CPU.smoke(generator_width=8, discriminator_width=8, burn_in=5)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


if __name__ == "__main__":
    image_recipe("r3gan", "R3GAN", Config, PRESETS, __doc__)

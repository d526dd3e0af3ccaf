"""WGAN-GP: a critic held 1-Lipschitz by a penalty on its gradient.

Gulrajani et al., 2017, https://arxiv.org/abs/1704.00028. The preset `paper`
is the unconditional ResNet for CIFAR-10:

    python -m recipes.wgan_gp --preset=paper --dataset=tfds:cifar10
    KERAS_BACKEND=jax python -m recipes.wgan_gp --dataset=folder:my_images

The methods that the paper compares with bring their own optimizer, step sizes
and critic updates, for example weight clipping:

    python -m recipes.wgan_gp --method=wgan
    python -m recipes.wgan_gp --preset=wgan_gp_lsun_dcgan_64 --method=lsgan \
        --dataset=folder:bedrooms
"""

import dataclasses

from recipes.common.gan_config import CPU_RUN, GANConfig
from recipes.common.light import without_keras
from recipes.common.main import image_recipe

with without_keras():
    from keras_gans.presets.wgan_gp import WGANGPSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(WGANGPSettings, GANConfig):
    """Settings of the recipe: WGAN-GP's, and those of a run."""


PAPER = Config.of_preset("wgan_gp_cifar10_32")
# Chosen on the embedded images, docs/results.md: small batches and one critic
# update a step buy more generator updates; with the paper's 0.1 for the
# generator's class loss a short run ignores the labels.
CPU = Config(
    **CPU_RUN,
    steps=6000,
    generator_width=32,
    discriminator_width=32,
    # Served images should not depend on those beside them.
    batch_statistics=False,
    n_critic=1,
    generator_learning_rate=4e-4,
    discriminator_learning_rate=1.6e-3,
    beta_1=0.5,
    generator_class_weight=0.5,
    ema_start=3000,
    sample_every=1500,
    checkpoint_every=1500,
)
SMOKE = CPU.smoke(generator_width=8, discriminator_width=8)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


if __name__ == "__main__":
    image_recipe("wgan_gp", "WGANGP", Config, PRESETS, __doc__)

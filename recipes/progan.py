"""ProGAN: growing from 4 pixels on, with WGAN-GP.

Karras et al., 2018, https://arxiv.org/abs/1710.10196. The preset `paper` is
the published CIFAR-10 configuration; docs/progan.md says where this library
differs from the released code. CelebA-HQ is a preset besides:

    python -m recipes.progan --preset=paper --dataset=tfds:cifar10
    python -m recipes.progan --preset=progan_celebahq_128 --dataset=folder:faces
    KERAS_BACKEND=jax python -m recipes.progan --dataset=folder:my_images
"""

import dataclasses
from typing import ClassVar

from recipes.common.gan_config import CPU_RUN, GANConfig
from recipes.common.light import without_keras
from recipes.common.main import image_recipe

with without_keras():
    from keras_gans.presets.progan import ProGANSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ProGANSettings, GANConfig):
    """Settings of the recipe: ProGAN's, and those of a run."""

    conditional: bool = False

    # A run by minutes keeps its shares of the steps.
    in_steps: ClassVar[tuple[str, ...]] = (
        *GANConfig.in_steps,
        "fade_steps",
        "stable_steps",
    )

    def __post_init__(self):
        super().__post_init__()
        if self.conditional:
            raise ValueError(
                "ProGAN is unconditional. Received: conditional=true. Train "
                "without classes: --conditional=false."
            )
        if self.batch_size % (self.group_size or 1):
            raise ValueError(
                "batch_size must be a multiple of group_size. Received: "
                f"batch_size={self.batch_size}, group_size={self.group_size}."
            )


PAPER = Config.of_preset("progan_cifar10_32")
# Equalized weights are of size 1, hence the large rates of a short run.
CPU = Config(
    **CPU_RUN,
    steps=6000,
    max_channels=32,
    fade_steps=500,
    stable_steps=500,
    generator_learning_rate=1e-2,
    discriminator_learning_rate=1e-2,
    ema_start=3000,
    sample_every=1000,
    checkpoint_every=1000,
)
SMOKE = CPU.smoke(latent_dim=16, max_channels=8, fade_steps=1, stable_steps=2)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


if __name__ == "__main__":
    image_recipe("progan", "ProGAN", Config, PRESETS, __doc__)

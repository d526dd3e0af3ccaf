"""MSG-GAN: gradients at every scale, relativistic average hinge loss.

Karnewar & Iyengar, 2019, https://arxiv.org/abs/1903.06048v1, the early
version. The preset `paper` is the published CIFAR-10 configuration; batch
size and steps are not in the paper:

    python -m recipes.msg_gan --preset=paper --dataset=tfds:cifar10
    KERAS_BACKEND=jax python -m recipes.msg_gan --dataset=folder:my_images
"""

import dataclasses

from recipes.common.gan_config import CPU_RUN, GANConfig
from recipes.common.light import without_keras
from recipes.common.main import image_recipe

with without_keras():
    from keras_gans.presets.msg_gan import MSGGANSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(MSGGANSettings, GANConfig):
    """Settings of the recipe: MSG-GAN's, and those of a run."""

    conditional: bool = False

    def __post_init__(self):
        super().__post_init__()
        if self.conditional:
            raise ValueError(
                "MSG-GAN is unconditional. Received: conditional=true. Train "
                "without classes: --conditional=false."
            )
        if self.batch_size % (self.group_size or 1):
            raise ValueError(
                "batch_size must be a multiple of group_size. Received: "
                f"batch_size={self.batch_size}, group_size={self.group_size}."
            )


PAPER = Config.of_preset("msg_gan_cifar10_32")
# Chosen on the embedded images, docs/results.md: of the paper's losses WGAN-GP
# learns the fastest, relativistic hinge second. Equalized weights are of size
# 1, hence the large rates.
CPU = Config(
    **CPU_RUN,
    steps=4500,
    max_channels=32,
    loss="wasserstein",
    penalty_weight=10.0,
    generator_learning_rate=1e-2,
    discriminator_learning_rate=1e-2,
    ema_start=2250,
    sample_every=1125,
    checkpoint_every=1125,
)
SMOKE = CPU.smoke(latent_dim=16, max_channels=8)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


if __name__ == "__main__":
    image_recipe("msg_gan", "MSGGAN", Config, PRESETS, __doc__)

"""SAGAN: self-attention, spectral normalization in both players, hinge loss.

Zhang et al., 2019, https://arxiv.org/abs/1805.08318. The preset `paper` is
SAGAN of Table 2, FID 18.65 and Inception score 52.52: self-attention on
feature maps of 64 pixels, the preset sagan_attention64_imagenet_128. On those
of 32 pixels, sagan_imagenet_128, Table 1 has its lowest FID. Both want the
1,000 labelled classes of ImageNet:

    python -m recipes.sagan --preset=paper --dataset=tfds:imagenet2012
    KERAS_BACKEND=jax python -m recipes.sagan --dataset=folder:my_images
"""

import dataclasses

from recipes.common.gan_config import CPU_RUN, GANConfig
from recipes.common.light import without_keras
from recipes.common.main import image_recipe

with without_keras():
    from keras_gans.presets.sagan import SAGANSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(SAGANSettings, GANConfig):
    """Settings of the recipe: SAGAN's, and those of a run."""


PAPER = Config.of_preset("sagan_attention64_imagenet_128")
# Chosen by quality reached in five minutes: docs/quickstart.md.
CPU = Config(
    **CPU_RUN,
    steps=6500,
    generator_width=32,
    generator_multipliers=(2, 2, 1, 1),
    discriminator_width=32,
    discriminator_multipliers=(1, 1, 2, 2),
    attention_resolution=8,
    spectral_norm="discriminator",
    momentum=0.9,
    final_momentum=0.9,
    generator_learning_rate=4e-4,
    discriminator_learning_rate=1.6e-3,
    beta_1=0.5,
    ema_start=3000,
    sample_every=1300,
    checkpoint_every=1300,
)
SMOKE = CPU.smoke(generator_width=8, discriminator_width=8)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


if __name__ == "__main__":
    image_recipe("sagan", "SAGAN", Config, PRESETS, __doc__)

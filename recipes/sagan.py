"""SAGAN: self-attention, spectral normalization in both players, hinge loss.

Zhang et al., 2019, https://arxiv.org/abs/1805.08318. The preset `paper` is
the published ImageNet configuration and wants 1,000 labelled classes:

    python -m recipes.sagan --preset=paper --dataset=tfds:imagenet2012
    KERAS_BACKEND=jax python -m recipes.sagan --dataset=folder:my_images
"""

import dataclasses
from typing import Literal

from recipes.common.fields import check_range
from recipes.common.gan_config import (
    PAPER_RUN,
    GANConfig,
    library_preset,
    smoke,
)
from recipes.common.main import image_recipe


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(GANConfig):
    """Settings of SAGAN.

    Attributes:
        generator_width: Base width of the generator.
        discriminator_width: Base width of the discriminator.
        generator_multipliers: Widths of the generator's stages in units of
            its base width; empty for the published ones.
        discriminator_multipliers: The same for the discriminator.
        attention_resolution: Height of the feature maps with self-attention;
            0 for none.
        attention_variant: Self-attention as in the released code or as in
            the paper's equations, or a residual block of its size instead.
        spectral_norm: Which networks are spectrally normalized.
        hidden_channels: Channels within a discriminator block: those of its
            output, as in SAGAN, or of its input, as in SNGAN.
        momentum: Decay of the generator's moving statistics.
        final_momentum: That of its last batch normalization.
        loss: Adversarial loss.
        folding: Use the exact, cheaper form of resampling convolutions.
    """

    generator_width: int = 64
    discriminator_width: int = 64
    generator_multipliers: tuple[int, ...] = ()
    discriminator_multipliers: tuple[int, ...] = ()
    attention_resolution: int = 32
    attention_variant: Literal["code", "paper", "residual"] = "code"
    spectral_norm: Literal["both", "discriminator", "none"] = "both"
    hidden_channels: Literal["out", "in"] = "out"
    momentum: float = 0.999
    final_momentum: float = 0.9999
    loss: Literal["hinge", "non_saturating"] = "hinge"
    folding: bool = True

    def __post_init__(self):
        super().__post_init__()
        for name in ("generator_width", "discriminator_width"):
            check_range(self, name, minimum=1)
        for name in ("momentum", "final_momentum"):
            check_range(self, name, minimum=0, below=1)
        check_range(self, "attention_resolution", minimum=0)


PAPER = Config(
    **library_preset("sagan_imagenet_128", Config),
    **PAPER_RUN,
)
# Chosen by quality reached in five minutes: docs/quickstart.md.
CPU = Config(
    resolution=32,
    channels=1,
    latent_dim=64,
    steps=6500,
    batch_size=16,
    precision="mixed_bfloat16",
    generator_width=32,
    generator_multipliers=(2, 2, 1, 1),
    discriminator_width=32,
    discriminator_multipliers=(1, 1, 2, 2),
    attention_resolution=8,
    spectral_norm="discriminator",
    momentum=0.9,
    final_momentum=0.9,
    share_fakes=True,
    generator_learning_rate=4e-4,
    discriminator_learning_rate=1.6e-3,
    beta_1=0.5,
    learning_rate_decay=True,
    learning_rate_hold=0.5,
    ema_decay=0.998,
    ema_start=3000,
    evaluate_every=0,
    sample_every=1300,
    checkpoint_every=1300,
    evaluation_samples=2500,
)
SMOKE = smoke(CPU, generator_width=8, discriminator_width=8)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


if __name__ == "__main__":
    image_recipe("sagan", "SAGAN", Config, PRESETS, __doc__)

"""MSG-GAN: gradients at every scale, relativistic average hinge loss.

Karnewar & Iyengar, 2019, https://arxiv.org/abs/1903.06048v1, the early
version. The preset `paper` is the published CIFAR-10 configuration; batch
size and steps are not in the paper:

    python -m recipes.msg_gan --preset=paper --dataset=tfds:cifar10
    KERAS_BACKEND=jax python -m recipes.msg_gan --dataset=folder:my_images
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
    """Settings of MSG-GAN.

    Attributes:
        max_channels: Channels of feature maps of up to 32 pixels; they halve
            with each doubling from there on.
        combine: How the discriminator joins the images of a scale and its
            features; concat as published.
        group_size: Images of one minibatch deviation; none for the batch.
        loss: Adversarial loss.
        penalty_weight: Weight of the gradient penalty; 0 for none.
        penalty_interval: Discriminator updates from one penalty, of so many
            times the weight, to the next.
        folding: Use the exact, cheaper form of resampling convolutions.
    """

    conditional: bool = False
    latent_dim: int = 512
    generator_learning_rate: float = 1e-3
    discriminator_learning_rate: float = 1e-3
    beta_2: float = 0.99
    ema_decay: float | None = 0.999
    max_channels: int = 512
    combine: Literal["concat", "add"] = "concat"
    group_size: int | None = None
    loss: Literal[
        "relativistic_hinge",
        "relativistic_non_saturating",
        "relativistic_least_squares",
        "relativistic_wasserstein",
        "hinge",
        "non_saturating",
        "least_squares",
        "wasserstein",
    ] = "relativistic_hinge"
    penalty_weight: float = 0.0
    penalty_interval: int = 1
    folding: bool = True

    def __post_init__(self):
        super().__post_init__()
        if self.conditional:
            raise ValueError(
                "MSG-GAN is unconditional. Received: conditional=true. Train "
                "without classes: --conditional=false."
            )
        check_range(self, "max_channels", minimum=2)
        check_range(self, "penalty_weight", minimum=0)
        check_range(self, "penalty_interval", minimum=1)
        if self.group_size is not None:
            check_range(self, "group_size", minimum=1)
            if self.batch_size % self.group_size:
                raise ValueError(
                    "batch_size must be a multiple of group_size. Received: "
                    f"batch_size={self.batch_size}, "
                    f"group_size={self.group_size}."
                )


PAPER = Config(
    **library_preset("msg_gan_cifar10_32", Config),
    **PAPER_RUN,
)
# Chosen on the embedded images, docs/results.md: of the paper's losses WGAN-GP
# learns the fastest, relativistic hinge second. Equalized weights are of size
# 1, hence the large rates.
CPU = Config(
    resolution=32,
    channels=1,
    latent_dim=64,
    steps=4500,
    batch_size=16,
    precision="mixed_bfloat16",
    max_channels=32,
    loss="wasserstein",
    penalty_weight=10.0,
    share_fakes=True,
    generator_learning_rate=1e-2,
    discriminator_learning_rate=1e-2,
    learning_rate_decay=True,
    learning_rate_hold=0.5,
    ema_decay=0.998,
    ema_start=2250,
    evaluate_every=0,
    sample_every=1125,
    checkpoint_every=1125,
    evaluation_samples=2500,
)
SMOKE = smoke(CPU, latent_dim=16, max_channels=8)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


if __name__ == "__main__":
    image_recipe("msg_gan", "MSGGAN", Config, PRESETS, __doc__)

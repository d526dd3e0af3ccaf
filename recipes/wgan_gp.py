"""WGAN-GP: a critic held 1-Lipschitz by a penalty on its gradient.

Gulrajani et al., 2017, https://arxiv.org/abs/1704.00028. The preset `paper`
is the unconditional ResNet for CIFAR-10:

    python -m recipes.wgan_gp --preset=paper --dataset=tfds:cifar10
    KERAS_BACKEND=jax python -m recipes.wgan_gp --dataset=folder:my_images

The methods that the paper compares with have step sizes of their own, for
example weight clipping:

    python -m recipes.wgan_gp --method=wgan --optimizer=rmsprop \
        --generator_learning_rate=5e-5 --discriminator_learning_rate=5e-5
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
    """Settings of WGAN-GP.

    Attributes:
        architecture: Networks: a ResNet at 32, 64 or 128 pixels, a DCGAN at
            28, 32 or 64, or a variant of it at 64.
        method: Gradient penalty, weight clipping, or the losses of DCGAN or
            LSGAN; step sizes stay those of the flags.
        generator_width: Base width of the generator; none for the published
            one.
        discriminator_width: Base width of the critic; none for the published
            one.
        discriminator_normalization: The critic's; auto for the published one.
        batch_statistics: Sample with the statistics of the batch, as
            published, rather than with moving averages.
        penalty_weight: Weight of the gradient penalty.
        penalty_target: Gradient norm that the penalty asks for.
        penalty_interval: Critic updates from one penalty, of so many times
            the weight, to the next.
        one_sided: Penalize only norms above the target.
        weight_clipping: Limit of the critic's weights with method wgan.
        discriminator_class_weight: Weight of the critic's class loss.
        generator_class_weight: Weight of the generator's class loss.
        folding: Use the exact, cheaper form of resampling convolutions.
    """

    n_critic: int = 5
    discriminator_learning_rate: float = 1e-4
    architecture: Literal[
        "resnet",
        "dcgan",
        "dcgan_no_bn_constant",
        "dcgan_mlp",
        "dcgan_no_norm",
        "dcgan_gated",
        "dcgan_tanh",
        "resnet101",
    ] = "resnet"
    method: Literal["wgan_gp", "wgan", "dcgan", "lsgan"] = "wgan_gp"
    generator_width: int | None = None
    discriminator_width: int | None = None
    discriminator_normalization: Literal["auto", "layer", "batch", "none"] = (
        "auto"
    )
    batch_statistics: bool = True
    penalty_weight: float = 10.0
    penalty_target: float = 1.0
    penalty_interval: int = 1
    one_sided: bool = False
    weight_clipping: float = 0.01
    discriminator_class_weight: float = 1.0
    generator_class_weight: float = 0.1
    folding: bool = True

    def __post_init__(self):
        super().__post_init__()
        for name in ("generator_width", "discriminator_width"):
            if getattr(self, name) is not None:
                check_range(self, name, minimum=1)
        check_range(self, "penalty_interval", minimum=1)
        for name in ("penalty_target", "weight_clipping"):
            check_range(self, name, above=0)
        for name in (
            "penalty_weight",
            "discriminator_class_weight",
            "generator_class_weight",
        ):
            check_range(self, name, minimum=0)


PAPER = Config(
    **library_preset("wgan_gp_cifar10_32", Config),
    conditional=False,
    learning_rate_decay=True,
    **PAPER_RUN,
)
# Chosen on the embedded images, docs/results.md: small batches and one critic
# update a step buy more generator updates; with the paper's 0.1 for the
# generator's class loss a short run ignores the labels.
CPU = Config(
    resolution=32,
    channels=1,
    latent_dim=64,
    steps=6000,
    batch_size=16,
    precision="mixed_bfloat16",
    generator_width=32,
    discriminator_width=32,
    # Served images should not depend on those beside them.
    batch_statistics=False,
    n_critic=1,
    share_fakes=True,
    generator_learning_rate=4e-4,
    discriminator_learning_rate=1.6e-3,
    beta_1=0.5,
    learning_rate_decay=True,
    learning_rate_hold=0.5,
    generator_class_weight=0.5,
    ema_decay=0.998,
    ema_start=3000,
    evaluate_every=0,
    sample_every=1500,
    checkpoint_every=1500,
    evaluation_samples=2500,
)
SMOKE = smoke(CPU, generator_width=8, discriminator_width=8)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER}


if __name__ == "__main__":
    image_recipe("wgan_gp", "WGANGP", Config, PRESETS, __doc__)

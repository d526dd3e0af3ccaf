"""The settings of WGAN-GP, and of the methods that its paper compares."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from keras_gans.presets.fields import Count, Decay, Positive, Weight, formerly
from keras_gans.presets.training import GANSettings, PenaltySettings

# What a method decides unless it is given: Algorithm 1; Arjovsky et al.'s
# clipping; DCGAN; LSGAN. The RMSprop of the released code is TensorFlow's.
OF_THE_METHOD = (
    "n_critic",
    "optimizer",
    "generator_learning_rate",
    "discriminator_learning_rate",
    "beta_1",
    "beta_2",
)
METHODS = {
    "wgan_gp": (5, "adam", 1e-4, 1e-4, 0.0, 0.9),
    "wgan": (5, "rmsprop_tf", 5e-5, 5e-5, 0.0, 0.9),
    "dcgan": (1, "adam", 2e-4, 2e-4, 0.5, 0.999),
    "lsgan": (1, "rmsprop_tf", 1e-4, 1e-4, 0.0, 0.9),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class WGANGPSettings(PenaltySettings, GANSettings):
    """Settings of WGAN-GP.

    The optimizer, both step sizes, β₁, β₂ and `n_critic` are those of the
    method, see `METHODS`, where they are none or not given; another method
    than a preset's brings its own.

    MNIST's penalty is on images in [0, 1]; for ours in [-1, 1], with
    gradients half as large, 10 (2‖∇‖ - 1)² is a weight of 40 and a target of
    1/2.

    Attributes:
        architecture: Networks: a ResNet at 32, 64 or 128 pixels, a DCGAN at
            28, 32 or 64, a variant of it, or a ResNet of 101 layers at 64.
        method: Gradient penalty, weight clipping, or the losses of DCGAN or
            LSGAN, each with its own optimizer, step sizes and n_critic.
        generator_width: Base width of the generator; none for the published
            one.
        discriminator_width: Base width of the critic; none for the published
            one.
        discriminator_normalization: The critic's; none for the published one,
            which depends on the method, off to leave it out.
        batch_statistics: Sample with the statistics of the batch, as
            published, rather than with moving averages.
        penalty_target: Gradient norm that the penalty asks for.
        one_sided: Penalize only norms above the target.
        weight_clipping: Limit of the critic's weights with method wgan.
        discriminator_class_weight: Weight of the critic's class loss.
        generator_class_weight: Weight of the generator's class loss.
        folding: Use the exact, cheaper form of resampling convolutions.
    """

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
    generator_width: Count | None = None
    discriminator_width: Count | None = None
    discriminator_normalization: Literal["layer", "batch", "off"] | None = (
        formerly({"auto": None, "none": "off"})
    )
    batch_statistics: bool = True
    penalty_weight: Weight = 10.0
    penalty_target: Positive = 1.0
    one_sided: bool = False
    weight_clipping: Positive = 0.01
    discriminator_class_weight: Weight = 1.0
    generator_class_weight: Weight = 0.1
    folding: bool = True
    n_critic: Count | None = None
    optimizer: Literal["adam", "rmsprop", "rmsprop_tf"] | None = None
    generator_learning_rate: Positive | None = None
    discriminator_learning_rate: Positive | None = None
    beta_1: Decay | None = None
    beta_2: Decay | None = None

    FAMILY = "wgan_gp"

    def __post_init__(self):
        own = METHODS.get(self.method, METHODS["wgan_gp"])
        for name, value in zip(OF_THE_METHOD, own, strict=True):
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        super().__post_init__()
        normalization = self.discriminator_normalization
        if normalization == "batch" and self.method == "wgan_gp":
            raise ValueError(
                "The gradient penalty is on the gradient for each image by "
                "itself, which batch normalization in the critic mixes with "
                "others'. Received: discriminator_normalization='batch', "
                "method='wgan_gp'. Use 'layer' or 'off'."
            )

    @classmethod
    def merged(
        cls, settings: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Returns settings with changes; another method brings its own."""
        method = settings.get("method", "wgan_gp")
        if changes.get("method", method) != method:
            changes = dict.fromkeys(OF_THE_METHOD) | dict(changes)
        return super().merged(settings, changes)

"""Which networks each experiment of WGAN-GP pairs."""

import keras

from keras_gans import checks
from keras_gans.networks.frame import square
from keras_gans.networks.resnet101 import (
    resnet101_critic,
    resnet101_generator,
)
from keras_gans.networks.wgan_dcgan import (
    wgan_dcgan_critic,
    wgan_dcgan_generator,
    wgan_mlp_generator,
)
from keras_gans.networks.wgan_resnet import (
    wgan_resnet_critic,
    wgan_resnet_generator,
)

ARCHITECTURES = (
    "resnet",
    "dcgan",
    "dcgan_no_bn_constant",
    "dcgan_mlp",
    "dcgan_no_norm",
    "dcgan_gated",
    "dcgan_tanh",
    "resnet101",
)
# Standard deviation of initial kernels in the code's 64 px DCGANs.
DEVIATION = 0.02
# Generators and critics of the code that keep He's and Glorot's instead.
HE_GENERATORS = ("dcgan_no_bn_constant", "dcgan_gated")
HE_CRITICS = ("dcgan_gated",)


def check_architecture(
    architecture: str, resolution: int | tuple[int, int], num_classes: int
) -> None:
    """Raises ValueError for networks that there are not."""
    checks.one_of("architecture", architecture, ARCHITECTURES)
    if architecture != "resnet":
        square(resolution, f"The networks of architecture={architecture!r}")
    if num_classes and architecture != "resnet":
        raise ValueError(
            "Only architecture='resnet' has a conditional form. Received: "
            f"architecture={architecture!r}, num_classes={num_classes}. Use "
            "num_classes=0."
        )


def critic_normalization(
    architecture: str, resolution: int | tuple[int, int], method: str
) -> str:
    """Returns a critic's published normalization: layer, batch or none.

    The 32 px ResNet and `dcgan_no_norm` have none. Otherwise it is layer
    normalization under the gradient penalty, which batch statistics would
    invalidate, and batch normalization without (`gan_64x64.py`). The DCGAN
    for CIFAR-10 has none under the penalty and batch normalization without
    (`gan_cifar.py`), that for MNIST has batch normalization under weight
    clipping only (`gan_mnist.py`).
    """
    resolution = min(checks.sides(resolution))
    if architecture == "dcgan_no_norm":
        return "none"
    if architecture == "resnet" and resolution == 32:
        return "none"
    if method == "wgan_gp":
        return "layer" if resolution >= 64 else "none"
    return "none" if resolution == 28 and method != "wgan" else "batch"


def wgan_gp_generator(
    *,
    architecture: str,
    resolution: int | tuple[int, int],
    method: str = "wgan_gp",
    width: int | None = None,
    num_classes: int = 0,
    batch_statistics: bool = True,
    folding: bool = True,
    **options,
) -> keras.Model:
    """Builds the generator of one experiment.

    Args:
        architecture: One of `ARCHITECTURES`.
        resolution: Side of the images, or height and width, for `resnet`.
        method: `wgan_gp`, `wgan`, `dcgan` or `lsgan`. The generator for
            MNIST has batch normalization under `wgan` alone.
        width: Base width, None for the published one.
        num_classes: Classes, for `resnet`.
        batch_statistics: Whether batch normalization uses the batch's
            moments in sampling too.
        folding: Whether resampling convolutions use their exact, cheaper
            form, in `resnet`.
        **options: `channels`, `latent_dim` and `name`.

    Raises:
        ValueError: For networks that there are not.
    """
    check_architecture(architecture, resolution, num_classes)
    options.update(resolution=resolution, width=width or None)
    if architecture == "dcgan_mlp":
        return wgan_mlp_generator(**options)
    options["batch_statistics"] = batch_statistics
    if architecture == "resnet":
        return wgan_resnet_generator(
            num_classes=num_classes, folding=folding, **options
        )
    if architecture == "resnet101":
        return resnet101_generator(**options)
    constant = architecture == "dcgan_no_bn_constant"
    plain = constant or architecture == "dcgan_no_norm"
    plain |= resolution == 28 and method != "wgan"
    return wgan_dcgan_generator(
        constant_width=constant,
        activation=_activation(architecture),
        normalization="none" if plain else "batch",
        deviation=_deviation(architecture, resolution, HE_GENERATORS),
        **options,
    )


def wgan_gp_critic(
    *,
    architecture: str,
    resolution: int | tuple[int, int],
    normalization: str,
    width: int | None = None,
    num_classes: int = 0,
    folding: bool = True,
    **options,
) -> keras.Model:
    """Builds the critic of one experiment.

    Args:
        architecture: One of `ARCHITECTURES`.
        resolution: Side of the images, or height and width, for `resnet`.
        normalization: `layer`, `batch` or `none`.
        width: Base width, None for the published one.
        num_classes: Classes of the auxiliary classifier, for `resnet`.
        folding: Whether resampling convolutions use their exact, cheaper
            form, in `resnet`.
        **options: `channels` and `name`.

    Raises:
        ValueError: For networks that there are not.
    """
    check_architecture(architecture, resolution, num_classes)
    options.update(resolution=resolution, width=width or None)
    options["normalization"] = normalization
    if architecture == "resnet":
        return wgan_resnet_critic(
            num_classes=num_classes, folding=folding, **options
        )
    if architecture == "resnet101":
        return resnet101_critic(**options)
    return wgan_dcgan_critic(
        activation=_activation(architecture),
        deviation=_deviation(architecture, resolution, HE_CRITICS),
        **options,
    )


def _activation(architecture):
    name = architecture.removeprefix("dcgan_")
    return name if name in ("gated", "tanh") else "relu"


def _deviation(architecture, resolution, exceptions):
    if resolution != 64 or architecture in exceptions:
        return 0.0
    return DEVIATION

"""Which networks WGAN-GP's experiments pair, against the released files."""

import pytest
from keras import layers

from keras_gans.layers import BatchNormalization
from keras_gans.models import WGANGP
from keras_gans.networks.wgan_gp import (
    ARCHITECTURES,
    critic_normalization,
    wgan_gp_critic,
)

pytestmark = pytest.mark.once

METHODS = ("wgan_gp", "wgan", "dcgan", "lsgan")
# The conditions on MODE in gan_cifar_resnet.py, gan_cifar.py, gan_mnist.py,
# gan_64x64.py (`Normalize`), and of wgan_imagenet128.py in METHODS' order.
RELEASED = {
    ("resnet", 32): ("none", "none", "none", "none"),
    ("dcgan", 32): ("none", "batch", "batch", "batch"),
    ("dcgan", 28): ("none", "batch", "none", "none"),
    ("dcgan", 64): ("layer", "batch", "batch", "batch"),
    ("dcgan_no_bn_constant", 64): ("layer", "batch", "batch", "batch"),
    ("dcgan_mlp", 64): ("layer", "batch", "batch", "batch"),
    ("dcgan_no_norm", 64): ("none", "none", "none", "none"),
    ("dcgan_gated", 64): ("layer", "batch", "batch", "batch"),
    ("dcgan_tanh", 64): ("layer", "batch", "batch", "batch"),
    ("resnet101", 64): ("layer", "batch", "batch", "batch"),
    ("resnet", 64): ("layer", "batch", "batch", "batch"),
    ("resnet", 128): ("layer", "batch", "batch", "batch"),
}


@pytest.mark.parametrize(("architecture", "resolution"), RELEASED)
def test_critics_are_normalized_as_in_the_released_code(
    architecture, resolution
):
    found = tuple(
        critic_normalization(architecture, resolution, method)
        for method in METHODS
    )
    assert found == RELEASED[architecture, resolution]


def test_the_table_of_the_released_code_has_every_architecture():
    assert {architecture for architecture, _ in RELEASED} == {*ARCHITECTURES}


@pytest.mark.parametrize("method", ["wgan_gp", "wgan", "dcgan", "lsgan"])
def test_cifar_10_s_dcgan_critic_has_batch_statistics_but_under_the_penalty(
    method,
):
    gan = WGANGP.from_preset(
        "wgan_gp_cifar10_dcgan_32",
        method=method,
        generator_width=4,
        discriminator_width=4,
    )
    kinds = [type(layer) for layer in gan.discriminator.layers]
    # After the second and the third of three convolutions.
    without = method == "wgan_gp"
    assert kinds.count(BatchNormalization) == (0 if without else 2)
    assert layers.GroupNormalization not in kinds
    # Real and generated images then have passes of their own.
    assert gan.joint_scoring == without


def test_unknown_architectures_name_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'dcgan_tanh'?"):
        wgan_gp_critic(
            architecture="dcgan_tan", resolution=64, normalization="none"
        )

"""Details in which SNGAN's released code differs from SAGAN's."""

import math

import numpy as np
import pytest
from keras import ops

from keras_gans.models import LGAGAN, SAGAN
from keras_gans.networks import resnet_discriminator, resnet_generator

pytestmark = pytest.mark.once

WIDTH = 24
BUILDERS = {
    "generator": resnet_generator,
    "discriminator": resnet_discriminator,
}


def kernels(network):
    """Yields names and kernels, those within spectral normalization too."""
    for layer in network.layers:
        layer = getattr(layer, "layer", layer)
        if hasattr(layer, "kernel"):
            yield layer.name, ops.convert_to_numpy(layer.kernel)


def glorot(shape):
    """The limit of Glorot's uniform initializer, by both fans."""
    field = math.prod(shape[:-2])
    return (6 / (field * (shape[-2] + shape[-1]))) ** 0.5


@pytest.mark.parametrize("release", ["sagan", "sngan"])
@pytest.mark.parametrize("player", BUILDERS)
def test_only_3x3_kernels_of_sngan_s_blocks_start_larger(player, release):
    # gen_models/resblocks.py and dis_models/resblocks.py: GlorotUniform(√2)
    # of c1 and c2, GlorotUniform() of c_sc; resnet_32.py and snresnet_32.py:
    # GlorotUniform() of the first and the last layer.
    network = BUILDERS[player](resolution=32, width=WIDTH, release=release)
    names = []
    for name, kernel in kernels(network):
        names.append(name)
        inside = name.endswith(("_conv_1", "_conv_2"))
        gain = 2**0.5 if inside and release == "sngan" else 1.0
        largest = np.abs(kernel).max() / glorot(kernel.shape)
        if kernel.size > 500:
            assert 0.97 * gain < largest <= gain * (1 + 1e-6), name
        else:
            assert largest <= gain * (1 + 1e-6), name
    blocks = {"generator": 3, "discriminator": 4}[player]
    shortcuts = {"generator": 3, "discriminator": 2}[player]
    ends = {"generator": {"dense", "to_image"}, "discriminator": {"score"}}
    assert ends[player] <= set(names)
    assert len(names) == 2 * blocks + shortcuts + len(ends[player])


def test_classes_are_embedded_by_glorot_s_initializer_in_both():
    # SNEmbedID(n_classes, ch, initialW=GlorotUniform()).
    for release in ("sagan", "sngan"):
        network = resnet_discriminator(
            resolution=32, num_classes=40, width=WIDTH, release=release
        )
        table = network.get_layer("projection").embedding.layer.embeddings
        largest = np.abs(ops.convert_to_numpy(table)).max()
        assert 0.97 < largest / glorot(table.shape) <= 1 + 1e-6


@pytest.mark.parametrize(
    ("resolution", "release", "bias"),
    # snresnet_32.py: SNLinear(..., nobias=True); snresnet_64.py and
    # snresnet.py have one.
    [(32, "sngan", 0), (64, "sngan", 1), (32, "sagan", 1), (64, "sagan", 1)],
)
@pytest.mark.parametrize("map_resolution", [0, 2])
def test_sngan_s_score_has_no_bias_at_32_pixels(
    resolution, release, bias, map_resolution
):
    network = resnet_discriminator(
        resolution=resolution,
        width=4,
        release=release,
        map_resolution=map_resolution,
    )
    score = network.get_layer("score_sn").layer
    assert len(score.weights) == 1 + bias


@pytest.mark.parametrize("num_classes", [0, 3])
def test_epsilon_is_that_of_the_framework_of_the_release(num_classes):
    # Chainer's default is 2e-5, and so is CategoricalConditionalBatch-
    # Normalization's; SAGAN's ops.py has 1e-5.
    for release, epsilon in (("sagan", 1e-5), ("sngan", 2e-5)):
        network = resnet_generator(
            resolution=32, width=4, num_classes=num_classes, release=release
        )
        found = [
            layer.epsilon
            for layer in network.layers
            if hasattr(layer, "moving_mean")
        ]
        assert found == [epsilon] * 7


def conv(inputs, outputs, size):
    return size**2 * inputs * outputs + outputs


def test_sngan_for_cifar_10_has_the_released_parameters():
    gan = LGAGAN.from_preset("sngan_cifar10_32")
    block = 2 * conv(256, 256, 3) + conv(256, 256, 1) + 4 * 256
    generator = 129 * 16 * 256 + 3 * block + 2 * 256 + conv(256, 3, 3)
    first = conv(3, 128, 3) + conv(128, 128, 3) + conv(3, 128, 1)
    half = 2 * conv(128, 128, 3) + conv(128, 128, 1)
    # Two blocks with the identity for a shortcut, and 128 weights.
    discriminator = first + half + 4 * conv(128, 128, 3) + 128
    counts = [
        sum(math.prod(weight.shape) for weight in network.trainable_weights)
        for network in (gan.generator, gan.discriminator)
    ]
    assert counts == [generator, discriminator]
    mapped = LGAGAN.from_preset("sngan_lga_cifar10_32", generator_width=4)
    assert mapped.discriminator.count_params() == (
        gan.discriminator.count_params()
    )


def test_the_setting_reaches_both_networks_of_every_family():
    shared = {"generator_width": 8, "discriminator_width": 8}
    for gan in (
        LGAGAN.from_preset("sngan_lga_stl10_32", **shared),
        SAGAN.from_preset(
            "sngan_projection_imagenet_128", num_classes=3, **shared
        ),
    ):
        assert gan.generator.get_layer("final_bn").epsilon == 2e-5
        kernel = dict(kernels(gan.discriminator))["block_2_conv_2"]
        assert np.abs(kernel).max() > 1.2 * glorot(kernel.shape)


def test_within_sngan_s_blocks_are_the_channels_of_their_input():
    # dis_models/resblocks.py: hidden_channels = in_channels.
    sngan = LGAGAN.from_settings(
        resolution=64, backbone="sngan", release="sngan", map_resolution=0
    )
    sagan = SAGAN.from_preset("sagan_imagenet_64", num_classes=0)
    for gan in (sngan, sagan):
        shapes = {n: k.shape for n, k in kernels(gan.discriminator)}
        widths = [64, 128, 256, 512, 1024]
        for index, (inputs, outputs) in enumerate(
            zip(widths, widths[1:], strict=False), start=2
        ):
            first = shapes[f"block_{index}_conv_1"]
            second = shapes[f"block_{index}_conv_2"]
            assert first == (3, 3, inputs, inputs)
            assert second == (3, 3, inputs, outputs)


@pytest.mark.parametrize("player", BUILDERS)
def test_an_unknown_release_is_refused(player):
    with pytest.raises(ValueError, match="sagan, sngan.*'sn'.*mean 'sngan'"):
        BUILDERS[player](resolution=32, release="sn")

"""The 101-layer ResNets: depth, sizes, residual scale, sub-pixels."""

import keras
import numpy as np
import pytest
from keras import layers
from numpy.testing import assert_allclose

from keras_gans.networks.resnet101 import resnet101_critic, resnet101_generator

pytestmark = pytest.mark.once

WEIGHTED = (layers.Dense, layers.Conv2D, layers.Conv2DTranspose)
WIDTHS = [512, 256, 128, 64, 32]
PLAIN_BLOCKS = [6, 6, 6, 6, 5]


def parameters(network):
    return sum(np.prod(w.shape, dtype=int) for w in network.trainable_weights)


def bottleneck(inputs, outputs):
    """1x1, 3x3, 1x1 without bias, then γ and β."""
    total = inputs * (inputs // 2) + inputs // 2
    total += 9 * (inputs // 2) * (outputs // 2) + outputs // 2
    return total + (outputs // 2) * outputs + 2 * outputs


def plain_blocks():
    pairs = zip(WIDTHS, PLAIN_BLOCKS, strict=True)
    return sum(count * bottleneck(width, width) for width, count in pairs)


def generator_by_hand():
    total = 129 * 16 * 512 + plain_blocks() + 32 * 3 + 3
    for inputs, outputs in zip(WIDTHS, WIDTHS[1:], strict=False):
        total += bottleneck(inputs, outputs) + (inputs + 1) * 4 * outputs
    return total


def critic_by_hand():
    total = 3 * 32 + 32 + plain_blocks() + 16 * 512 + 1
    for outputs, inputs in zip(WIDTHS, WIDTHS[1:], strict=False):
        total += bottleneck(inputs, outputs) + (inputs + 1) * outputs
    return total


@pytest.fixture(scope="module")
def generator():
    return resnet101_generator(width=8, latent_dim=6)


@pytest.fixture(scope="module")
def critic():
    return resnet101_critic(width=8)


def test_each_network_has_101_weighted_layers(generator, critic):
    for network in (generator, critic):
        weighted = [
            layer
            for layer in network.layers
            if isinstance(layer, WEIGHTED) and "shortcut" not in layer.name
        ]
        assert len(weighted) == 101
        blocks = [la for la in network.layers if isinstance(la, layers.Add)]
        assert len(blocks) == 33
        projections = [la for la in network.layers if "shortcut" in la.name]
        assert sum(isinstance(la, WEIGHTED) for la in projections) == 4


def test_parameters_are_those_of_the_published_widths():
    assert parameters(resnet101_generator()) == generator_by_hand()
    assert parameters(resnet101_critic()) == critic_by_hand()


def test_sizes_and_widths_mirror_each_other(generator, critic):
    def stages(network):
        blocks = [la for la in network.layers if isinstance(la, layers.Add)]
        return [block.output.shape[1:] for block in blocks]

    sizes = []
    for size, width, plain in zip(
        (4, 8, 16, 32, 64), (64, 32, 16, 8, 4), PLAIN_BLOCKS, strict=True
    ):
        sizes += [(size, size, width)] * (plain + (size > 4))
    assert stages(generator) == sizes
    # The critic's resampling block is the first of the smaller size.
    sizes = []
    for size, width, plain in zip(
        (64, 32, 16, 8, 4), (4, 8, 16, 32, 64), PLAIN_BLOCKS[::-1], strict=True
    ):
        sizes += [(size, size, width)] * (plain + (size < 64))
    assert stages(critic) == sizes


def test_a_plain_block_adds_three_tenths_of_its_residual(generator):
    # With γ = 0 the residual is β, whatever the input.
    norm = generator.get_layer("block_8_1_norm")
    offsets = np.linspace(-1.0, 1.0, norm.gamma.shape[0])
    values = [weight.numpy() for weight in norm.weights]
    norm.gamma.assign(0.0 * values[0])
    norm.beta.assign(offsets)
    part = keras.Model(
        generator.input,
        [generator.get_layer(n).output for n in ("up_8", "block_8_1")],
    )
    before, after = part(np.ones((2, 6), "float32"))
    for weight, value in zip(norm.weights, values, strict=True):
        weight.assign(value)
    expected = np.broadcast_to(0.3 * offsets, after.shape)
    assert_allclose(after.numpy() - before.numpy(), expected, atol=1e-5)


def test_upsampling_shortcuts_are_sub_pixel_convolutions(generator):
    convolution = generator.get_layer("up_8_shortcut")
    assert convolution.kernel.shape == (1, 1, 64, 4 * 32)
    pixels = generator.get_layer("up_8_shortcut_pixels")
    part = keras.Model(generator.input, [pixels.input, pixels.output])
    small, large = (t.numpy() for t in part(np.ones((1, 6), "float32")))
    # Every 2x2 square holds the four groups of its pixel's channels.
    assert_allclose(large[0, 2:4, 6:8].reshape(-1), small[0, 1, 3])


def test_outputs_are_divided_by_five(generator, critic):
    part = keras.Model(
        generator.input,
        [generator.get_layer("to_image").output, generator.output],
    )
    latents = np.random.default_rng(0).normal(size=(2, 6)).astype("float32")
    raw, images = part(latents)
    assert_allclose(images.numpy(), np.tanh(raw.numpy() / 5.0), rtol=1e-4)
    part = keras.Model(
        critic.input, [critic.get_layer("score").output, critic.output]
    )
    raw, scores = part(images)
    assert_allclose(scores.numpy(), raw.numpy() / 5.0, rtol=1e-5)


def test_normalization_is_batch_layer_or_none(generator, critic):
    def kinds(network):
        named = [la for la in network.layers if la.name.endswith("_norm")]
        return {type(layer).__name__ for layer in named}, len(named)

    assert kinds(generator) == ({"BatchNormalization"}, 33)
    assert kinds(critic) == ({"GroupNormalization"}, 33)
    batch = resnet101_critic(width=4, normalization="batch")
    assert kinds(batch) == ({"BatchNormalization"}, 33)


@pytest.mark.parametrize("build", [resnet101_generator, resnet101_critic])
def test_a_width_without_quarters_is_refused(build):
    with pytest.raises(ValueError, match="multiple of 4.*width=6"):
        build(width=6)


def test_an_unknown_normalization_is_refused():
    with pytest.raises(ValueError, match="normalization='group'"):
        resnet101_critic(normalization="group")

"""The one-dimensional ResNets of the character model."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.networks.char_resnet import char_discriminator, char_generator

SIZE = {"vocabulary": 4, "length": 6, "width": 3, "blocks": 2}
BUILDERS = pytest.mark.parametrize(
    "build", [char_generator, char_discriminator]
)


def build_random(build, **size):
    network = build(**SIZE | size)
    random = np.random.default_rng(0)
    network.set_weights(
        [random.normal(0.0, 0.5, w.shape) for w in network.get_weights()]
    )
    return network


def convolve(x, kernel, bias):
    """Cross-correlates (N, T, C) with taps (K, C, F), zeros at the ends."""
    taps, side = len(kernel), len(kernel) // 2
    padded = np.pad(x, ((0, 0), (side, side), (0, 0)))
    shifted = [padded[:, k : k + x.shape[1]] for k in range(taps)]
    return sum(s @ w for s, w in zip(shifted, kernel, strict=True)) + bias


def blocks(x, weights):
    for _ in range(SIZE["blocks"]):
        h = x
        for _ in range(2):
            h = convolve(np.maximum(h, 0.0), weights.pop(0), weights.pop(0))
        x = x + 0.3 * h
    return x


def test_the_generator_is_the_formula():
    network = build_random(char_generator, latent_dim=5)
    latents = np.random.default_rng(1).normal(size=(3, 5)).astype("float32")
    weights = [np.float64(weight) for weight in network.get_weights()]
    x = latents @ weights.pop(0) + weights.pop(0)
    x = blocks(x.reshape(3, 6, 3), weights)
    logits = convolve(x, weights.pop(0), weights.pop(0))
    assert not weights
    expected = np.exp(logits - logits.max(-1, keepdims=True))
    expected /= expected.sum(-1, keepdims=True)
    outputs = keras.ops.convert_to_numpy(network(latents))
    assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    assert np.ptp(expected) > 0.5


def test_the_critic_is_the_formula():
    network = build_random(char_discriminator)
    symbols = np.eye(4)[np.random.default_rng(1).integers(0, 4, (3, 6))]
    weights = [np.float64(weight) for weight in network.get_weights()]
    x = blocks(convolve(symbols, weights.pop(0), weights.pop(0)), weights)
    expected = x.reshape(3, -1) @ weights.pop(0) + weights.pop(0)
    assert not weights
    outputs = keras.ops.convert_to_numpy(network(symbols.astype("float32")))
    assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)
    assert np.ptp(expected) > 0.5


@pytest.mark.once
def test_sizes_are_those_of_the_paper():
    # Five blocks of two convolutions of 5 taps from 512 to 512 channels.
    body = 10 * (5 * 512 * 512 + 512)
    symbols = 82
    project = 129 * 32 * 512
    generator = char_generator(vocabulary=symbols)
    assert generator.count_params() == project + body + 513 * symbols
    critic = char_discriminator(vocabulary=symbols)
    assert critic.count_params() == (symbols + 1) * 512 + body + 32 * 512 + 1
    assert generator.input_shape == (None, 128)
    assert generator.output_shape == critic.input_shape == (None, 32, symbols)


@pytest.mark.once
def test_convolutions_start_with_the_published_deviation():
    critic = char_discriminator(vocabulary=50, width=64, blocks=1)
    kernel = critic.get_layer("block_1_conv_1").get_weights()[0]
    deviation = np.sqrt(4 / (2 * 5 * 64))
    assert_allclose(kernel.std(), deviation, rtol=0.03)
    # Uniform: nothing lies beyond √3 deviations.
    assert np.abs(kernel).max() <= np.sqrt(3) * deviation
    score = critic.get_layer("score").get_weights()[0]
    assert np.abs(score).max() <= np.sqrt(6 / (32 * 64 + 1))


@BUILDERS
def test_outputs_are_float32_in_mixed_precision(build):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = build(**SIZE)
    finally:
        keras.config.set_dtype_policy("float32")
    inputs = np.ones((2, *network.input_shape[1:]), "float32")
    outputs = network(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    convolution = network.get_layer("block_1_conv_1")
    assert convolution.compute_dtype == "bfloat16"


@pytest.mark.once
@BUILDERS
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocabulary": 1}, "vocabulary=1"),
        ({"length": 0}, "length=0"),
        ({"blocks": 0}, "blocks=0"),
        ({"kernel_size": 4}, "kernel_size=4"),
    ],
)
def test_sizes_out_of_range_are_refused(build, change, message):
    with pytest.raises(ValueError, match=message):
        build(**SIZE | change)

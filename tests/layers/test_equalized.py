"""Equalized layers against sums written out in numpy, in float64."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose

from keras_gans.layers.equalized import (
    EqualizedConv2D,
    EqualizedLatentMap,
    EqualizedUpsampleConv2D,
)

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(size=(2, 4, 4, 3))
LATENTS = RANDOM.normal(size=(3, 6))
MAKERS = {
    "conv": lambda **options: EqualizedConv2D(5, 3, **options),
    "upsample": lambda **options: EqualizedUpsampleConv2D(5, **options),
    "latent_map": lambda **options: EqualizedLatentMap(5, **options),
}
EACH = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def as_float64(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32")).astype("float64")


def inputs_of(layer):
    images = not isinstance(layer, EqualizedLatentMap)
    return (IMAGES if images else LATENTS).astype("float32")


def randomized(layer, inputs):
    """Builds the layer with random weights; returns kernel and bias."""
    layer.build(inputs.shape)
    for weight in layer.weights:
        weight.assign(RANDOM.normal(size=weight.shape))
    return [as_float64(weight) for weight in layer.weights]


def convolution(images, kernel, bias):
    """Convolves without padding, by the sum over the kernel's taps."""
    size = kernel.shape[0]
    rows, columns = (extent - size + 1 for extent in images.shape[1:3])
    total = bias
    for i in range(size):
        for j in range(size):
            window = images[:, i : i + rows, j : j + columns]
            total = total + window @ kernel[i, j]
    return total


def padded(images):
    return np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))


@pytest.mark.parametrize(
    ("size", "padding", "gain"),
    [(1, "same", 1.0), (3, "same", 2.0**0.5), (4, "valid", 2.0**0.5)],
)
def test_a_convolution_uses_the_kernel_over_the_root_of_its_fan_in(
    size, padding, gain
):
    layer = EqualizedConv2D(5, size, padding, gain=gain)
    kernel, bias = randomized(layer, IMAGES)
    images = padded(IMAGES) if size == 3 else IMAGES
    scaled = kernel * gain / np.sqrt(size * size * 3)
    expected = convolution(images, scaled, bias)
    outputs = layer(IMAGES.astype("float32"))
    assert_allclose(as_float64(outputs), expected, rtol=1e-4, atol=1e-5)
    assert layer.compute_output_shape(IMAGES.shape) == expected.shape


@pytest.mark.parametrize("folding", [False, True])
def test_an_upsampling_convolution_does_so_too(folding):
    layer = EqualizedUpsampleConv2D(5, folding=folding)
    kernel, bias = randomized(layer, IMAGES)
    images = padded(IMAGES.repeat(2, axis=1).repeat(2, axis=2))
    scaled = kernel * np.sqrt(2.0 / 27.0)
    outputs = layer(IMAGES.astype("float32"))
    expected = convolution(images, scaled, bias)
    assert_allclose(as_float64(outputs), expected, rtol=1e-4, atol=1e-5)


def test_a_latent_map_is_a_transposed_convolution_of_one_pixel():
    layer = EqualizedLatentMap(5, size=4)
    kernel, bias = randomized(layer, LATENTS)
    expected = np.einsum("nl,lijf->nijf", LATENTS, kernel) / np.sqrt(3.0)
    outputs = layer(LATENTS.astype("float32"))
    assert_allclose(as_float64(outputs), expected + bias, rtol=1e-4, atol=1e-5)
    oracle = layers.Conv2DTranspose(5, 4)
    pixels = LATENTS.astype("float32")[:, None, None]
    oracle.build(pixels.shape)
    # Keras keeps its kernels as (height, width, outputs, inputs).
    scaled = kernel.transpose(1, 2, 3, 0) / np.sqrt(3.0)
    oracle.set_weights([scaled, bias])
    theirs = as_float64(oracle(pixels))
    assert_allclose(as_float64(outputs), theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.once
@EACH
def test_kernels_start_as_standard_normal_and_biases_as_zero(make):
    layer = make()
    layer.build((None, 4, 4, 80) if inputs_of(layer).ndim == 4 else (None, 50))
    kernel, bias = map(as_float64, layer.weights)
    count = kernel.size
    assert abs(kernel.mean()) < 4 / np.sqrt(count)
    assert abs(kernel.std() - 1) < 4 / np.sqrt(2 * count)
    assert (bias == 0).all()


@pytest.mark.once
def test_features_keep_their_variance():
    # With gain √2 the layer doubles the mean square, the half of which a
    # ReLU takes away.
    images = RANDOM.normal(size=(8, 8, 8, 64)).astype("float32")
    for layer in (EqualizedConv2D(64, 3), EqualizedConv2D(64, 1)):
        outputs = as_float64(layer(images))[:, 1:-1, 1:-1]
        assert_allclose(np.mean(outputs**2), 2.0, rtol=0.2)


@EACH
def test_bfloat16_is_close_to_float32(make):
    exact = make()
    inputs = inputs_of(exact)
    randomized(exact, inputs)
    expected = as_float64(exact(inputs))
    layer = make(dtype="mixed_bfloat16")
    layer.build(inputs.shape)
    layer.set_weights(exact.get_weights())
    outputs = layer(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    scale = np.abs(expected).max()
    assert_allclose(as_float64(outputs), expected, atol=0.02 * scale)


@pytest.mark.once
@EACH
def test_the_config_makes_an_equal_layer(make):
    layer = make(use_bias=False, gain=1.0)
    copy = type(layer).from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.filters, copy.use_bias, copy.gain) == (5, False, 1.0)
    copy.build(inputs_of(copy).shape)
    assert len(copy.weights) == 1


@pytest.mark.once
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EqualizedConv2D(0, 3), "filters=0"),
        (lambda: EqualizedConv2D(2, 0), "kernel_size=0"),
        (lambda: EqualizedConv2D(2, 3, "full"), "padding='full'"),
        (lambda: EqualizedUpsampleConv2D(2, gain=0.0), "gain=0"),
        (lambda: EqualizedLatentMap(2, size=0), "size=0"),
        (lambda: EqualizedLatentMap(2, gain=-1.0), "gain=-1"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()

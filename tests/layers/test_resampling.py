"""Fused convolutions against Keras's own layers, one after the other."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.layers import (
    AveragePool2D,
    Conv2DAveragePool,
    Upsample2D,
    UpsampleConv2D,
)
from keras_gans.layers.resampling import fold

FOLDING = pytest.mark.parametrize("folding", [False, True])
SIZES = pytest.mark.parametrize("size", [(4, 6), (5, 3), (1, 1), (3, 4)])


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def images_of(size):
    generator = np.random.default_rng(0)
    return generator.normal(size=(2, *size, 3)).astype("float32")


def upsample_then_convolve():
    return keras.Sequential(
        [
            layers.UpSampling2D(interpolation="nearest"),
            layers.Conv2D(5, 3, padding="same"),
        ]
    )


def convolve_then_average():
    return keras.Sequential(
        [layers.Conv2D(5, 3, padding="same"), layers.AveragePooling2D(2)]
    )


def assert_same_function(layer, oracle, images):
    """Compares outputs and gradients by the inputs, kernel and bias."""
    generator = np.random.default_rng(1)
    layer.build(images.shape)
    oracle.build(images.shape)
    for ours, theirs in zip(layer.weights, oracle.weights, strict=True):
        value = generator.normal(size=ours.shape)
        ours.assign(value)
        theirs.assign(value)
    expected = as_float64(oracle(images))
    assert_close(as_float64(layer(images)), expected)
    assert layer.compute_output_shape(images.shape) == expected.shape
    weights = ops.array(generator.normal(size=expected.shape), dtype="float32")

    def gradients(function):
        def objective(inputs=images):
            return ops.sum(weights * function(inputs))

        by_weights = []
        if function.trainable_variables:
            _, by_weights = backend.value_and_gradients(
                objective, function.trainable_variables, function.variables
            )
        inputs = ops.convert_to_tensor(images)
        by_inputs = backend.input_gradients(
            objective, inputs, function.variables
        )
        return [as_float64(g) for g in (*by_weights, by_inputs)]

    for ours, theirs in zip(gradients(layer), gradients(oracle), strict=True):
        assert_close(ours, theirs)


def assert_close(value, expected):
    scale = np.abs(expected).max()
    assert_allclose(value, expected, rtol=1e-5, atol=1e-5 * scale)


@SIZES
def test_upsampling_repeats_pixels(size):
    oracle = layers.UpSampling2D(interpolation="nearest")
    assert_same_function(Upsample2D(), oracle, images_of(size))


@pytest.mark.parametrize("size", [(4, 6), (5, 3), (2, 3)])
def test_pooling_is_the_mean_of_four(size):
    oracle = layers.AveragePooling2D(2)
    assert_same_function(AveragePool2D(), oracle, images_of(size))


@pytest.mark.parametrize("make", [Upsample2D, AveragePool2D])
def test_sizes_may_be_open(make):
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, make()(inputs))
    for size in ((4, 6), (2, 2)):
        expected = make().compute_output_shape((2, *size, 3))
        assert tuple(model(images_of(size)).shape) == expected


@SIZES
def test_plain_upsampling_convolution(size):
    layer = UpsampleConv2D(5, folding=False)
    assert_same_function(layer, upsample_then_convolve(), images_of(size))


@SIZES
def test_folded_upsampling_convolution(size):
    layer = UpsampleConv2D(5)
    assert_same_function(layer, upsample_then_convolve(), images_of(size))


@FOLDING
@pytest.mark.parametrize("size", [(4, 6), (5, 3), (2, 3), (3, 4)])
def test_pooled_convolution(size, folding):
    layer = Conv2DAveragePool(5, folding=folding)
    assert_same_function(layer, convolve_then_average(), images_of(size))


def test_folding_is_the_full_convolution_with_ones():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 2, 4))
    expected = np.zeros((4, 4, 2, 4))
    for row in (0, 1):
        for column in (0, 1):
            expected[row : row + 3, column : column + 3] += kernel
    folded = fold(ops.array(kernel, dtype="float32"))
    assert_allclose(as_float64(folded), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", [UpsampleConv2D, Conv2DAveragePool])
class TestBoth:
    @FOLDING
    def test_bfloat16_runs(self, make, folding):
        images = images_of((4, 4))
        exact = make(5, folding=False)
        expected = as_float64(exact(images))
        layer = make(5, folding=folding, dtype="mixed_bfloat16")
        layer.build(images.shape)
        layer.set_weights(exact.get_weights())
        outputs = layer(images)
        assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
        outputs = as_float64(ops.cast(outputs, "float32"))
        scale = np.abs(expected).max()
        assert_allclose(outputs, expected, atol=0.02 * scale)

    def test_the_variable_is_the_3x3_kernel(self, make):
        layer = make(5, use_bias=False)
        layer.build((None, 4, 4, 3))
        assert [tuple(w.shape) for w in layer.weights] == [(3, 3, 3, 5)]

    def test_the_config_makes_an_equal_layer(self, make):
        layer = make(
            5,
            use_bias=False,
            folding=False,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        )
        copy = make.from_config(layer.get_config())
        assert copy.get_config() == layer.get_config()
        assert (copy.filters, copy.use_bias, copy.folding) == (5, False, False)
        assert copy.kernel_initializer.stddev == 0.02

    def test_filters_must_be_positive(self, make):
        with pytest.raises(ValueError, match="filters=0"):
            make(0)

    def test_inputs_must_be_images(self, make):
        with pytest.raises(ValueError, match="expected ndim=4"):
            make(5)(np.ones((2, 3), "float32"))

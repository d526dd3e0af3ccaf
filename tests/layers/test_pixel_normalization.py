"""Pixel normalization against its formula, in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend
from keras_gans.layers.pixel_normalization import PixelNormalization

FEATURES = np.random.default_rng(0).normal(3.0, 2.0, (2, 4, 5, 6))


def as_float64(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32")).astype("float64")


@pytest.mark.parametrize("epsilon", [1e-8, 0.5])
def test_every_pixel_is_divided_by_its_root_mean_square(epsilon):
    outputs = PixelNormalization(epsilon)(FEATURES.astype("float32"))
    squares = np.mean(FEATURES**2, axis=-1, keepdims=True)
    expected = FEATURES / np.sqrt(squares + epsilon)
    assert_allclose(as_float64(outputs), expected, rtol=1e-5)


def test_the_scale_of_a_pixel_does_not_matter():
    layer = PixelNormalization()
    scales = np.linspace(0.1, 1000.0, 40).reshape(2, 4, 5, 1)
    outputs = as_float64(layer((scales * FEATURES).astype("float32")))
    expected = as_float64(layer(FEATURES.astype("float32")))
    assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


def test_features_of_zero_have_a_finite_gradient():
    layer = PixelNormalization()
    gradient = backend.input_gradients(layer, ops.zeros((2, 2, 2, 3)), [])
    # d(x / sqrt(x² + ε)) / dx at 0 is 1 / sqrt(ε) = 10⁴.
    assert_allclose(as_float64(gradient), 1e4, rtol=1e-5)


def test_the_mean_is_float32_in_bfloat16():
    layer = PixelNormalization(dtype="mixed_bfloat16")
    features = ops.cast(ops.ones((1, 1, 1, 1000)), "bfloat16")
    outputs = layer(features)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    # A bfloat16 sum of ones stops at 256, and its mean would be 0.256.
    assert_array_equal(as_float64(outputs), 1.0)


@pytest.mark.once
def test_the_config_makes_an_equal_layer():
    layer = PixelNormalization(1e-6)
    copy = PixelNormalization.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert copy.epsilon == 1e-6


@pytest.mark.once
def test_an_epsilon_of_zero_is_refused():
    with pytest.raises(ValueError, match="epsilon=0"):
        PixelNormalization(0)

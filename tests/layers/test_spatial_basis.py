"""Learned maps of channels against numpy."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans.layers import BasisPooling, LatentBasis


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def test_latents_weigh_the_maps():
    latents = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    layer = LatentBasis(7, 2)
    maps = as_float64(layer(latents))
    kernel, basis = map(as_float64, layer.trainable_weights)
    assert (kernel.shape, basis.shape) == ((5, 7), (2, 2, 7))
    expected = np.einsum("hwc,nd,dc->nhwc", basis, latents, kernel)
    assert_allclose(maps, expected, rtol=1e-5, atol=1e-5)
    assert layer.compute_output_shape((3, 5)) == maps.shape


def test_maps_of_two_sides_come_back():
    layer = LatentBasis(7, (2, 3))
    assert layer(np.ones((1, 5), "float32")).shape == (1, 2, 3, 7)
    again = LatentBasis.from_config(layer.get_config())
    assert again.compute_output_shape((1, 5)) == (1, 2, 3, 7)


def test_maps_weigh_the_pixels():
    features = np.random.default_rng(0).normal(size=(3, 4, 2, 5))
    features = features.astype("float32")
    layer = BasisPooling()
    sums = as_float64(layer(features))
    (basis,) = map(as_float64, layer.trainable_weights)
    assert basis.shape == (4, 2, 5)
    expected = np.einsum("hwc,nhwc->nc", basis, features)
    assert_allclose(sums, expected, rtol=1e-5, atol=1e-5)
    assert layer.compute_output_shape(features.shape) == sums.shape


def test_pooling_is_a_depthwise_convolution_of_the_whole():
    features = np.random.default_rng(0).normal(size=(3, 4, 4, 5))
    features = features.astype("float32")
    layer = BasisPooling()
    sums = as_float64(layer(features))
    depthwise = keras.layers.DepthwiseConv2D(4, use_bias=False)
    depthwise.build(features.shape)
    depthwise.set_weights([layer.get_weights()[0][..., None]])
    expected = as_float64(depthwise(features))[:, 0, 0]
    assert_allclose(sums, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.once
def test_weights_start_as_published():
    latents = LatentBasis(4096)
    latents.build((None, 64))
    pooling = BasisPooling()
    pooling.build((None, 4, 4, 4096))
    for weight, deviation in (
        (latents.kernel, 1 / 8),
        (latents.basis, 1.0),
        (pooling.basis, 1 / 4),
    ):
        value = as_float64(weight)
        # 65,536 numbers and more: three standard errors of either.
        assert abs(value.mean()) < 3 * deviation / np.sqrt(value.size)
        error = 3 * deviation / np.sqrt(2 * value.size)
        assert abs(value.std() - deviation) < error
        # Not truncated.
        assert np.abs(value).max() > 3 * deviation


@pytest.mark.once
def test_configs_make_equal_layers():
    layer = LatentBasis(8, 2)
    copy = LatentBasis.from_config(layer.get_config())
    assert (copy.filters, copy.size) == (8, 2)
    with pytest.raises(ValueError, match="filters"):
        LatentBasis(0)


def test_bfloat16_runs():
    features = LatentBasis(4, dtype="mixed_bfloat16")(ops.ones((2, 3)))
    sums = BasisPooling(dtype="mixed_bfloat16")(features)
    for tensor in (features, sums):
        assert keras.backend.standardize_dtype(tensor.dtype) == "bfloat16"

"""Minibatch standard deviation against numpy, in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend
from keras_gans.layers import MinibatchStdDev

IMAGES = np.random.default_rng(0).normal(size=(6, 4, 5, 3)).astype("float32")
EPSILON = 1e-8


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def deviation(images):
    variance = images.astype("float64").var(axis=0)
    return np.mean(np.sqrt(variance + EPSILON))


@pytest.mark.parametrize("size", [None, 6, 3, 2, 1])
def test_the_new_channel_is_the_deviation_of_the_group(size):
    outputs = as_float64(MinibatchStdDev(size)(IMAGES))
    assert outputs.shape == (6, 4, 5, 4)
    assert_array_equal(outputs[..., :3], IMAGES)
    groups = 6 // (size or 6)
    for index in range(6):
        expected = deviation(IMAGES[index % groups :: groups])
        assert_allclose(outputs[index, ..., 3], expected, rtol=1e-5)


def test_a_batch_of_any_size_passes_through_a_model():
    inputs = keras.Input((4, 5, 3))
    model = keras.Model(inputs, MinibatchStdDev()(inputs))
    assert model.output_shape == (None, 4, 5, 4)
    for count in (2, 5):
        outputs = model.predict(IMAGES[:count], verbose=0)
        expected = deviation(IMAGES[:count])
        assert_allclose(outputs[..., 3], expected, rtol=1e-5)


def test_a_batch_of_equal_images_has_a_finite_gradient():
    layer = MinibatchStdDev()
    gradient = backend.input_gradients(
        lambda images: layer(images)[..., 3], ops.ones((4, 2, 2, 3)), []
    )
    assert_array_equal(as_float64(gradient), 0.0)


def test_the_deviation_is_float32_in_bfloat16():
    layer = MinibatchStdDev(dtype="mixed_bfloat16")
    # A deviation of 1 around 1,000: bfloat16 there has steps of 4.
    images = np.round(1000.0 + 4.0 * IMAGES).astype("float32")
    images = ops.cast(images, "bfloat16")
    outputs = layer(images)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    outputs = as_float64(ops.cast(outputs, "float32"))
    expected = deviation(as_float64(ops.cast(images, "float32")))
    assert_allclose(outputs[..., 3], expected, rtol=2**-8)


def test_the_batch_must_divide_into_groups():
    with pytest.raises(ValueError, match="batch=6, group_size=4"):
        MinibatchStdDev(4)(IMAGES)


def test_groups_must_not_be_empty():
    with pytest.raises(ValueError, match="group_size=0"):
        MinibatchStdDev(0)


def test_the_config_makes_an_equal_layer():
    layer = MinibatchStdDev(4, epsilon=1e-6)
    copy = MinibatchStdDev.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.group_size, copy.epsilon) == (4, 1e-6)

"""The residual block that stands for self-attention in a comparison."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans.layers import ResidualControl, SelfAttention

IMAGES = np.random.default_rng(0).normal(size=(2, 4, 5, 16)).astype("float32")


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def test_outputs_are_those_of_the_formula():
    layer = ResidualControl(spectral_norm=False)
    layer.build(IMAGES.shape)
    layer.gamma.assign(0.7)
    images = IMAGES.astype("float64")
    reduce, expand = as_float64(layer.reduce.kernel), layer.expand.kernel
    padded = np.pad(np.maximum(images, 0), ((0, 0), (1, 1), (1, 1), (0, 0)))
    hidden = sum(
        padded[:, i : i + 4, j : j + 5] @ reduce[i, j]
        for i in range(3)
        for j in range(3)
    )
    expected = images + 0.7 * np.maximum(hidden, 0) @ as_float64(expand)[0, 0]
    assert_allclose(as_float64(layer(IMAGES)), expected, atol=1e-5)


def test_it_begins_as_the_identity():
    assert_allclose(as_float64(ResidualControl()(IMAGES)), IMAGES, atol=1e-7)


@pytest.mark.parametrize("channels", [8, 64, 512])
def test_it_has_as_many_parameters_as_self_attention(channels):
    shape = (None, 4, 4, channels)
    counts = []
    for layer in (ResidualControl(), SelfAttention("code")):
        layer.build(shape)
        variables = layer.trainable_variables
        counts.append(sum(int(np.prod(v.shape)) for v in variables))
    assert counts == [5 * channels**2 // 4 + 1] * 2


def test_the_config_makes_an_equal_layer():
    layer = ResidualControl(spectral_norm=False, name="control")
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert copy.get_config() == layer.get_config()


def test_channels_that_are_no_multiple_of_8_are_refused():
    with pytest.raises(ValueError, match="channels=12"):
        ResidualControl().build((None, 4, 4, 12))

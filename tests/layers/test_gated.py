"""The gated activation against numpy in float64."""

import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.layers.gated import GatedActivation

FEATURES = np.random.default_rng(0).normal(size=(3, 2, 5, 6))


def gates(features):
    """σ(a), tanh(b) of interleaved a and b."""
    even, odd = features[..., 0::2], features[..., 1::2]
    return 1.0 / (1.0 + np.exp(-even)), np.tanh(odd)


@pytest.mark.parametrize("shape", [(90, 2), (3, 2, 5, 6), (9, 20)])
def test_even_channels_gate_odd_ones(shape):
    features = FEATURES.reshape(shape)
    outputs = GatedActivation()(features.astype("float32"))
    sigmoid, tanh = gates(features)
    assert_allclose(ops.convert_to_numpy(outputs), sigmoid * tanh, rtol=1e-5)


def test_the_gradient_is_that_of_the_formula():
    gate = GatedActivation()
    gradients = backend.input_gradients(
        gate, ops.convert_to_tensor(FEATURES.astype("float32")), []
    )
    sigmoid, tanh = gates(FEATURES)
    expected = np.empty(FEATURES.shape)
    expected[..., 0::2] = sigmoid * (1.0 - sigmoid) * tanh
    expected[..., 1::2] = sigmoid * (1.0 - tanh**2)
    assert_allclose(
        ops.convert_to_numpy(gradients), expected, rtol=1e-4, atol=1e-6
    )


@pytest.mark.once
def test_an_odd_number_of_channels_is_refused():
    with pytest.raises(ValueError, match=r"\(2, 7\).*Double the filters"):
        GatedActivation()(np.zeros((2, 7), "float32"))

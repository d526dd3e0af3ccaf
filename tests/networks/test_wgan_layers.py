"""The initializers of WGAN-GP: bounds and deviations."""

import keras
import numpy as np
import pytest

from keras_gans.networks.wgan_layers import (
    FanAverageUniform,
    Normalization,
    glorot,
    he,
    uniform,
)

pytestmark = pytest.mark.once

# Kernel shape, initializer, and the standard deviation by hand.
CASES = {
    "he": ((3, 3, 16, 32), he(), (4 / (9 * 16 + 9 * 32)) ** 0.5),
    "glorot": ((100, 60), glorot(), (2 / 160) ** 0.5),
    # A stride of 2: each input reaches a quarter of the outputs.
    "stride": ((5, 5, 8, 16), he(2), (4 / (25 * 8 + 25 * 16 / 4)) ** 0.5),
    # Kernels are (height, width, outputs, inputs).
    "transposed": (
        (5, 5, 8, 16),
        he(2, transposed=True),
        (4 / (25 * 16 / 4 + 25 * 8)) ** 0.5,
    ),
    "gain": ((3, 3, 16, 32), he(gain=0.5), 0.5 * (4 / (9 * 48)) ** 0.5),
    "fixed": ((5, 5, 16, 32), uniform(0.02), 0.02),
}


@pytest.mark.parametrize("name", CASES)
def test_kernels_are_uniform_of_the_published_deviation(name):
    shape, initializer, deviation = CASES[name]
    kernel = np.asarray(initializer(shape), "float64")
    limit = 3**0.5 * deviation
    assert np.abs(kernel).max() <= limit * (1 + 1e-6)
    assert np.abs(kernel).max() > 0.99 * limit
    assert kernel.std() == pytest.approx(deviation, rel=0.03)
    assert abs(kernel.mean()) < 4 * deviation / kernel.size**0.5


def test_a_config_makes_an_equal_initializer():
    initializer = FanAverageUniform(1.0, 2, True, 0.5, seed=3)
    copy = FanAverageUniform.from_config(initializer.get_config())
    shape = (3, 3, 4, 8)
    np.testing.assert_array_equal(copy(shape), initializer(shape))


@pytest.mark.parametrize("options", [{"stride": 0}, {"gain": 0.0}])
def test_values_must_be_positive(options):
    with pytest.raises(ValueError, match="must be positive"):
        FanAverageUniform(**options)


def test_layer_norm_is_over_an_image_with_an_affine_map_by_channel():
    random = np.random.default_rng(0)
    features = random.normal(2.0, 3.0, (3, 4, 5, 6))
    inputs = keras.Input((4, 5, 6))
    model = keras.Model(inputs, Normalization("layer")(inputs, "norm"))
    gamma, beta = random.normal(size=(2, 6))
    model.set_weights([gamma, beta])
    mean = features.mean((1, 2, 3), keepdims=True)
    variance = features.var((1, 2, 3), keepdims=True)
    expected = gamma * (features - mean) / np.sqrt(variance + 1e-5) + beta
    outputs = model(features.astype("float32")).numpy()
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)

"""The fully connected networks of the toy problems."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.networks.mlp import mlp_discriminator, mlp_generator

BUILDERS = pytest.mark.parametrize("build", [mlp_generator, mlp_discriminator])


def forward(network, inputs):
    """Returns what the formula gives in float64."""
    values = inputs.astype(float)
    weights = [np.float64(weight) for weight in network.get_weights()]
    kernels, biases = weights[::2], weights[1::2]
    for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
        values = np.maximum(values @ kernel + bias, 0.0)
    return values @ kernels[-1] + biases[-1]


@pytest.mark.once
def test_sizes_are_those_of_the_released_code():
    # 2 -> 512 -> 512 -> 512 -> 2 and 1, with biases.
    hidden = 3 * 512 + 2 * (512 * 512 + 512)
    assert mlp_generator().count_params() == hidden + 513 * 2
    assert mlp_discriminator().count_params() == hidden + 513
    assert mlp_generator().output_shape == (None, 2)
    assert mlp_discriminator().output_shape == (None, 1)


@pytest.mark.once
def test_a_critic_of_twelve_layers_has_twelve_kernels():
    critic = mlp_discriminator(width=4, depth=11)
    assert sum(len(weight.shape) == 2 for weight in critic.weights) == 12


@BUILDERS
def test_outputs_are_those_of_the_formula(build):
    network = build(width=5, depth=3)
    random = np.random.default_rng(0)
    network.set_weights(
        [random.normal(size=w.shape) for w in network.get_weights()]
    )
    inputs = random.normal(size=(4, 2)).astype("float32")
    outputs = keras.ops.convert_to_numpy(network(inputs))
    expected = forward(network, inputs)
    assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)
    assert np.abs(expected).max() > 1.0


@pytest.mark.once
@BUILDERS
def test_hidden_kernels_start_he_uniform_and_the_last_glorot_uniform(build):
    kernels = [w for w in build(width=400).get_weights() if w.ndim == 2]
    for kernel in kernels[:-1]:
        bound = np.sqrt(6 / kernel.shape[0])
        assert 0.99 * bound < np.abs(kernel).max() <= bound
        # A uniform distribution's deviation, √(2 / fan-in).
        assert_allclose(kernel.std(), bound / np.sqrt(3), rtol=0.05)
    bound = np.sqrt(6 / sum(kernels[-1].shape))
    assert 0.97 * bound < np.abs(kernels[-1]).max() <= bound


@BUILDERS
def test_outputs_are_float32_in_mixed_precision(build):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = build(width=4)
    finally:
        keras.config.set_dtype_policy("float32")
    outputs = network(np.ones((2, 2), "float32"))
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    assert network.layers[1].compute_dtype == "bfloat16"


@pytest.mark.once
@BUILDERS
@pytest.mark.parametrize("size", ["width", "depth", "dimensions"])
def test_sizes_must_be_positive(build, size):
    with pytest.raises(ValueError, match="positive sizes. Received: "):
        build(**{size: 0})

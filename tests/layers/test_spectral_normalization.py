"""Spectral normalization against singular values by numpy, in float64."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend
from keras_gans.layers import (
    Conv2DAveragePool,
    SpectralNormalization,
    UpsampleConv2D,
)
from keras_gans.layers.spectral_normalization import normalized_once

IMAGES = np.random.default_rng(1).normal(size=(2, 4, 4, 5)).astype("float32")
VECTORS = np.random.default_rng(2).normal(size=(8, 5)).astype("float32")
# The layer, its inputs and the axis of its kernel that is the output.
CASES = {
    "dense": (lambda: layers.Dense(6), VECTORS, -1),
    "conv": (lambda: layers.Conv2D(6, 3), IMAGES, -1),
    "conv_transposed": (
        lambda: layers.Conv2DTranspose(6, 3, strides=2),
        IMAGES,
        -2,
    ),
    "embedding": (
        lambda: layers.Embedding(7, 5, embeddings_initializer="normal"),
        np.array([0, 3, 6]),
        -1,
    ),
    "upsample_conv": (lambda: UpsampleConv2D(6), IMAGES, -1),
    "conv_pool": (lambda: Conv2DAveragePool(6), IMAGES, -1),
}
EVERY_LAYER = pytest.mark.parametrize("case", CASES)


def normalized_layer(case, power_iterations=1):
    """Returns a built layer, its inputs and its kernel's output axis."""
    make, inputs, axis = CASES[case]
    layer = SpectralNormalization(make(), power_iterations=power_iterations)
    layer.build(inputs.shape)
    return layer, ops.convert_to_tensor(inputs), axis


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def kernel_of(layer):
    return layer.layer.trainable_variables[0]


def as_matrix(kernel, axis):
    kernel = np.moveaxis(as_float64(kernel), axis, -1)
    return kernel.reshape(-1, kernel.shape[-1])


def largest_singular_value(kernel, axis):
    matrix = as_matrix(kernel, axis)
    return np.linalg.svd(matrix, compute_uv=False)[0]


def power_iteration(matrix, vector_u):
    """Returns σ, v and u after one iteration, in float64."""
    v = vector_u @ matrix.T
    v /= np.linalg.norm(v)
    u = v @ matrix
    u /= np.linalg.norm(u)
    return (v @ matrix @ u.T).item(), v, u


@EVERY_LAYER
def test_sigma_converges_to_the_largest_singular_value(case):
    layer, inputs, axis = normalized_layer(case, power_iterations=10)
    for _ in range(12):
        layer(inputs, training=True)
    expected = largest_singular_value(kernel_of(layer), axis)
    assert_allclose(as_float64(layer.sigma()), expected, rtol=1e-5)
    assert_allclose(
        largest_singular_value(layer.normalized_kernel(), axis), 1.0, rtol=1e-5
    )


@EVERY_LAYER
def test_one_call_is_one_power_iteration(case):
    layer, inputs, axis = normalized_layer(case)
    matrix = as_matrix(kernel_of(layer), axis)
    sigma, _, u = power_iteration(matrix, as_float64(layer.vector_u))
    assert_allclose(as_float64(layer.sigma()), sigma, rtol=1e-5)
    layer(inputs, training=True)
    assert_allclose(as_float64(layer.vector_u), u, atol=1e-6)


@EVERY_LAYER
@pytest.mark.parametrize("training", [False, True])
def test_outputs_are_those_of_the_divided_kernel(case, training):
    layer, inputs, axis = normalized_layer(case)
    kernel = kernel_of(layer)
    matrix = as_matrix(kernel, axis)
    sigma, _, _ = power_iteration(matrix, as_float64(layer.vector_u))
    plain = CASES[case][0]()
    plain.build(inputs.shape)
    plain.set_weights(layer.layer.get_weights())
    plain.trainable_variables[0].assign(as_float64(kernel) / sigma)
    assert_allclose(
        as_float64(layer(inputs, training=training)),
        as_float64(plain(inputs)),
        rtol=1e-5,
        atol=1e-6,
    )


@EVERY_LAYER
def test_a_call_moves_u_in_training_alone_and_the_raw_kernel_never(case):
    layer, inputs, _ = normalized_layer(case)
    weights = [as_float64(weight) for weight in layer.layer.weights]
    u = as_float64(layer.vector_u)
    layer(inputs)
    layer(inputs, training=False)
    assert_array_equal(as_float64(layer.vector_u), u)
    layer(inputs, training=True)
    assert np.abs(as_float64(layer.vector_u) - u).max() > 1e-3
    for weight, before in zip(layer.layer.weights, weights, strict=True):
        assert_array_equal(as_float64(weight), before)


@EVERY_LAYER
def test_the_gradient_has_the_closed_form(case):
    # With u and v constant, dσ/dW = vᵀu and so, for the gradient G of the
    # loss by the divided kernel, dL/dW = (G - <G, W/σ> vᵀu) / σ.
    layer, inputs, axis = normalized_layer(case)
    kernel = kernel_of(layer)
    matrix = as_matrix(kernel, axis)
    sigma, v, u = power_iteration(matrix, as_float64(layer.vector_u))
    outputs = layer(inputs)
    weights = ops.array(
        np.random.default_rng(3).normal(size=outputs.shape), dtype="float32"
    )
    plain = CASES[case][0]()
    plain.build(inputs.shape)
    plain.trainable_variables[0].assign(as_float64(kernel) / sigma)

    def gradient(layer, variable):
        _, (gradient,) = backend.value_and_gradients(
            lambda: ops.sum(weights * layer(inputs)),
            [variable],
            layer.variables,
        )
        return as_matrix(gradient, axis)

    by_divided = gradient(plain, plain.trainable_variables[0])
    through_sigma = np.sum(by_divided * matrix / sigma) * (v.T @ u)
    expected = (by_divided - through_sigma) / sigma
    assert_allclose(
        gradient(layer, kernel), expected, atol=1e-5 * np.abs(expected).max()
    )


def test_the_gradient_is_that_of_finite_differences():
    layer, inputs, axis = normalized_layer("dense", power_iterations=50)
    layer(inputs, training=True)
    kernel = kernel_of(layer)
    weights = np.random.default_rng(3).normal(size=(8, 6))
    _, (gradient,) = backend.value_and_gradients(
        lambda: ops.sum(ops.array(weights, dtype="float32") * layer(inputs)),
        [kernel],
        layer.variables,
    )

    def loss(matrix):
        sigma = np.linalg.svd(matrix, compute_uv=False)[0]
        return np.sum(weights * (VECTORS.astype("float64") @ matrix / sigma))

    raw, step = as_float64(kernel), 1e-6
    expected = np.zeros_like(raw)
    for index in np.ndindex(raw.shape):
        shift = np.zeros_like(raw)
        shift[index] = step
        expected[index] = (loss(raw + shift) - loss(raw - shift)) / (2 * step)
    assert_allclose(
        as_float64(gradient), expected, atol=1e-4 * np.abs(expected).max()
    )


@pytest.fixture(scope="module")
def trained():
    """A network trained with one power iteration a step."""
    keras.utils.set_random_seed(3)
    names = ("conv", "conv_transposed", "upsample_conv", "conv_pool")
    inputs = keras.Input((4, 4, 5))
    features = [
        layers.Flatten()(SpectralNormalization(CASES[name][0]())(inputs))
        for name in names
    ]
    features = layers.Concatenate()(features)
    outputs = SpectralNormalization(layers.Dense(3))(features)
    model = keras.Model(inputs, outputs)
    model.compile(
        keras.optimizers.SGD(0.02),
        "mse",
        jit_compile=keras.backend.backend() == "jax",
    )
    random = np.random.default_rng(4)
    images = random.normal(size=(8, 4, 4, 5)).astype("float32")
    targets = random.normal(size=(8, 3)).astype("float32")
    before = model.get_weights()
    model.fit(
        np.tile(images, (250, 1, 1, 1)),
        np.tile(targets, (250, 1)),
        batch_size=8,
        shuffle=False,
        verbose=0,
    )
    after = model.get_weights()
    assert not any(
        np.array_equal(*pair) for pair in zip(before, after, strict=True)
    )
    return model, images


def test_effective_kernels_have_norm_one_after_training(trained):
    model, images = trained
    wrappers = [
        layer
        for layer in model.layers
        if isinstance(layer, SpectralNormalization)
    ]
    assert len(wrappers) == 5
    for layer in wrappers:
        transposed = isinstance(layer.layer, layers.Conv2DTranspose)
        norm = largest_singular_value(
            layer.normalized_kernel(), -2 if transposed else -1
        )
        assert norm == pytest.approx(1.0, abs=0.02), layer.name


def test_a_saved_model_answers_and_trains_on_the_same(trained, tmp_path):
    model, images = trained
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for ours, theirs in zip(loaded.weights, model.weights, strict=True):
        assert_array_equal(as_float64(ours), as_float64(theirs))
    assert_allclose(
        as_float64(loaded(images, training=False)),
        as_float64(model(images, training=False)),
        rtol=1e-6,
    )


@pytest.mark.parametrize("case", ["dense", "conv", "upsample_conv"])
def test_sigma_is_float32_in_bfloat16(case):
    layer, inputs, axis = normalized_layer(case)
    kernel, u = as_float64(kernel_of(layer)), as_float64(layer.vector_u)
    sigma, _, _ = power_iteration(as_matrix(kernel, axis), u)
    half = layer.layer.get_config() | {"dtype": "mixed_bfloat16"}
    half = SpectralNormalization(type(layer.layer).from_config(half))
    half.build(inputs.shape)
    half.set_weights(layer.get_weights())
    outputs = half(inputs)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    for tensor in (half.sigma(), half.vector_u, half.normalized_kernel()):
        assert keras.backend.standardize_dtype(tensor.dtype) == "float32"
    # bfloat16 would be off by up to 4e-3.
    assert_allclose(as_float64(half.sigma()), sigma, rtol=1e-5)
    expected = as_float64(layer(inputs))
    assert_allclose(
        as_float64(outputs), expected, atol=0.03 * np.abs(expected).max()
    )


def test_a_global_bfloat16_policy_is_kept_by_the_wrapped_layer():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        layer, inputs, _ = normalized_layer("conv")
    finally:
        keras.config.set_dtype_policy(before)
    assert keras.backend.standardize_dtype(layer(inputs).dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(layer.sigma().dtype) == "float32"


def test_the_config_makes_an_equal_layer():
    layer = SpectralNormalization(
        layers.Conv2D(6, 3, name="conv"), power_iterations=3, epsilon=1e-6
    )
    copy = SpectralNormalization.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert copy.power_iterations == 3
    assert copy.epsilon == 1e-6
    assert copy.layer.filters == 6


def test_a_layer_without_a_kernel_is_refused():
    layer = SpectralNormalization(layers.ReLU())
    with pytest.raises(ValueError, match="`kernel` or `embeddings`.*ReLU"):
        layer.build((2, 5))


@pytest.mark.parametrize("iterations", [0, -1])
def test_iterations_must_be_positive(iterations):
    with pytest.raises(ValueError, match=f"power_iterations={iterations}"):
        SpectralNormalization(layers.Dense(3), power_iterations=iterations)


@EVERY_LAYER
def test_calls_that_share_a_kernel_are_one_power_iteration(case):
    layer, inputs, axis = normalized_layer(case)
    matrix = as_matrix(kernel_of(layer), axis)
    u = as_float64(layer.vector_u)
    with normalized_once():
        first = layer(inputs, training=True)
        second = layer(inputs, training=True)
    v = u @ matrix.T
    v /= np.linalg.norm(v)
    after = v @ matrix
    assert_allclose(
        as_float64(layer.vector_u), after / np.linalg.norm(after), atol=1e-6
    )
    assert_array_equal(as_float64(first), as_float64(second))
    # Outside, u moves on.
    layer(inputs, training=True)
    assert np.abs(as_float64(layer.vector_u) - after).max() > 0

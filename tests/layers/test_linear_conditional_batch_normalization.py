"""Batch normalization by a vector, against numpy in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend
from keras_gans.layers import (
    BatchNormalization,
    LinearConditionalBatchNormalization,
)

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(3.0, 2.0, (5, 4, 4, 3)).astype("float32")
VECTORS = RANDOM.normal(size=(5, 7)).astype("float32")
EPSILON = 1e-5
WRAPPED = pytest.mark.parametrize("spectral_norm", [False, True])


def as_float64(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32")).astype("float64")


def layer_of(spectral_norm, **options):
    layer = LinearConditionalBatchNormalization(
        0.9, spectral_norm=spectral_norm, **options
    )
    layer.build(IMAGES.shape, VECTORS.shape)
    random = np.random.default_rng(1)
    for weight in layer.weights:
        # Positive, since one of them is a variance.
        weight.assign(random.uniform(0.5, 1.5, weight.shape))
    return layer


def kernels(layer):
    """Returns G and B as a call in training uses them."""
    if not layer.spectral_norm:
        return [as_float64(p.kernel) for p in (layer.scale, layer.offset)]
    found = []
    for projection in (layer.scale, layer.offset):
        kernel = as_float64(projection.layer.kernel)
        u = as_float64(projection.vector_u)
        v = u @ kernel.T
        v /= np.linalg.norm(v)
        u = v @ kernel
        u /= np.linalg.norm(u)
        found.append(kernel / (v @ kernel @ u.T))
    return found


def expected(layer, mean, variance):
    scale, offset = (VECTORS @ kernel for kernel in kernels(layer))
    normalized = (IMAGES - mean) / np.sqrt(variance + EPSILON)
    return (1 + scale)[:, None, None] * normalized + offset[:, None, None]


def moments():
    images = IMAGES.astype("float64")
    return images.mean((0, 1, 2)), images.var((0, 1, 2))


@WRAPPED
def test_training_uses_the_moments_of_the_batch(spectral_norm):
    layer = layer_of(spectral_norm)
    moving = [as_float64(w) for w in (layer.moving_mean, layer.moving_variance)]
    value = expected(layer, *moments())
    outputs = as_float64(layer(IMAGES, VECTORS, training=True))
    assert_allclose(outputs, value, rtol=1e-5, atol=1e-4)
    now = [as_float64(w) for w in (layer.moving_mean, layer.moving_variance)]
    for new, old, value in zip(now, moving, moments(), strict=True):
        assert_allclose(new, 0.9 * old + 0.1 * value, rtol=1e-5)


@WRAPPED
def test_inference_uses_the_moving_averages_and_keeps_all(spectral_norm):
    layer = layer_of(spectral_norm)
    before = layer.get_weights()
    moving = [as_float64(w) for w in (layer.moving_mean, layer.moving_variance)]
    value = expected(layer, *moving)
    outputs = as_float64(layer(IMAGES, VECTORS))
    assert_allclose(outputs, value, rtol=1e-5, atol=1e-4)
    for old, new in zip(before, layer.get_weights(), strict=True):
        assert_array_equal(new, old)


def test_gradients_have_the_closed_form():
    # dL/dG = Σ_n c_nᵀ Σ_hw w x̂ and dL/dB = Σ_n c_nᵀ Σ_hw w.
    layer = layer_of(False)
    weights = np.random.default_rng(2).normal(size=IMAGES.shape)
    constant = ops.array(weights, dtype="float32")
    _, gradients = backend.value_and_gradients(
        lambda: ops.sum(constant * layer(IMAGES, VECTORS, training=True)),
        layer.trainable_variables,
        layer.variables,
    )
    mean, variance = moments()
    normalized = (IMAGES - mean) / np.sqrt(variance + EPSILON)
    by_image = (weights * normalized).sum((1, 2)), weights.sum((1, 2))
    for gradient, value in zip(gradients, by_image, strict=True):
        assert_allclose(as_float64(gradient), VECTORS.T @ value, atol=1e-4)


def test_of_the_zero_vector_it_is_plain():
    layer = LinearConditionalBatchNormalization(0.9)
    outputs = layer(IMAGES, np.zeros((5, 7), "float32"), training=True)
    plain = BatchNormalization(0.9)(IMAGES, training=True)
    assert_allclose(as_float64(outputs), as_float64(plain), atol=1e-5)


def test_projections_start_orthogonal():
    layer = LinearConditionalBatchNormalization(spectral_norm=False)
    layer.build((5, 4, 4, 3), (5, 7))
    for kernel in kernels(layer):
        assert_allclose(kernel.T @ kernel, np.eye(3), atol=1e-5)
    # (D, C) twice, and two averages of C.
    assert layer.count_params() == 2 * 7 * 3 + 2 * 3


def test_a_scale_is_exact_in_bfloat16():
    layer = layer_of(False, dtype="mixed_bfloat16")
    images, vectors = ops.cast(IMAGES, "bfloat16"), np.zeros_like(VECTORS)
    outputs = layer(images, vectors, training=True)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    kinds = {keras.backend.standardize_dtype(w.dtype) for w in layer.weights}
    assert kinds == {"float32"}


def test_a_config_makes_an_equal_layer():
    layer = LinearConditionalBatchNormalization(0.5, 1e-3, False)
    copy = LinearConditionalBatchNormalization.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.momentum, copy.epsilon, copy.spectral_norm) == (
        0.5,
        1e-3,
        False,
    )

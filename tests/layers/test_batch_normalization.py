"""Batch normalization, plain and conditional, against numpy in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend
from keras_gans.layers import BatchNormalization, ConditionalBatchNormalization

EPSILON = 1e-5
LABELS = np.array([0, 2, 2, 4, 1])
IMAGES = (
    np.random.default_rng(0).normal(3.0, 2.0, (5, 4, 4, 3)).astype("float32")
)
BOTH = pytest.mark.parametrize("conditional", [False, True])


def as_float64(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32")).astype("float64")


class Case:
    """A layer with random weights, and what it should compute."""

    def __init__(self, conditional, momentum=0.9, **kwargs):
        options = {"momentum": momentum, **kwargs}
        self.labels = [LABELS] if conditional else []
        if conditional:
            self.layer = ConditionalBatchNormalization(5, **options)
            self.layer.build(IMAGES.shape, LABELS.shape)
        else:
            self.layer = BatchNormalization(**options)
            self.layer.build(IMAGES.shape)
        random = np.random.default_rng(1)
        for weight in self.layer.weights:
            # Positive, since one of them is a variance.
            weight.assign(random.uniform(0.5, 1.5, weight.shape))

    def __call__(self, images, **options):
        return self.layer(images, *self.labels, **options)

    def expected(self, images, mean, variance):
        gamma, beta = as_float64(self.layer.gamma), as_float64(self.layer.beta)
        if self.labels:
            gamma, beta = gamma[LABELS][:, None, None], beta[LABELS]
            beta = beta[:, None, None]
        return gamma * (images - mean) / np.sqrt(variance + EPSILON) + beta

    def moving(self):
        layer = self.layer
        return as_float64(layer.moving_mean), as_float64(layer.moving_variance)


def moments(images):
    images = images.astype("float64")
    return images.mean((0, 1, 2)), images.var((0, 1, 2))


@BOTH
def test_training_uses_the_moments_of_the_batch(conditional):
    case = Case(conditional)
    outputs = as_float64(case(IMAGES, training=True))
    expected = case.expected(IMAGES.astype("float64"), *moments(IMAGES))
    assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)


@BOTH
@pytest.mark.parametrize("momentum", [0.0, 0.9, 0.999])
def test_moving_averages_follow_the_moments(conditional, momentum):
    case = Case(conditional, momentum)
    moving = case.moving()
    for shift in (0.0, 1.0, -2.0):
        images = (IMAGES * (1.0 + shift) + shift).astype("float32")
        case(images, training=True)
        moving = [
            momentum * average + (1 - momentum) * value
            for average, value in zip(moving, moments(images), strict=True)
        ]
    assert_allclose(case.moving(), moving, rtol=1e-5)


@BOTH
def test_inference_uses_the_moving_averages_and_keeps_them(conditional):
    case = Case(conditional)
    moving = case.moving()
    expected = case.expected(IMAGES.astype("float64"), *moving)
    for options in ({}, {"training": False}):
        outputs = as_float64(case(IMAGES, **options))
        assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
    assert_array_equal(case.moving(), moving)


@BOTH
def test_gradients_have_the_closed_form(conditional):
    # With dx̂ = γ dy: dx = (dx̂ - mean(dx̂) - x̂ mean(dx̂ x̂)) / sqrt(σ² + ε).
    case = Case(conditional)
    layer = case.layer
    weights = np.random.default_rng(2).normal(size=IMAGES.shape)
    constant = ops.array(weights, dtype="float32")

    def objective(images=IMAGES):
        return ops.sum(constant * case(images, training=True))

    _, gradients = backend.value_and_gradients(
        objective, [layer.gamma, layer.beta], layer.variables
    )
    by_images = backend.input_gradients(
        objective, ops.convert_to_tensor(IMAGES), layer.variables
    )
    mean, variance = moments(IMAGES)
    root = np.sqrt(variance + EPSILON)
    normalized = (IMAGES - mean) / root
    by_gamma, by_beta = weights * normalized, weights
    if conditional:
        tables = np.zeros((2, 5, 3))
        for table, values in zip(tables, (by_gamma, by_beta), strict=True):
            np.add.at(table, LABELS, values.sum((1, 2)))
        gamma = as_float64(layer.gamma)[LABELS][:, None, None]
    else:
        tables = by_gamma.sum((0, 1, 2)), by_beta.sum((0, 1, 2))
        gamma = as_float64(layer.gamma)
    for gradient, expected in zip(gradients, tables, strict=True):
        assert_allclose(as_float64(gradient), expected, rtol=1e-4, atol=1e-4)
    inner = weights * gamma
    expected = inner - inner.mean((0, 1, 2))
    expected -= normalized * (inner * normalized).mean((0, 1, 2))
    assert_allclose(as_float64(by_images), expected / root, atol=1e-5)


def test_a_new_layer_is_that_of_keras():
    plain = keras.layers.BatchNormalization(epsilon=EPSILON, momentum=0.8)
    outputs = as_float64(plain(IMAGES, training=True))
    ours = BatchNormalization(momentum=0.8)
    by_class = ConditionalBatchNormalization(5, momentum=0.8)
    assert_allclose(
        as_float64(ours(IMAGES, training=True)), outputs, rtol=1e-5, atol=1e-5
    )
    assert_allclose(
        as_float64(by_class(IMAGES, LABELS, training=True)),
        outputs,
        rtol=1e-5,
        atol=1e-5,
    )
    for layer, shape in ((ours, (3,)), (by_class, (5, 3))):
        shapes = [tuple(weight.shape) for weight in layer.weights]
        assert shapes == [shape, shape, (3,), (3,)]
        for name in ("moving_mean", "moving_variance"):
            average = as_float64(getattr(layer, name))
            expected = as_float64(getattr(plain, name))
            assert_allclose(average, expected, rtol=1e-5)


@BOTH
def test_moments_are_float32_in_bfloat16(conditional):
    case = Case(conditional, momentum=0.0, dtype="mixed_bfloat16")
    images = ops.cast(IMAGES, "bfloat16")
    outputs = case(images, training=True)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    images = as_float64(images)
    # Averages of 80 numbers kept in bfloat16 would be off by 1e-3.
    assert_allclose(case.moving(), moments(images), rtol=1e-5)
    # x̂, its product with γ and the sum with β are rounded to 2^-8 each.
    expected = case.expected(images, *moments(images))
    bound = 4 * 2**-8 * np.abs(expected).max()
    assert_allclose(as_float64(outputs), expected, atol=bound)


@BOTH
def test_inference_in_bfloat16_rounds_once(conditional):
    case = Case(conditional, dtype="mixed_bfloat16")
    images = ops.cast(IMAGES, "bfloat16")
    outputs = case(images)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    expected = case.expected(as_float64(images), *case.moving())
    assert_allclose(as_float64(outputs), expected, rtol=2**-8, atol=1e-6)


def test_configs_make_equal_layers():
    options = {"momentum": 0.5, "epsilon": 1e-3}
    layers = (
        BatchNormalization(**options),
        ConditionalBatchNormalization(7, **options),
    )
    for layer in layers:
        copy = type(layer).from_config(layer.get_config())
        assert copy.get_config() == layer.get_config()
        assert (copy.momentum, copy.epsilon) == (0.5, 1e-3)
    assert copy.num_classes == 7


@pytest.mark.parametrize("num_classes", [0, -3])
def test_classes_are_needed(num_classes):
    with pytest.raises(ValueError, match=f"num_classes={num_classes}"):
        ConditionalBatchNormalization(num_classes)

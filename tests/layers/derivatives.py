"""Layers compared by outputs and derivatives."""

import keras
import numpy as np
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def images_of(size, count=2):
    random = np.random.default_rng(0)
    return random.normal(size=(count, *size, 3)).astype("float32")


def assert_close(value, expected):
    scale = np.abs(expected).max(initial=0)
    assert_allclose(value, expected, rtol=1e-5, atol=1e-5 * scale)


def assert_same_function(ours, theirs, images):
    """Compares outputs, gradients, and gradients of the gradients' norm."""
    random = np.random.default_rng(1)
    for layer in (ours, theirs):
        layer.build(images.shape)
    for weight, other in zip(ours.weights, theirs.weights, strict=True):
        value = random.normal(size=weight.shape)
        weight.assign(value)
        other.assign(value)
    shape = theirs.compute_output_shape(images.shape)
    assert ours.compute_output_shape(images.shape) == shape
    weights = ops.array(random.normal(size=shape), dtype="float32")
    for value, expected in zip(
        derivatives(ours, images, weights),
        derivatives(theirs, images, weights),
        strict=True,
    ):
        assert value.shape == expected.shape
        assert_close(value, expected)


def derivatives(layer, images, weights):
    """Returns outputs, gradients, and gradients of the gradients' norm."""

    def exact(inputs):
        return ops.cast(layer(inputs), "float32")

    def objective(inputs=images):
        return ops.sum(weights * exact(inputs))

    def norm():
        inputs = ops.convert_to_tensor(images)
        # Cubes, so that gradients of a linear layer depend on the images.
        gradients = backend.input_gradients(
            lambda x: ops.sum(weights * exact(x) ** 3),
            inputs,
            layer.variables,
        )
        return ops.sum(ops.square(gradients))

    def every():
        variables = layer.trainable_variables
        by_weights, twice = [], []
        if variables:
            _, by_weights = backend.value_and_gradients(
                objective, variables, layer.variables
            )
            _, twice = backend.value_and_gradients(
                norm, variables, layer.variables
            )
        by_inputs = backend.input_gradients(
            objective, ops.convert_to_tensor(images), layer.variables
        )
        return [layer(images), by_inputs, *by_weights, *twice]

    return [as_float64(value) for value in compiled(every)()]


def compiled(function):
    """Returns the function, on JAX at one go: it compiles single operations."""
    if keras.backend.backend() != "jax":
        return function
    import jax

    return jax.jit(function)

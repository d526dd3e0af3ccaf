"""Functions that run again where gradients need them."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def variable(value, **kwargs):
    return keras.Variable(np.asarray(value, "float32"), **kwargs)


def test_value_and_gradients_are_those_of_the_function():
    # tanh(w x) over x: d/dw Σ = Σ x (1 - tanh²), with an unused output.
    w, x = variable([0.5, -1.0]), np.array([[1.0, 2.0], [-3.0, 0.25]])

    def objective():
        outputs = backend.rematerialized(
            lambda x: [ops.tanh(x * w), ops.sum(x)],
            [ops.array(x, "float32")],
            [w],
        )
        return ops.sum(outputs[0])

    value, (gradient,) = backend.value_and_gradients(objective, [w], [w])
    tanh = np.tanh(x * [0.5, -1.0])
    assert_allclose(as_float64(value), tanh.sum(), rtol=1e-6)
    assert_allclose(as_float64(gradient), (x * (1 - tanh**2)).sum(0), rtol=1e-5)


def test_gradients_reach_what_was_computed_before():
    # Σ (a b)² through two functions: by a, 2 a b²; the integers pass.
    a, b = variable([1.0, 2.0]), variable([3.0, -0.5])
    indices = ops.array([1, 0], "int32")

    def objective():
        (first,) = backend.rematerialized(
            lambda i: [ops.take(a, i)], [indices], [a]
        )
        (second,) = backend.rematerialized(
            lambda x, i: [ops.square(x * ops.take(b, i))],
            [first, indices],
            [b],
        )
        return ops.sum(second)

    value, (by_a, by_b) = backend.value_and_gradients(objective, [a, b], [a, b])
    assert_allclose(as_float64(value), 10.0)
    assert_allclose(as_float64(by_a), [18.0, 1.0])
    assert_allclose(as_float64(by_b), [6.0, -4.0])


def test_variables_that_are_not_asked_for_are_constants():
    a, b = variable(2.0), variable(5.0)

    def objective():
        (value,) = backend.rematerialized(
            lambda x: [x * a * b], [ops.array(3.0)], [a, b]
        )
        return value

    _, gradients = backend.value_and_gradients(objective, [a], [a, b])
    assert [float(as_float64(gradient)) for gradient in gradients] == [15.0]


def test_what_is_assigned_is_assigned_once_and_seen_as_it_was():
    a, count = variable(2.0), variable(0.0, trainable=False)

    def function(x):
        count.assign(count + 1.0)
        return [x * a * count]

    def objective():
        return backend.rematerialized(function, [ops.array(1.0)], [a, count])[0]

    for expected in (1.0, 2.0, 3.0):
        value, (gradient,) = backend.value_and_gradients(
            objective, [a], [a, count]
        )
        assert as_float64(value) == 2.0 * expected
        assert as_float64(gradient) == expected
        assert as_float64(count) == expected


def test_assignments_reach_an_enclosing_scope_alone():
    count = variable(0.0, trainable=False)

    def function(x):
        count.assign(count + x)
        return [x]

    mapping = [(count, ops.array(5.0))]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        backend.rematerialized(function, [ops.array(2.0)], [count])
    assert as_float64(scope.get_current_value(count)) == 7.0
    assert as_float64(count) == 0.0


@pytest.mark.parametrize("seed", [1, None])
def test_both_runs_draw_the_same(seed):
    # The derivative of w·mask by w is the mask: the outputs' for w = 1.
    # Keras leaves dropout without a seed to the framework's own generator.
    w, seed = variable(np.ones(200)), keras.random.SeedGenerator(seed)
    mask = variable(np.zeros(200), trainable=False)
    state = [w, seed.state, mask]

    def function(x):
        return [keras.random.dropout(x * w, 0.5, seed=seed)]

    def objective():
        (outputs,) = backend.rematerialized(function, [ops.ones(200)], state)
        mask.assign(outputs)
        return ops.sum(outputs)

    _, (gradient,) = backend.value_and_gradients(objective, [w], state)
    assert_array_equal(as_float64(gradient), as_float64(mask))
    assert set(as_float64(mask)) == {0.0, 2.0}


def test_a_seed_advances_once():
    seed = keras.random.SeedGenerator(1)
    start = ops.convert_to_numpy(seed.state)
    w = variable(1.0)

    def objective():
        return backend.rematerialized(
            lambda x: [x * w * keras.random.uniform((), seed=seed)],
            [ops.array(1.0)],
            [w, seed.state],
        )[0]

    backend.value_and_gradients(objective, [w], [w, seed.state])
    assert_array_equal(ops.convert_to_numpy(seed.state) - start, [0, 1])


def test_input_gradients_can_be_differentiated():
    # f(x) = w x³ and g = Σ f' = 3 w Σ x²: dg/dw = 3 Σ x².
    w, inputs = variable(2.0), ops.array([1.0, 2.0, -3.0])

    def function(x):
        return backend.rematerialized(lambda x: [w * x**3], [x], [w])[0]

    def objective():
        return ops.sum(backend.input_gradients(function, inputs, [w]))

    value, (gradient,) = backend.value_and_gradients(objective, [w], [w])
    assert_allclose(as_float64(value), 84.0)
    assert_allclose(as_float64(gradient), 42.0)

"""What differs between the backends, against closed forms."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

from keras_gans import backend


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def variable(value, **kwargs):
    return keras.Variable(np.asarray(value, "float32"), **kwargs)


def test_value_and_gradients_of_a_quadratic():
    a, b = variable([1.0, -2.0]), variable(3.0)
    value, gradients = backend.value_and_gradients(
        lambda: ops.sum(ops.square(a)) * b, [a, b], [a, b]
    )
    assert as_float64(value) == 15.0
    assert_allclose(as_float64(gradients[0]), [6.0, -12.0])
    assert_allclose(as_float64(gradients[1]), 5.0)


def test_a_variable_that_is_not_read_has_a_gradient_of_zero():
    a, b = variable([1.0, -2.0]), variable([[3.0]])
    _, (by_a, by_b) = backend.value_and_gradients(
        lambda: ops.sum(a), [a, b], []
    )
    assert_array_equal(as_float64(by_a), [1.0, 1.0])
    assert_array_equal(as_float64(by_b), [[0.0]])


def test_a_looked_up_table_has_a_dense_gradient():
    table = variable(np.ones((4, 2)))
    _, (gradient,) = backend.value_and_gradients(
        lambda: ops.sum(ops.take(table, ops.array([1, 3, 1]), axis=0)),
        [table],
        [],
    )
    expected = [[0, 0], [2, 2], [0, 0], [1, 1]]
    assert_array_equal(ops.convert_to_numpy(gradient), expected)


def test_what_the_objective_assigns_stays_assigned():
    a, count = variable(2.0), variable(0.0, trainable=False)

    def objective():
        count.assign(count + 1.0)
        return a * count

    for expected in (1.0, 2.0):
        value, (gradient,) = backend.value_and_gradients(
            objective, [a], [a, count]
        )
        assert as_float64(value) == 2.0 * expected
        assert as_float64(gradient) == expected
        assert as_float64(count) == expected


def test_assignments_reach_an_enclosing_scope_alone():
    a, count = variable(2.0), variable(0.0, trainable=False)

    def objective():
        count.assign(count + 1.0)
        return a * count

    mapping = [(count, ops.array(5.0))]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        value, _ = backend.value_and_gradients(objective, [a], [count])
    assert as_float64(value) == 12.0
    assert as_float64(scope.get_current_value(count)) == 6.0
    assert as_float64(count) == 0.0


def test_input_gradients_of_a_cubic():
    inputs = ops.array([[1.0, 2.0], [-3.0, 0.5]])
    gradients = backend.input_gradients(lambda x: x**3, inputs, [])
    assert_allclose(as_float64(gradients), 3.0 * as_float64(inputs) ** 2)


def test_input_gradients_can_be_differentiated():
    # f(x) = w x³ and g = Σ f' = 3 w Σ x²: dg/dw = 3 Σ x².
    w, inputs = variable(2.0), ops.array([1.0, 2.0, -3.0])

    def objective():
        return ops.sum(backend.input_gradients(lambda x: w * x**3, inputs, [w]))

    value, (gradient,) = backend.value_and_gradients(objective, [w], [w])
    assert_allclose(as_float64(value), 84.0)
    assert_allclose(as_float64(gradient), 42.0)


def test_input_gradients_drop_assignments():
    count = variable(1.0, trainable=False)

    def function(inputs):
        count.assign(count + 1.0)
        return count * inputs

    gradients = backend.input_gradients(function, ops.ones(3), [count])
    assert_allclose(as_float64(gradients), 2.0)
    assert as_float64(count) == 1.0


def test_the_first_of_an_objectives_values_is_the_loss():
    a, b = variable([1.0, -2.0]), variable(3.0)

    def objective():
        return ops.sum(ops.square(a)), {"b": b * b, "a": ops.sum(a)}

    (loss, logs), gradients = backend.value_and_gradients(
        objective, [a, b], [a, b]
    )
    assert (float(loss), float(logs["a"]), float(logs["b"])) == (5.0, -1.0, 9.0)
    assert_allclose(as_float64(gradients[0]), [2.0, -4.0])
    assert_allclose(as_float64(gradients[1]), 0.0)


def test_gradients_for_inputs_are_constants_and_assignments_stay():
    count = variable(1.0, trainable=False)

    def objective(inputs):
        count.assign(count + 1.0)
        first, second = inputs
        return ops.sum(count * first**3) + ops.sum(second), {"count": count + 0}

    inputs = [ops.array([1.0, -2.0]), ops.array([5.0])]
    (loss, logs), gradients = backend.value_and_input_gradients(
        objective, inputs, [count]
    )
    assert (float(loss), float(logs["count"])) == (-9.0, 2.0)
    assert_allclose(as_float64(gradients[0]), [6.0, 24.0])
    assert_allclose(as_float64(gradients[1]), [1.0])
    assert as_float64(count) == 2.0
    # On PyTorch, no graph is kept through which they could be derived again.
    for tensor in (loss, *gradients):
        assert not getattr(tensor, "requires_grad", False)


def test_nothing_flows_through_no_gradient():
    a = variable(3.0)

    def objective():
        with backend.no_gradient():
            constant = a * a
        return ops.stop_gradient(constant) * a

    _, (gradient,) = backend.value_and_gradients(objective, [a], [a])
    assert as_float64(gradient) == 9.0


@pytest.mark.parametrize("decay", [0.0, 0.75])
def test_averages_follow_the_recursion(decay):
    random = np.random.default_rng(0)
    values = [random.normal(size=shape) for shape in [(3, 2), (4,), ()]]
    pairs = [(variable(value), variable(value + 1.0)) for value in values]
    expected = values
    for _ in range(3):
        expected = [
            decay * average + (1 - decay) * as_float64(current)
            for average, (_, current) in zip(expected, pairs, strict=True)
        ]
        backend.update_averages(pairs, ops.array(decay))
    for (average, current), value, start in zip(
        pairs, expected, values, strict=True
    ):
        assert_allclose(as_float64(average), value, rtol=1e-5)
        assert_allclose(as_float64(current), start + 1.0, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_standardize_gives_the_moments_that_it_removes(dtype):
    inputs = np.random.default_rng(0).normal(4.0, 3.0, (5, 3, 2, 4))
    inputs = ops.cast(inputs.astype("float32"), dtype)
    exact = as_float64(ops.cast(inputs, "float32"))
    mean, variance = exact.mean((0, 1, 2)), exact.var((0, 1, 2))
    outputs, *moments = backend.standardize(inputs, 1e-3)
    assert keras.backend.standardize_dtype(outputs.dtype) == dtype
    for moment, expected in zip(moments, (mean, variance), strict=True):
        assert keras.backend.standardize_dtype(moment.dtype) == "float32"
        assert_allclose(as_float64(moment), expected, rtol=1e-5)
    expected = (exact - mean) / np.sqrt(variance + 1e-3)
    rounding = 1e-5 if dtype == "float32" else 2**-8
    outputs = as_float64(ops.cast(outputs, "float32"))
    assert_allclose(outputs, expected, rtol=rounding, atol=rounding / 2)


def test_standardize_scales_and_shifts_by_channel():
    random = np.random.default_rng(0)
    inputs = random.normal(4.0, 3.0, (5, 3, 2, 4)).astype("float32")
    scale, offset = random.normal(size=(2, 4)).astype("float32")
    outputs = backend.standardize(
        *(ops.convert_to_tensor(inputs), 1e-3),
        *map(ops.convert_to_tensor, (scale, offset)),
    )[0]
    exact = inputs.astype("float64")
    deviation = np.sqrt(exact.var((0, 1, 2)) + 1e-3)
    expected = (exact - exact.mean((0, 1, 2))) / deviation * scale + offset
    assert_allclose(as_float64(outputs), expected, rtol=1e-5, atol=1e-5)


def test_standardize_can_be_differentiated_twice():
    # Standardizing w x gives the same for every w, so the gradient by w x is
    # that by x over w: Σ g² is proportional to w⁻² and falls by 2 Σ g² / w.
    random = np.random.default_rng(0)
    inputs, weights = (
        ops.array(random.normal(size=(3, 2, 2, 1)), dtype="float32")
        for _ in range(2)
    )
    w = variable(1.5)

    def objective():
        gradients = backend.input_gradients(
            lambda x: weights * backend.standardize(x, 1e-8)[0],
            inputs * w,
            [w],
        )
        return ops.sum(ops.square(gradients))

    value, (gradient,) = backend.value_and_gradients(objective, [w], [w])
    assert as_float64(value) > 0.1
    expected = -2.0 * as_float64(value) / 1.5
    assert_allclose(as_float64(gradient), expected, rtol=1e-4)


def test_one_process_is_one_replica():
    assert int(backend.replica_id()) == 0
    assert backend.replica_count() == 1


def test_a_compiled_function_computes_what_it_says():
    def function(x, y):
        return [ops.sum(x * y), x - y]

    compiled = backend.compiled(function)
    x, y = np.arange(6.0).reshape(2, 3), np.full((2, 3), 2.0)
    for _ in range(2):
        total, difference = compiled(
            *(ops.convert_to_tensor(a.astype("float32")) for a in (x, y))
        )
        backend.wait_for([total, {"difference": difference}])
        assert as_float64(total) == 30.0
        assert_array_equal(as_float64(difference), x - y)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_upsampled_pixels_have_the_sums_of_their_gradients(dtype):
    # Small integers are exact in either type.
    shape = (2, 6, 8, 3)
    weights = np.random.default_rng(0).integers(-9, 9, shape)
    factors = ops.cast(weights.astype("float32"), dtype)
    source = variable(np.zeros((2, 3, 4, 3)))

    def objective():
        images = backend.upsample(ops.cast(source, dtype))
        return ops.sum(ops.cast(images * factors, "float32"))

    _, (gradient,) = backend.value_and_gradients(objective, [source], [source])
    expected = weights.reshape(2, 3, 2, 4, 2, 3).sum((2, 4))
    assert_array_equal(as_float64(gradient), expected)


def test_upsampling_can_be_differentiated_twice():
    # f = Σ u(x)³ has the gradient 4 · 3 x², whose sum has 24 x.
    source = variable(np.arange(12.0).reshape(1, 2, 3, 2) / 7)

    def objective():
        inputs = 1.0 * source
        (gradient,) = backend.input_gradients(
            lambda images: backend.upsample(images[0]) ** 3, [inputs], []
        )
        return ops.sum(gradient)

    _, (second,) = backend.value_and_gradients(objective, [source], [source])
    expected = 24 * np.arange(12.0).reshape(1, 2, 3, 2) / 7
    assert_allclose(as_float64(second), expected, rtol=1e-5)


def test_values_between_pixels_are_linear_in_both_directions():
    random = np.random.default_rng(0)
    images = random.normal(size=(2, 5, 7, 3)).astype("float32")
    rows = random.uniform(0, 4, (2, 40)).astype("float32")
    columns = random.uniform(0, 6, (2, 40)).astype("float32")
    # Pixels themselves, in the corners too.
    rows[:, :3], columns[:, :3] = [0, 4, 2], [0, 6, 3]
    places = list(map(ops.convert_to_tensor, (rows, columns)))
    found = backend.interpolate(ops.convert_to_tensor(images), *places)
    for image, row, column, values in zip(
        images, rows, columns, as_float64(found), strict=True
    ):
        for channel in range(3):
            expected = ndimage.map_coordinates(
                image[..., channel].astype("float64"), [row, column], order=1
            )
            assert_allclose(values[:, channel], expected, atol=2e-6)


def test_gradients_of_values_between_pixels_are_the_weights():
    images = ops.zeros((1, 3, 4, 2))
    rows, columns = ops.array([[0.25, 0.25]]), ops.array([[1.5, 1.5]])
    gradients = backend.input_gradients(
        lambda images: backend.interpolate(images, rows, columns), images, []
    )
    expected = np.zeros((1, 3, 4, 2))
    # Two places of the same weights, 3/4 and 1/4 times a half each.
    expected[0, 0, 1:3], expected[0, 1, 1:3] = 0.75, 0.25
    assert_allclose(as_float64(gradients), expected, atol=1e-6)

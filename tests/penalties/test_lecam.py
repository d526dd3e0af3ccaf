"""LeCam's averages and its value, by hand."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.penalties import LeCam
from tests.penalties.updates import as_float64, update_of

SCORES = np.random.default_rng(0).normal(size=(5, 2, 4)).astype("float32")


def of(penalty, count, scores):
    by_side = {
        side: ops.convert_to_tensor(values)
        for side, values in zip(("real", "fake"), scores, strict=True)
    }
    return penalty.of(update_of(None, {}, count, by_side))


@pytest.mark.parametrize("start", [0, 1, 3, 100])
def test_averages_and_values_follow_the_recursion(start):
    penalty = LeCam(0.5, decay=0.75, start=start)
    [layer] = penalty.build(None)
    averages = np.zeros(2)
    for count, scores in enumerate(SCORES.astype("float64")):
        kept = 0.75 if count >= max(start, 1) else 0.0
        averages = kept * averages + (1 - kept) * scores.mean(axis=1)
        distance = np.mean((scores[0] - averages[1]) ** 2)
        distance += np.mean((scores[1] - averages[0]) ** 2)
        expected = 0.5 * distance if count >= start else 0.0
        value = of(penalty, count, SCORES[count])
        assert keras.backend.standardize_dtype(value.dtype) == "float32"
        assert_allclose(as_float64(value), expected, rtol=1e-5)
        found = [as_float64(layer.averages[s]) for s in ("real", "fake")]
        assert_allclose(found, averages, rtol=1e-5)


def test_averages_are_constants_to_the_gradient():
    penalty = LeCam(3.0, decay=0.0, start=0)
    penalty.build(None)
    scores = keras.Variable(SCORES[0])
    _, (gradient,) = backend.value_and_gradients(
        lambda: of(penalty, 2, ops.unstack(ops.convert_to_tensor(scores))),
        [scores],
        [scores, *penalty.scores.variables],
    )
    others = SCORES[0].astype("float64").mean(axis=1)[::-1, None]
    expected = 3.0 * 2 * (SCORES[0] - others) / 4
    assert_allclose(as_float64(gradient), expected, rtol=1e-5)


def test_the_averages_are_weights_that_are_not_trained():
    [layer] = LeCam().build(None)
    assert len(layer.weights) == 2 and not layer.trainable_weights


@pytest.mark.once
def test_the_config_makes_an_equal_penalty():
    config = keras.saving.serialize_keras_object(LeCam(0.1, 0.5, 7))
    copy = keras.saving.deserialize_keras_object(config)
    assert (copy.weight, copy.decay, copy.start) == (0.1, 0.5, 7)


@pytest.mark.once
@pytest.mark.parametrize(
    "options", [{"weight": -0.3}, {"decay": 1.0}, {"decay": -0.1}]
)
def test_values_out_of_range_are_refused(options):
    [(name, value)] = options.items()
    with pytest.raises(ValueError, match=f"{name}={value}"):
        LeCam(**options)

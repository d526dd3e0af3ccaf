"""Drift: squared scores of real images, and nothing of generated ones."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.penalties import Drift
from tests.penalties.updates import as_float64, update_of

REAL = np.array([1.5, -0.5, 2.0, 0.0], "float32")


def test_it_is_the_mean_square_of_real_scores():
    scores = keras.Variable(REAL)
    fake = ops.convert_to_tensor([9.0, -9.0, 9.0, 9.0])

    def penalty():
        by_side = {"real": ops.convert_to_tensor(scores), "fake": fake}
        return Drift(0.01).of(update_of(None, {}, scores=by_side))

    value, (gradient,) = backend.value_and_gradients(
        penalty, [scores], [scores]
    )
    assert_allclose(as_float64(value), 0.01 * np.mean(REAL**2), rtol=1e-6)
    assert_allclose(as_float64(gradient), 0.01 * 2 * REAL / 4, rtol=1e-6)


@pytest.mark.once
def test_its_weight_is_the_published_one_and_no_other_thing():
    assert Drift().get_config() == {"weight": 0.001}
    assert Drift.from_config({"weight": 0.5}).weight == 0.5
    for weight in (-1.0, float("nan"), "0.1", True):
        with pytest.raises(ValueError, match="finite number of 0 or more"):
            Drift(weight)

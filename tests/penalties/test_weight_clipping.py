"""Weight clipping."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_array_equal

from keras_gans.penalties import WeightClipping


def test_weights_are_clipped_on_both_sides():
    weights = np.array([-3.0, -0.5, 0.0, 0.25, 0.5, 7.0], "float32")
    clipped = WeightClipping(0.5)(ops.convert_to_tensor(weights))
    expected = [-0.5, -0.5, 0.0, 0.25, 0.5, 0.5]
    assert_array_equal(ops.convert_to_numpy(clipped), expected)


def test_the_config_makes_an_equal_constraint():
    copy = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(WeightClipping(0.02))
    )
    assert type(copy) is WeightClipping
    assert copy.limit == 0.02


@pytest.mark.parametrize("limit", [0.0, -0.01])
def test_a_limit_that_is_not_positive_is_refused(limit):
    with pytest.raises(ValueError, match=f"Received: {limit}"):
        WeightClipping(limit)

"""The rearrangement of channels into pixels."""

import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_array_equal

from keras_gans.layers.depth_to_space import DepthToSpace


def test_every_value_goes_where_the_formula_says():
    features = np.arange(2 * 3 * 2 * 12, dtype="float32").reshape(2, 3, 2, 12)
    outputs = ops.convert_to_numpy(DepthToSpace()(features))
    assert outputs.shape == (2, 6, 4, 3)
    for n, i, j, p, q, c in np.ndindex(2, 3, 2, 2, 2, 3):
        expected = features[n, i, j, (2 * p + q) * 3 + c]
        assert outputs[n, 2 * i + p, 2 * j + q, c] == expected


def test_four_channels_of_a_pixel_are_a_square():
    square = DepthToSpace()(np.array([[[[1.0, 2.0, 3.0, 4.0]]]], "float32"))
    assert_array_equal(
        ops.convert_to_numpy(square)[0, :, :, 0], [[1.0, 2.0], [3.0, 4.0]]
    )


@pytest.mark.once
def test_other_numbers_of_channels_are_refused():
    with pytest.raises(ValueError, match="multiple of 4"):
        DepthToSpace()(np.zeros((1, 2, 2, 6), "float32"))

import pytest

from keras_gans.metrics import compare_intervals

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((1, 2), (2.5, 3), "lower"),
        ((2.5, 3), (1, 2), "higher"),
        ((1, 2), (2, 3), "tied"),
        ((1, 4), (2, 3), "tied"),
    ],
)
def test_intervals_that_overlap_are_tied(a, b, expected):
    assert compare_intervals(a, b) == expected

"""Coverage of the modes of a mixture, by counts made by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.metrics.scores.mode_coverage import mode_coverage

pytestmark = pytest.mark.once
MODES = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


def test_the_mixture_itself_is_covered():
    random = np.random.default_rng(0)
    points = MODES[random.integers(0, 4, 40_000)]
    points = points + random.normal(0.0, 0.01, points.shape)
    result = mode_coverage(points, MODES, 0.01)
    assert (result["modes_covered"], result["modes"]) == (4, 4)
    # Of a normal distribution in the plane, exp(-4² / 2) lies farther out.
    assert_allclose(1 - result["near_share"], np.exp(-8), atol=2e-4)
    nearer = mode_coverage(points, MODES, 0.01, radius=1.0)
    assert_allclose(nearer["near_share"], 1 - np.exp(-0.5), atol=0.01)


def test_a_mode_needs_its_share_of_samples():
    # 100 samples of 4 modes: a tenth of 25 is 2.5, so three are needed.
    points = np.repeat(MODES, [80, 15, 3, 2], axis=0)
    result = mode_coverage(points, MODES, 0.01)
    assert result == {
        "modes_covered": 3,
        "modes": 4,
        "near_share": 1.0,
        "samples": 100,
    }
    all_needed = mode_coverage(points, MODES, 0.01, minimum_share=1.0)
    assert all_needed["modes_covered"] == 1


def test_the_distance_is_euclidean_and_its_bound_included():
    points = [[0.3, 0.4], [0.3, 0.41], [-0.5, 0.0]]
    result = mode_coverage(points, MODES[:1], 0.125, radius=4.0)
    assert_allclose(result["near_share"], 2 / 3)


def test_diverged_samples_are_near_nothing():
    points = [[0.0, 0.0], [np.nan, 0.0], [np.inf, 1.0], [0.0, 0.0]]
    result = mode_coverage(points, MODES, 0.1)
    assert (result["near_share"], result["modes_covered"]) == (0.5, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": np.zeros((3, 3))}, r"shapes \(3, 3\)"),
        ({"points": np.zeros((0, 2))}, r"shapes \(0, 2\)"),
        ({"standard_deviation": 0.0}, "standard_deviation=0.0"),
        ({"radius": -1.0}, "radius=-1.0"),
        ({"minimum_share": 2.0}, "minimum_share=2.0"),
    ],
)
def test_arguments_out_of_range_are_refused(change, message):
    arguments = {
        "points": np.zeros((3, 2)),
        "modes": MODES,
        "standard_deviation": 1.0,
    }
    with pytest.raises(ValueError, match=message):
        mode_coverage(**arguments | change)

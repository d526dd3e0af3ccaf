"""The sliced distance against its closed forms."""

import numpy as np
import pytest

from keras_gans.metrics.scores.sliced_wasserstein import sliced_wasserstein

pytestmark = pytest.mark.once


def test_a_shift_is_its_mean_projection():
    points = np.random.default_rng(0).normal(size=(100, 2))
    distance = sliced_wasserstein(points, points + [3.0, 4.0], directions=4096)
    # The mean of |cos| over a circle is 2/π.
    assert distance == pytest.approx(5 * 2 / np.pi, rel=1e-5)


def test_a_stretch_of_the_normal_distribution_is_known():
    points = np.random.default_rng(0).normal(size=(200_000, 2))
    # |x·u| has mean √(2/π); doubling moves each projection by itself.
    distance = sliced_wasserstein(points, 2 * points)
    assert distance == pytest.approx(np.sqrt(2 / np.pi), rel=0.01)


def test_the_order_of_points_does_not_matter():
    points = np.random.default_rng(0).normal(size=(100, 2))
    assert sliced_wasserstein(points, points[::-1]) == 0.0


def test_a_diverged_generator_has_no_distance():
    points = np.zeros((3, 2))
    assert np.isnan(sliced_wasserstein(points, points + np.inf))


@pytest.mark.parametrize(
    ("shape", "directions"), [((3, 2), 64), ((4, 3), 64), ((4, 2), 0)]
)
def test_sets_that_do_not_fit_are_refused(shape, directions):
    with pytest.raises(ValueError, match=f"directions={directions}"):
        sliced_wasserstein(
            np.zeros((4, 2)), np.zeros(shape), directions=directions
        )

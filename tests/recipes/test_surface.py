"""Pictures of points over level sets."""

import numpy as np
import pytest

from recipes.common.surface import (
    GENERATED,
    HIGH,
    LOW,
    REAL,
    grid_points,
    value_surface,
)

pytestmark = pytest.mark.once
NOWHERE = np.empty((0, 2))


def test_the_grid_is_the_square_of_the_paper():
    points = grid_points()
    assert points.shape == (128 * 128, 2)
    np.testing.assert_allclose(points.min(0), -3 + 3 / 128, rtol=1e-6)
    np.testing.assert_allclose(points[0], [-3 + 3 / 128, 3 - 3 / 128])
    np.testing.assert_allclose(points[1] - points[0], [6 / 128, 0], atol=1e-6)


def test_a_value_that_grows_upwards_is_lighter_above():
    picture = value_surface(lambda p: np.exp(9 * p[:, 1]), NOWHERE, NOWHERE)
    assert picture.shape == (512, 512, 3)
    assert picture[0, 0].tolist() == HIGH.tolist()
    assert picture[-1, 0].tolist() == LOW.tolist()
    brightness = picture[:, 0].astype(int).sum(-1)
    assert (np.diff(brightness) <= 0).all()
    # Equal shares of the area, whatever the values.
    _, counts = np.unique(brightness, return_counts=True)
    assert len(counts) == 24
    assert counts.max() - counts.min() <= 4
    assert (picture == picture[:, :1]).all()


def test_a_constant_has_one_band():
    picture = value_surface(lambda p: np.zeros(len(p)), NOWHERE, NOWHERE)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 1


def test_points_are_where_they_belong():
    real = np.array([[-1.5, 1.5], [99.0, 0.0], [np.nan, 0.0]])
    fake = np.array([[1.5, -1.5]])
    picture = value_surface(lambda p: p[:, 0], real, fake)
    assert picture[128, 128].tolist() == list(REAL)
    assert picture[384, 384].tolist() == list(GENERATED)
    assert (picture == REAL).all(-1).sum() == 9
    assert (picture == GENERATED).all(-1).sum() == 9

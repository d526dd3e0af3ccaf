import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.metrics import Moments

pytestmark = pytest.mark.once


def features(count=100, dimension=5, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(3.0, 2.0, (count, dimension))


def test_moments_are_those_of_numpy():
    x = features()
    moments = Moments(5)
    moments.update_state(x)
    assert moments.count == 100
    assert_allclose(moments.mean, x.mean(axis=0), rtol=1e-13)
    assert_allclose(moments.covariance, np.cov(x.T), rtol=1e-12)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_stream_equals_the_whole(size):
    x = features()
    moments = Moments(5)
    for start in range(0, len(x), size):
        moments.update_state(x[start : start + size])
    assert moments.count == 100
    assert_allclose(moments.mean, x.mean(axis=0), rtol=1e-13)
    assert_allclose(moments.covariance, np.cov(x.T), rtol=1e-11)


def test_merged_parts_equal_the_whole_and_stay_unchanged():
    x = features()
    left, right = Moments(5), Moments(5)
    left.update_state(x[:30])
    right.update_state(x[30:])
    left.merge(right)
    assert_allclose(left.mean, x.mean(axis=0), rtol=1e-13)
    assert_allclose(left.covariance, np.cov(x.T), rtol=1e-11)
    assert right.count == 70
    assert_allclose(right.covariance, np.cov(x[30:].T), rtol=1e-12)


def test_merging_nothing_changes_nothing():
    moments = Moments(5)
    moments.update_state(features())
    before = moments.covariance
    moments.merge(Moments(5))
    moments.update_state(np.empty((0, 5)))
    assert moments.count == 100
    np.testing.assert_array_equal(moments.covariance, before)


def test_a_large_mean_does_not_drown_the_covariance():
    # The textbook sum of squares loses every digit at this ratio.
    x = features()
    moments = Moments(5)
    for part in np.split(x + 1e8, 10):
        moments.update_state(part)
    assert_allclose(moments.covariance, np.cov(x.T), rtol=1e-6)


def test_the_covariance_is_exactly_symmetric():
    moments = Moments(40)
    for seed in range(5):
        moments.update_state(features(13, 40, seed))
    np.testing.assert_array_equal(moments.covariance, moments.covariance.T)


def test_stored_moments_continue_where_they_stopped():
    x = features()
    moments = Moments(5)
    moments.update_state(x[:40])
    restored = Moments.from_arrays(moments.to_arrays())
    restored.update_state(x[40:])
    assert_allclose(restored.covariance, np.cov(x.T), rtol=1e-11)


@pytest.mark.parametrize("dimension", [0, -1, 2.0, None])
def test_an_impossible_dimension_is_refused(dimension):
    with pytest.raises(ValueError, match="dimension"):
        Moments(dimension)


def test_features_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(count, 5\).*\(3, 4\)"):
        Moments(5).update_state(np.zeros((3, 4)))
    with pytest.raises(ValueError, match="5 and 4"):
        Moments(5).merge(Moments(4))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(value):
    x = features()
    x[7, 2] = value
    moments = Moments(5)
    with pytest.raises(ValueError, match="1 of 100 vectors.*index 7"):
        moments.update_state(x)
    assert moments.count == 0


def test_too_few_vectors_are_refused():
    moments = Moments(5)
    with pytest.raises(ValueError, match="Received: 0"):
        _ = moments.mean
    moments.update_state(np.zeros((1, 5)))
    with pytest.raises(ValueError, match="Received: 1"):
        _ = moments.covariance

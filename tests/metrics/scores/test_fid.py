import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose

from keras_gans.metrics import FrechetDistance, Moments, frechet_distance

pytestmark = pytest.mark.once


def moments_of(features):
    moments = Moments(np.shape(features)[1])
    moments.update_state(features)
    return moments


def with_moments(mean, covariance):
    """2 d vectors whose mean and unbiased covariance are those given."""
    d = len(mean)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(values)
    steps = np.sqrt((2 * d - 1) / 2) * np.concatenate([root.T, -root.T])
    return np.asarray(mean) + steps


def mixed(count, dimension, seed):
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(dimension, dimension))
    return random.normal(size=(count, dimension)) @ mixing


def with_sqrtm(x, y):
    """The textbook formula, by a general matrix square root."""
    a, b = np.cov(x.T), np.cov(y.T)
    difference = x.mean(axis=0) - y.mean(axis=0)
    root = scipy.linalg.sqrtm(a @ b).real
    return difference @ difference + np.trace(a + b - 2 * root)


def test_commuting_covariances_have_a_closed_form():
    # With common axes, d² = |Δμ|² + Σ (√a - √b)².
    axes, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(4, 4)))
    a, b = np.array([9.0, 4, 1, 16]), np.array([1.0, 4, 25, 9])
    real = with_moments([0, 0, 0, 0], axes * a @ axes.T)
    fake = with_moments([1, 2, 3, 4], axes * b @ axes.T)
    distance = frechet_distance(moments_of(real), moments_of(fake))
    assert_allclose(distance, 30 + (4 + 0 + 16 + 1), rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_equals_the_matrix_square_root(seed):
    x, y = mixed(200, 12, seed), mixed(150, 12, seed + 10) + 1
    distance = frechet_distance(moments_of(x), moments_of(y))
    assert_allclose(distance, with_sqrtm(x, y), rtol=1e-9)


@pytest.mark.parametrize("count", [2, 20, 300])
def test_a_set_is_at_no_distance_from_itself(count):
    moments = moments_of(mixed(count, 40, 0))
    trace = np.trace(moments.covariance)
    assert frechet_distance(moments, moments) < 1e-6 * trace


def test_fewer_vectors_than_dimensions_give_the_nuclear_norm():
    # With centred samples X, Y of n and m rows the last trace of the formula
    # is the nuclear norm of X Yᵀ / √((n - 1)(m - 1)).
    x, y = mixed(30, 80, 1), mixed(50, 80, 2)
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    norm = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    expected = (
        ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum()
        + (a**2).sum() / 29
        + (b**2).sum() / 49
        - 2 * norm / np.sqrt(29 * 49)
    )
    distance = frechet_distance(moments_of(x), moments_of(y))
    assert_allclose(distance, expected, rtol=1e-8)


@pytest.mark.parametrize("counts", [(200, 150), (20, 300), (5, 6)])
def test_is_symmetric(counts):
    x, y = (moments_of(mixed(n, 40, n)) for n in counts)
    assert frechet_distance(x, y) == frechet_distance(y, x)
    streamed = FrechetDistance(x), FrechetDistance(y)
    there, back = (
        metric.distance_to(moments.mean, moments.covariance)
        for metric, moments in zip(streamed, (y, x), strict=True)
    )
    assert_allclose(there, back, rtol=1e-6)


def test_a_constant_set_leaves_mean_and_trace():
    x = mixed(60, 3, 0)
    distance = frechet_distance(moments_of(x), moments_of(np.full((5, 3), 2.0)))
    mean_term = ((x.mean(axis=0) - 2) ** 2).sum()
    assert_allclose(distance, mean_term + np.trace(np.cov(x.T)), rtol=1e-12)
    constant = moments_of(np.ones((4, 3)))
    assert frechet_distance(constant, constant) == 0.0


def test_one_reference_serves_many_sets():
    x = mixed(90, 6, 0)
    distance = FrechetDistance(moments_of(x))
    for seed in (1, 2):
        y = mixed(70, 6, seed)
        value = distance.distance_to(y.mean(axis=0), np.cov(y.T))
        assert_allclose(value, with_sqrtm(x, y), rtol=1e-9)


def test_too_few_vectors_are_refused():
    enough, single = moments_of(np.eye(3)), moments_of(np.ones((1, 3)))
    with pytest.raises(ValueError, match="1 in the fake set"):
        frechet_distance(enough, single)
    with pytest.raises(ValueError, match="1 in the real set"):
        frechet_distance(single, enough)
    with pytest.raises(ValueError, match="1 in the reference"):
        FrechetDistance(single)


def test_other_dimensions_are_refused():
    with pytest.raises(ValueError, match="one dimension. Received: 3 and 4"):
        frechet_distance(moments_of(np.eye(3)), moments_of(np.eye(4)))

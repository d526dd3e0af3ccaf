import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.metrics import kernel_distance, kernel_interval
from keras_gans.metrics.scores import kid

pytestmark = pytest.mark.once


def features(count, dimension=6, seed=0, shift=0.0):
    random = np.random.default_rng(seed)
    return random.normal(shift, 1.0, (count, dimension))


def by_double_loop(x, y):
    """The unbiased MMD² of Bińkowski et al., a pair at a time."""
    d = x.shape[1]

    def k(a, b):
        return (sum(a[i] * b[i] for i in range(d)) / d + 1) ** 3

    def within(z):
        pairs = itertools.permutations(range(len(z)), 2)
        return np.mean([k(z[i], z[j]) for i, j in pairs])

    between = np.mean([k(a, b) for a in x for b in y])
    return within(x) + within(y) - 2 * between


def test_one_subset_of_everything_is_the_double_loop():
    x, y = features(23), features(23, seed=1, shift=0.5)
    mean, deviation = kernel_distance(x, y, subset_size=23, subsets=1)
    assert_allclose(mean, by_double_loop(x, y), rtol=1e-12)
    assert deviation == 0.0


def test_blocks_do_not_change_the_value(monkeypatch):
    x, y = features(23), features(23, seed=1, shift=0.5)
    monkeypatch.setattr(kid, "_BLOCK", 5)
    mean, _ = kernel_distance(x, y, subsets=1)
    assert_allclose(mean, by_double_loop(x, y), rtol=1e-12)


def test_equal_distributions_are_at_zero_in_the_mean():
    values = [
        kernel_distance(
            features(40, seed=s), features(40, seed=s + 500), subsets=1
        )[0]
        for s in range(200)
    ]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * error
    assert min(values) < 0 < max(values)


def test_grows_with_the_shift():
    real = features(300)
    shifted = [
        kernel_distance(real, features(300, seed=1, shift=s))[0]
        for s in (0.0, 0.3, 0.6, 1.2)
    ]
    assert shifted == sorted(shifted)


def test_subsets_are_fixed_by_the_seed():
    x, y = features(50), features(60, seed=1)
    first = kernel_distance(x, y, subset_size=20, seed=3)
    assert kernel_distance(x, y, subset_size=20, seed=3) == first
    assert kernel_distance(x, y, subset_size=20, seed=4) != first
    assert first[1] > 0


def test_the_smaller_set_bounds_the_subset():
    x, y = features(9), features(60, seed=1)
    mean, _ = kernel_distance(x, y, subsets=400)
    # Subsets of 9 average to the estimate on everything.
    assert_allclose(mean, by_double_loop(x, y), atol=0.1)


@pytest.mark.parametrize(
    "arguments", [{"subset_size": 1}, {"subsets": 0}, {"subset_size": 2.5}]
)
def test_impossible_arguments_are_refused(arguments):
    name = next(iter(arguments))
    with pytest.raises(ValueError, match=name):
        kernel_distance(features(5), features(5), **arguments)


def test_unusable_features_are_refused():
    with pytest.raises(ValueError, match="5 real and 1 fake"):
        kernel_distance(features(5), features(1))
    with pytest.raises(ValueError, match=r"\(count, 6\)"):
        kernel_distance(features(5), features(5, dimension=4))
    with pytest.raises(ValueError, match="finite"):
        kernel_distance(features(5), np.full((3, 6), np.nan))
    with pytest.raises(ValueError, match="shape"):
        kernel_distance(3.0, features(5))


def test_all_pairs_are_the_double_loop():
    x, y = features(23), features(31, seed=1, shift=0.5)
    value = kernel_interval(x, y)["value"]
    assert_allclose(value, by_double_loop(x, y), rtol=1e-12)
    # Fewer vectors than dimensions.
    x, y = features(4, dimension=9), features(5, dimension=9, seed=1)
    value = kernel_interval(x, y, groups=2)["value"]
    assert_allclose(value, by_double_loop(x, y), rtol=1e-12)


def test_the_interval_is_the_jackknife_over_groups():
    x, y = features(17), features(22, seed=1, shift=0.5)
    result = kernel_interval(x, y, groups=4, seed=3)
    order = np.random.default_rng(3).permutation(22)
    without = [
        by_double_loop(x, np.delete(y, order[g::4], axis=0)) for g in range(4)
    ]
    error = np.sqrt(3 / 4 * np.sum((without - np.mean(without)) ** 2))
    value = by_double_loop(x, y)
    assert_allclose(result["value"], value, rtol=1e-10)
    assert_allclose(result["standard_error"], error, rtol=1e-9)
    # Student's 97.5 % quantile with 3 degrees of freedom, from tables.
    assert_allclose(result["low"], value - 3.182446 * error, rtol=1e-6)
    with pytest.raises(ValueError, match="7 fake vectors, groups=4"):
        kernel_interval(x, y[:7], groups=4)

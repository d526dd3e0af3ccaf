import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose

from keras_gans.metrics import FrechetWithInterval, Moments

pytestmark = pytest.mark.once


def normal(count, dimension=3, seed=0, shift=0.0):
    return np.random.default_rng(seed).normal(shift, 1.0, (count, dimension))


def standard_reference(dimension=3):
    """Moments of exactly zero mean and unit covariance."""
    d = dimension
    steps = np.sqrt((2 * d - 1) / 2) * np.eye(d)
    moments = Moments(d)
    moments.update_state(np.concatenate([steps, -steps]))
    return moments


def by_square_root(mean, covariance, features):
    """The Fréchet distance by a matrix square root."""
    other = np.cov(features.T)
    root = scipy.linalg.sqrtm(covariance @ other)
    difference = mean - features.mean(axis=0)
    return float(
        difference @ difference + np.trace(covariance + other - 2 * root.real)
    )


def test_the_interval_is_the_jackknife_over_groups():
    features = normal(53, seed=1, shift=0.4).astype("float32").astype(float)
    reference = normal(40)
    moments = Moments(3)
    moments.update_state(reference)
    metric = FrechetWithInterval(moments, groups=5, seed=7)
    for part in np.array_split(features, 6):
        metric.update_state(part)
    result = metric.result()

    random = np.random.default_rng(7)
    turns = np.concatenate([random.permutation(5) for _ in range(11)])[:53]
    mean, covariance = reference.mean(axis=0), np.cov(reference.T)
    without = [
        by_square_root(mean, covariance, features[turns != g]) for g in range(5)
    ]
    error = np.sqrt(4 / 5 * np.sum((without - np.mean(without)) ** 2))
    value = by_square_root(mean, covariance, features)
    assert_allclose(result["value"], value, rtol=1e-9)
    assert_allclose(result["standard_error"], error, rtol=1e-7)
    # Student's 97.5 % quantile with 4 degrees of freedom, from tables.
    reach = 2.776445 * error
    assert_allclose(result["low"], max(0, value - reach), rtol=1e-6)
    assert_allclose(result["high"], value + reach, rtol=1e-6)


def test_19_of_20_intervals_hold_the_mean_distance_of_this_sample_size():
    reference = standard_reference()
    values, intervals = [], []
    for seed in range(400):
        metric = FrechetWithInterval(reference, groups=10, seed=seed)
        metric.update_state(normal(200, seed=seed + 1000, shift=0.5))
        result = metric.result()
        values.append(result["value"])
        intervals.append((result["low"], result["high"]))
    expected = np.mean(values)
    held = np.mean([low <= expected <= high for low, high in intervals])
    # Binomial with p = 0.95 and n = 400: deviation 0.011.
    assert abs(held - 0.95) < 0.03


def test_groups_are_balanced_and_mix_what_comes_in_turn():
    metric = FrechetWithInterval(standard_reference(1), groups=10)
    # Sample i has class i mod 10, as labels that go round the classes.
    classes = np.arange(5000.0)[:, None] % 10
    for part in np.array_split(classes, 13):
        metric.update_state(part)
    metric.result()
    assert {group.count for group in metric._moments} == {500}
    means = [group.mean[0] for group in metric._moments]
    assert_allclose(means, 4.5, atol=5 * np.sqrt(8.25 / 500))


def test_too_few_samples_have_a_distance_without_an_interval():
    metric = FrechetWithInterval(standard_reference(), groups=10)
    metric.update_state(normal(19))
    result = metric.result()
    assert result["value"] > 0
    assert result["low"] is result["high"] is result["standard_error"] is None
    with pytest.raises(ValueError, match="at least 2 feature vectors"):
        FrechetWithInterval(standard_reference()).result()


def test_impossible_arguments_are_refused():
    reference = standard_reference()
    with pytest.raises(ValueError, match="groups=1"):
        FrechetWithInterval(reference, groups=1)
    metric = FrechetWithInterval(reference)
    with pytest.raises(ValueError, match="finite"):
        metric.update_state(np.full((2, 3), np.nan))

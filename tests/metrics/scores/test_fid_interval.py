import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose

from keras_gans.metrics import Moments
from keras_gans.metrics.scores.fid_interval import (
    FrechetWithInterval,
    compare_intervals,
    frechet_infinity,
)

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

    generator = np.random.default_rng(7)
    turns = np.concatenate([generator.permutation(5) for _ in range(11)])[:53]
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
    assert metric.count == 5000
    assert {group.count for group in metric._moments} == {500}
    means = [group.mean[0] for group in metric._moments]
    assert_allclose(means, 4.5, atol=5 * np.sqrt(8.25 / 500))


def test_replicas_merge_to_the_distance_of_all():
    features = normal(90, seed=3, shift=0.2)
    reference = standard_reference()
    whole = FrechetWithInterval(reference, groups=4)
    whole.update_state(features)
    first, second = (FrechetWithInterval(reference, 4, seed) for seed in (0, 1))
    first.update_state(features[:50])
    second.update_state(features[50:])
    first.merge(second)
    assert first.count == 90
    result = first.result()
    assert_allclose(result["value"], whole.result()["value"], rtol=1e-9)
    assert 0 < result["standard_error"] < result["value"]
    with pytest.raises(ValueError, match="4 and 5 groups"):
        first.merge(FrechetWithInterval(reference, 5))


def test_too_few_samples_have_a_distance_without_an_interval():
    metric = FrechetWithInterval(standard_reference(), groups=10)
    metric.update_state(normal(19))
    result = metric.result()
    assert result["value"] > 0
    assert result["low"] is result["high"] is result["standard_error"] is None
    metric.reset_state()
    with pytest.raises(ValueError, match="at least 2 feature vectors"):
        metric.result()


def test_the_extrapolation_comes_nearer_to_the_truth():
    # Chong & Forsyth (2020): the bias of a finite sample is linear in 1/N.
    reference = standard_reference(8)
    plain, extrapolated = [], []
    for seed in range(20):
        features = normal(400, 8, seed)
        metric = FrechetWithInterval(reference)
        metric.update_state(features)
        plain.append(metric.result()["value"])
        extrapolated.append(frechet_infinity(reference, features)["value"])
    # The truth is 0: both are standard normal.
    assert np.mean(plain) > 0.05
    assert abs(np.mean(extrapolated)) < 0.2 * np.mean(plain)


def test_the_line_is_that_of_least_squares():
    features = normal(100, seed=5, shift=1.0).astype("float32").astype(float)
    reference = standard_reference()
    sizes = [20, 50, 100]
    result = frechet_infinity(reference, features, sizes=sizes, seed=2)
    generator = np.random.default_rng(2)
    values = [
        by_square_root(
            np.zeros(3),
            np.eye(3),
            features[generator.choice(100, size, replace=False)],
        )
        for size in sizes
    ]
    design = np.stack([np.ones(3), 1 / np.array(sizes)], axis=1)
    solution, [residual], *_ = np.linalg.lstsq(design, values)
    covariance = residual * np.linalg.inv(design.T @ design)
    assert_allclose([result["value"], result["slope"]], solution, rtol=1e-7)
    error = np.sqrt(covariance[0, 0])
    assert_allclose(result["standard_error"], error, rtol=1e-6)
    # Student's 97.5 % quantile with 1 degree of freedom, from tables.
    assert_allclose(result["high"] - solution[0], 12.7062 * error, rtol=1e-4)


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


def test_impossible_arguments_are_refused():
    reference = standard_reference()
    with pytest.raises(ValueError, match="groups=1"):
        FrechetWithInterval(reference, groups=1)
    with pytest.raises(ValueError, match="at least 20 samples. Received: 19"):
        frechet_infinity(reference, normal(19))
    with pytest.raises(ValueError, match="three different sizes"):
        frechet_infinity(reference, normal(30), sizes=[10, 30])
    with pytest.raises(ValueError, match="of 30 samples"):
        frechet_infinity(reference, normal(30), sizes=[10, 20, 40])
    metric = FrechetWithInterval(reference)
    with pytest.raises(ValueError, match="finite"):
        metric.update_state(np.full((2, 3), np.nan))

import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.metrics import FrechetWithInterval, frechet_infinity
from tests.metrics.scores.test_fid_interval import (
    by_square_root,
    normal,
    standard_reference,
)

pytestmark = pytest.mark.once


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
    random = np.random.default_rng(2)
    values = [
        by_square_root(
            np.zeros(3),
            np.eye(3),
            features[random.choice(100, size, replace=False)],
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


def test_impossible_arguments_are_refused():
    reference = standard_reference()
    with pytest.raises(ValueError, match="at least 20 samples. Received: 19"):
        frechet_infinity(reference, normal(19))
    with pytest.raises(ValueError, match="three different sizes"):
        frechet_infinity(reference, normal(30), sizes=[10, 30])
    with pytest.raises(ValueError, match="of 30 samples"):
        frechet_infinity(reference, normal(30), sizes=[10, 20, 40])

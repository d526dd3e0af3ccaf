"""Memorization of known copies, and none in independent samples."""

import json
import math

import numpy as np
import pytest

from keras_gans.metrics.scores.memorization import Memorization, memorization

pytestmark = pytest.mark.once


def normal(count, seed, dimension=3):
    return np.random.default_rng(seed).normal(size=(count, dimension))


def dense(train, held_out, fake, quantile):
    """Returns rate, percentile and z from all pairs, by the definitions."""
    from scipy import stats
    from scipy.spatial.distance import cdist

    p, q = (cdist(x, train).min(axis=1) for x in (held_out, fake))
    threshold = next(
        d for d in sorted(p) if sum(p <= d) >= quantile * len(p) - 1e-9
    )
    wins = [(a < b) + 0.5 * (a == b) for a in q for b in p]
    test = stats.mannwhitneyu(
        p, q, use_continuity=False, method="asymptotic", alternative="greater"
    )
    return {
        "duplicate_rate": np.mean(q <= threshold),
        "duplicate_threshold": threshold,
        "neighbour_percentile": np.mean(wins),
        "z_score": stats.norm.isf(test.pvalue),
    }


@pytest.mark.parametrize("quantile", [0.02, 0.1, 0.35])
@pytest.mark.parametrize("decimals", [8, 0])
def test_scores_are_those_of_all_pairs(decimals, quantile):
    # Rounded to integers, many distances are equal.
    train, held_out, fake = (
        normal(count, seed).round(decimals)
        for seed, count in enumerate([90, 60, 40])
    )
    scores = memorization(train, held_out, fake, duplicate_quantile=quantile)
    for name, value in dense(train, held_out, fake, quantile).items():
        assert scores[name] == pytest.approx(value, rel=1e-9), name


def test_frechet_distances_are_those_of_fitted_gaussians():
    from scipy import linalg

    train, held_out, fake = (
        normal(150, 0),
        2 * normal(150, 1),
        3 * normal(99, 2),
    )
    scores = memorization(train, held_out, fake)
    for name, real in [("train", train), ("held_out", held_out)]:
        a, b = np.cov(real.T), np.cov(fake.T)
        gap = real.mean(0) - fake.mean(0)
        root = linalg.sqrtm(a @ b).real
        expected = gap @ gap + np.trace(a + b - 2 * root)
        assert scores[f"frechet_{name}"] == pytest.approx(expected, rel=1e-9)
    assert scores["frechet_gap"] == (
        scores["frechet_train"] - scores["frechet_held_out"]
    )


def test_copies_of_the_training_set_are_duplicates():
    train, held_out = normal(200, 0), normal(200, 1)
    scores = memorization(train, held_out, train)
    assert scores["duplicate_rate"] == 1.0
    assert scores["neighbour_percentile"] == 1.0
    assert scores["frechet_train"] == pytest.approx(0, abs=1e-9)
    assert scores["frechet_gap"] < 0
    # All 200 x 200 comparisons won, the 200 copies tied at a distance of 0.
    ties = (200**3 - 200) / (400 * 399)
    expected = 20_000 / math.sqrt(40_000 / 12 * (401 - ties))
    assert scores["z_score"] == pytest.approx(expected, rel=1e-12)


def test_independent_samples_show_no_memory():
    # Over draws, the z-score is standard normal and the percentile 1/2; the
    # j-th smallest of m held-out distances exceeds a share j / (m + 1).
    runs = [
        memorization(
            *(normal(count, (seed, part)) for part, count in enumerate(COUNTS)),
            duplicate_quantile=0.1,
        )
        for seed in range(200)
    ]
    mean = {key: np.mean([run[key] for run in runs]) for key in runs[0]}
    error = 200**-0.5
    assert abs(mean["z_score"]) < 3 * error
    assert np.std([run["z_score"] for run in runs]) == pytest.approx(
        1, abs=0.15
    )
    assert mean["neighbour_percentile"] == pytest.approx(0.5, abs=0.01)
    assert mean["duplicate_rate"] == pytest.approx(5 / 51, abs=3 * 0.06 * error)
    gaps = [run["frechet_gap"] for run in runs]
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) * error


COUNTS = (100, 50, 50)


def test_a_tenth_of_copies_is_counted():
    train, held_out, fake = normal(2000, 0), normal(1000, 1), normal(1000, 2)
    fake[:100] = train[:100]
    scores = memorization(train, held_out, fake)
    # The copies, and about 1 % of the other 900.
    assert scores["duplicate_rate"] == pytest.approx(0.109, abs=0.01)
    # The copies win all, the others half of the comparisons.
    assert scores["neighbour_percentile"] == pytest.approx(0.55, abs=0.03)


def test_far_samples_are_below_one_half():
    scores = memorization(normal(300, 0), normal(300, 1), normal(300, 2) + 50)
    assert scores["neighbour_percentile"] == 0.0
    assert scores["duplicate_rate"] == 0.0
    assert scores["z_score"] < -20


def test_equal_distances_decide_nothing():
    train = [[0.0], [1.0]]
    scores = memorization(train, train, train, duplicate_quantile=0.5)
    assert scores["neighbour_percentile"] == 0.5
    assert scores["z_score"] == 0.0


def test_the_gap_compares_equal_counts():
    # With a training set of many more vectors than the held-out one, both
    # sides of the gap still stand on as many.
    train = normal(500, 0)
    scores = memorization(train, train[:100], normal(200, 1), seed=3)
    assert scores["frechet_count"] == 100
    chosen = np.random.default_rng(3).choice(500, 100, replace=False)
    part = memorization(train[chosen], train[:100], normal(200, 1))
    assert scores["frechet_train"] == pytest.approx(part["frechet_train"])
    swapped = memorization(train[:100], train, normal(200, 1), seed=3)
    assert swapped["frechet_count"] == 100
    assert swapped["frechet_gap"] == pytest.approx(-scores["frechet_gap"])


def test_batches_and_parts_leave_no_trace():
    train, held_out, fake = normal(120, 0), normal(110, 1), normal(50, 2)
    whole = memorization(train, held_out, fake)
    metric = Memorization(train, held_out)
    for part in (fake[:7], fake[:0], fake[7:]):
        metric.update_state(part)
    assert metric.result() == pytest.approx(whole, rel=1e-9)


def test_scores_are_plain_numbers():
    scores = memorization(normal(100, 0), normal(100, 1), normal(10, 2))
    assert json.loads(json.dumps(scores)) == scores
    counts = {k: v for k, v in scores.items() if k.endswith("count")}
    assert counts == {
        "train_count": 100,
        "held_out_count": 100,
        "fake_count": 10,
        "frechet_count": 100,
    }


@pytest.mark.parametrize(
    ("counts", "settings", "message"),
    [
        ((100, 99, 9), {}, "100 held-out ones. Received: 100 and 99"),
        ((100, 1, 9), {"duplicate_quantile": 0.9}, "Received: 100 and 1"),
        ((1, 100, 9), {}, "Received: 1 and 100"),
        ((100, 100, 1), {}, "2 fake feature vectors. Received: 1"),
        ((100, 100, 0), {}, "2 fake feature vectors. Received: 0"),
        ((9, 9, 9), {"duplicate_quantile": 0.0}, "duplicate_quantile=0.0"),
        ((9, 9, 9), {"duplicate_quantile": 1.0}, "duplicate_quantile=1.0"),
        ((9, 9, 9), {"seed": -1}, "seed=-1"),
    ],
)
def test_too_few_vectors_and_wrong_settings_are_refused(
    counts, settings, message
):
    with pytest.raises(ValueError, match=message):
        memorization(*(normal(n, n) for n in counts), **settings)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_features_that_are_not_finite_are_refused(place):
    sets = [normal(100, 0), normal(100, 1), normal(100, 2)]
    sets[place][4, 1] = np.nan
    with pytest.raises(ValueError, match="first at index 4"):
        memorization(*sets)


@pytest.mark.parametrize("place", [1, 2])
def test_features_of_another_dimension_are_refused(place):
    sets = [normal(100, 0), normal(100, 1), normal(100, 2)]
    sets[place] = sets[place][:, :2]
    with pytest.raises(ValueError, match=r"shape=\(100, 2\)"):
        memorization(*sets)

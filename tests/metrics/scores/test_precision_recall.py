import json
import math
import types

import numpy as np
import pytest

from keras_gans.metrics.registry import Inputs, MetricSettings
from keras_gans.metrics.scores.precision_recall import (
    PrecisionRecall,
    density_coverage,
    precision_recall,
)
from keras_gans.metrics.statistics import distances
from keras_gans.metrics.statistics.feature_sample import FeatureSample

pytestmark = pytest.mark.once


def features(count, dimension=6, seed=0, shift=0.0):
    random = np.random.default_rng(seed)
    return random.normal(shift, 1.0, (count, dimension))


def squared_distances(x, y):
    return [[float(((a - b) ** 2).sum()) for b in y] for a in x]


def squared_radii(x, k):
    """Of each vector, to the k-th nearest of the others."""
    table = squared_distances(x, x)
    return [
        sorted(row[:i] + row[i + 1 :])[k - 1] for i, row in enumerate(table)
    ]


def by_loops(real, fake, precision_k=3, density_k=5):
    """Kynkäänniemi et al., eqs. 1 and 2; Naeem et al., eqs. 5 and 6."""
    real, fake = np.float64(real), np.float64(fake)
    table = squared_distances(real, fake)
    n, m = range(len(real)), range(len(fake))
    real_radii = squared_radii(real, precision_k)
    fake_radii = squared_radii(fake, precision_k)
    balls = squared_radii(real, density_k)
    covered = [any(table[i][j] <= real_radii[i] for i in n) for j in m]
    recalled = [any(table[i][j] <= fake_radii[j] for j in m) for i in n]
    inside = [[table[i][j] < balls[i] for j in m] for i in n]
    return {
        "precision": sum(covered) / len(fake),
        "recall": sum(recalled) / len(real),
        "density": sum(map(sum, inside)) / (density_k * len(fake)),
        "coverage": sum(map(any, inside)) / len(real),
    }


def lattice(count, sides=4, dimension=3, seed=0):
    """Points with whole coordinates: many distances are equal."""
    random = np.random.default_rng(seed)
    return random.integers(0, sides, (count, dimension)).astype(float)


SETS = {
    "normal": (features(60), features(45, seed=1, shift=0.5)),
    "fewer vectors than dimensions": (
        features(20, dimension=50),
        features(25, dimension=50, seed=1),
    ),
    "far from the origin": (features(40) + 1e7, features(40, seed=1) + 1e7),
    "far from each other": (features(40), features(40, seed=1) + 1e6),
    "an outlier": (
        np.concatenate([features(39), features(1) + 1e8]),
        features(40, seed=1),
    ),
    "ties": (lattice(60), lattice(50, seed=1)),
    "ties, far from the origin": (lattice(60) + 3e8, lattice(50, seed=1) + 3e8),
    "float32": (
        features(50).astype(np.float32),
        features(50, seed=1).astype(np.float32),
    ),
    "a collapsed fake": (features(30), np.repeat(features(1, seed=1), 20, 0)),
    "repeated reals": (np.repeat(features(6), 7, 0), features(30, seed=1)),
    "fakes that copy": (
        features(40),
        np.concatenate([features(40)[:20], features(20, seed=1)]),
    ),
    "one dimension": (features(40, 1), features(40, 1, seed=1)),
}


def measured(real, fake, precision_k=3, density_k=5):
    return {
        **precision_recall(real, fake, precision_k),
        **density_coverage(real, fake, density_k),
    }


@pytest.mark.parametrize("name", SETS)
def test_equals_the_double_loop_exactly(name):
    real, fake = SETS[name]
    assert measured(real, fake) == by_loops(real, fake)
    assert measured(fake, real, 1, 2) == by_loops(fake, real, 1, 2)


@pytest.mark.parametrize("shift", [0.0, 1e9])
@pytest.mark.parametrize("shape", [(200, 5), (30, 200)])
def test_a_set_and_itself_agree_exactly(shape, shift):
    x = features(*shape) + shift
    expected = dict.fromkeys(("precision", "recall", "coverage"), 1.0)
    assert measured(x, x.copy()) == {**expected, "density": 1.0}
    assert measured(x, x[::-1]) == {**expected, "density": 1.0}


def test_sets_that_are_apart_share_nothing():
    x = features(50)
    assert set(measured(x, x + 100).values()) == {0.0}


def test_a_vector_on_the_sphere_is_covered_but_in_no_ball():
    real, fake = [[0.0], [1.0]], [[2.0], [2.0]]
    assert precision_recall(real, fake, k=1)["precision"] == 1.0
    assert density_coverage(real, fake, k=1) == {
        "density": 0.0,
        "coverage": 0.0,
    }


def test_coverage_of_equal_distributions_is_naeem_et_al_eq_7():
    # 1 - (n - 1) … (n - k) / ((2 n - 1) … (2 n - k)); density 1.
    n, k, runs = 60, 3, 100
    expected = 1 - math.prod((n - i) / (2 * n - i) for i in range(1, k + 1))
    results = [
        density_coverage(
            features(n, 4, seed=s), features(n, 4, seed=s + runs), k
        )
        for s in range(runs)
    ]
    for key, value in (("coverage", expected), ("density", 1.0)):
        values = [result[key] for result in results]
        error = np.std(values) / math.sqrt(runs)
        assert abs(np.mean(values) - value) < 3 * error
        assert error < 0.02


def test_dropped_modes_cost_recall_and_noise_costs_precision():
    real = np.concatenate([features(50), features(50, seed=1) + 20])
    dropped = measured(real, features(100, seed=2))
    assert dropped["precision"] > 0.7 and dropped["recall"] < 0.5
    noisy = measured(real, real + features(100, seed=3) * 5)
    assert noisy["precision"] < 0.2 and noisy["recall"] > 0.7


def test_one_outlier_fools_precision_but_not_density():
    outlier = np.concatenate([features(50), np.full((1, 6), 40.0)])
    fake = features(50, seed=1, shift=20.0)
    assert precision_recall(outlier, fake)["precision"] == 1.0
    assert density_coverage(outlier, fake)["density"] <= 1 / 5
    assert density_coverage(outlier, fake)["coverage"] <= 1 / 51


def test_blocks_do_not_change_the_values(monkeypatch):
    real, fake = SETS["ties"]
    expected = measured(real, fake)
    monkeypatch.setattr(distances, "_BLOCK", 7)
    monkeypatch.setattr(distances, "_NUMBERS", 4)
    assert measured(real, fake) == expected


def test_a_collapse_costs_no_sum_for_every_pair(monkeypatch):
    summed = []
    original = distances.squared_differences

    def spy(x, y, rows, columns):
        summed.append(len(rows))
        return original(x, y, rows, columns)

    monkeypatch.setattr(distances, "squared_differences", spy)
    modes = np.repeat(features(3), 200, axis=0)
    precision_recall(features(100, seed=1), modes)
    assert summed and sum(summed) < 5 * 600


def metric_of(real, fake, capacity=10_000, **settings):
    """The registered metric, on features that come in parts."""
    sample = FeatureSample(real.shape[1], capacity)
    reference = types.SimpleNamespace(features=real)
    inputs = Inputs(MetricSettings(**settings), reference, sample=sample)
    metric = PrecisionRecall(inputs)
    for part in np.array_split(fake, 4):
        sample.update_state(part)
    return {name: score["value"] for name, score in metric.result().items()}


def test_the_metric_of_parts_is_that_of_the_functions():
    real, fake = (x.astype(np.float32) for x in SETS["normal"])
    result = metric_of(real, fake, precision_k=2, density_k=4)
    assert result == measured(real, fake, 2, 4)
    assert json.loads(json.dumps(result)) == result
    assert list(result) == ["precision", "recall", "density", "coverage"]


def test_no_more_than_the_sample_is_compared():
    result = metric_of(features(50), features(400, seed=1), capacity=30)
    # Shares of 30 fake vectors.
    precision = result["precision"] * 30
    assert precision == pytest.approx(round(precision))


def test_too_few_vectors_are_refused():
    with pytest.raises(ValueError, match="real set.*more than 3.*Received: 3"):
        precision_recall(features(3), features(9))
    with pytest.raises(ValueError, match="fake set.*more than 3.*Received: 3"):
        precision_recall(features(9), features(3))
    with pytest.raises(ValueError, match="real set.*more than 5.*Received: 5"):
        density_coverage(features(5), features(9))
    with pytest.raises(ValueError, match="fake set.*Received: 0"):
        density_coverage(features(9), features(0))
    with pytest.raises(ValueError, match="real set.*Received: 5"):
        metric_of(features(5), features(9))
    with pytest.raises(ValueError, match="fake set.*Received: 2"):
        metric_of(features(9), features(2))


def test_unusable_arguments_are_refused():
    with pytest.raises(ValueError, match="finite"):
        precision_recall(features(9), np.full((9, 6), np.inf))
    with pytest.raises(ValueError, match=r"\(count, 6\)"):
        density_coverage(features(9), features(9, dimension=4))
    for k in (0, 1.5):
        with pytest.raises(ValueError, match="k"):
            precision_recall(features(9), features(9), k)
        with pytest.raises(ValueError, match="k"):
            density_coverage(features(9), features(9), k)


@pytest.mark.parametrize("measure", [precision_recall, density_coverage])
def test_the_order_of_the_numbers_in_memory_makes_no_difference(measure):
    real, fake = features(40), features(30, seed=1)
    expected = measure(real, fake)
    wide = np.repeat(real, 2, axis=1)[:, ::2]
    assert not wide.flags.c_contiguous
    assert measure(np.asfortranarray(real), np.asfortranarray(fake)) == expected
    assert measure(wide, fake) == expected

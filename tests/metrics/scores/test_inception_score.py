import json
import math
import pickle

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.metrics.scores.inception_score import (
    InceptionScore,
    inception_score,
)

pytestmark = pytest.mark.once


def logits_of(count, classes=7, seed=0, scale=2.0):
    random = np.random.default_rng(seed)
    return random.normal(0.0, scale, (count, classes))


def certain(labels, classes):
    """Logits of a classifier that is sure of `labels`."""
    return np.where(np.arange(classes) == np.asarray(labels)[:, None], 0, -900)


def by_loop(logits):
    """The exponential of the mean of KL(p(y|x) ‖ p(y)), a term at a time."""
    rows = []
    for row in logits:
        total = math.fsum(math.exp(value) for value in row)
        rows.append([math.exp(value) / total for value in row])
    marginal = [
        math.fsum(column) / len(rows) for column in zip(*rows, strict=True)
    ]
    divergences = [
        math.fsum(
            p * (math.log(p) - math.log(q))
            for p, q in zip(row, marginal, strict=True)
        )
        for row in rows
    ]
    return math.exp(math.fsum(divergences) / len(rows))


def test_certainty_of_k_equal_classes_scores_k():
    for classes in (2, 10, 1008):
        logits = certain(np.arange(3 * classes) % classes, classes)
        mean, deviation = inception_score(logits, splits=1)
        assert_allclose(mean, classes, rtol=1e-12)
        assert deviation == 0.0


def test_equal_samples_score_one():
    row = logits_of(1)
    assert inception_score(np.repeat(row, 50, axis=0)) == (1.0, 0.0)


@pytest.mark.parametrize("p", [0.5, 0.7, 0.99])
def test_two_mirrored_samples_score_as_one_channel(p):
    # exp(log 2 - H(p)): the capacity of a binary symmetric channel.
    entropy = -p * math.log(p) - (1 - p) * math.log(1 - p)
    logits = np.log([[p, 1 - p], [1 - p, p]])
    mean, _ = inception_score(logits, splits=1)
    assert_allclose(mean, 2 * math.exp(-entropy), rtol=1e-12)


@pytest.mark.parametrize("count", [20, 103, 5000])
def test_consecutive_splits_are_salimans_et_al_section_4(count):
    logits = logits_of(count)
    parts = [logits[i * count // 10 : (i + 1) * count // 10] for i in range(10)]
    scores = [by_loop(part) for part in parts]
    mean, deviation = inception_score(logits)
    assert_allclose(mean, np.mean(scores), rtol=1e-12)
    assert_allclose(deviation, np.std(scores), rtol=1e-9)


def test_a_seed_draws_splits_that_sorting_does_not_harm():
    logits = certain(np.repeat(np.arange(10), 60), 10)
    assert inception_score(logits) == (1.0, 0.0)
    mean, _ = inception_score(logits, seed=0)
    # Splits of 60 draws lose about (10 - 1) / (2 · 60) of the logarithm.
    assert 8.8 < mean < 9.8
    assert inception_score(logits, seed=0)[0] == mean
    assert inception_score(logits, seed=1)[0] != mean


@pytest.mark.parametrize(
    "labels", [np.arange(600) % 10, np.repeat(np.arange(10), 60)]
)
def test_without_a_count_no_order_of_the_classes_does_harm(labels):
    score = InceptionScore(splits=10)
    for part in np.array_split(certain(labels, 10), 7):
        score.update_state(part)
    assert score.result()[0] > 8.8


def test_without_a_count_the_parts_do_not_matter():
    logits = logits_of(103)
    results = []
    for parts in (1, 9, 103):
        score = InceptionScore(4, seed=2)
        for part in np.array_split(logits, parts):
            score.update_state(part)
        results.append(score.result())
    assert_allclose(results[1:], results[:1] * 2, rtol=1e-12)
    assert 1 < results[0][0] < 7


def test_the_random_splits_are_of_equal_size():
    # 23 = 3 · 5 + 2 · 4; a split of n different certain classes scores n.
    for seed in range(5):
        logits = certain(np.arange(23), 23)
        mean, deviation = inception_score(logits, splits=5, seed=seed)
        assert_allclose(mean, (3 * 5 + 2 * 4) / 5, rtol=1e-12)
        assert_allclose(deviation, math.sqrt(0.6 * 0.4), rtol=1e-12)


def test_extreme_logits_are_no_trouble():
    logits = np.array([[1e300, -1e300, 0.0], [0.0, 1e5, -1e5]])
    assert_allclose(inception_score(logits, splits=1)[0], 2.0, rtol=1e-12)


def test_a_constant_added_to_a_row_changes_nothing():
    logits = logits_of(60)
    shifted = logits + np.linspace(-50, 50, 60)[:, None]
    assert_allclose(
        inception_score(shifted), inception_score(logits), rtol=1e-11
    )


def test_memory_does_not_grow_with_the_samples():
    score = InceptionScore(10)
    score.update_state(logits_of(10))
    size = len(pickle.dumps(score))
    for seed in range(20):
        score.update_state(logits_of(500, seed=seed))
    assert len(pickle.dumps(score)) < size + 100


def test_results_are_ready_for_json():
    logits = keras.ops.convert_to_tensor(logits_of(20).astype("float32"))
    result = inception_score(logits)
    assert json.loads(json.dumps(result)) == list(result)


def test_unusable_logits_are_refused():
    with pytest.raises(ValueError, match="9 samples, splits=10"):
        inception_score(logits_of(9))
    with pytest.raises(ValueError, match="splits"):
        inception_score(logits_of(9), splits=0)
    with pytest.raises(ValueError, match="0 samples"):
        InceptionScore(2).result()
    for wrong in (logits_of(9)[:, :1], np.zeros(9), np.zeros((9, 2, 2))):
        with pytest.raises(ValueError, match="shape"):
            inception_score(wrong, splits=1)
    logits = logits_of(9)
    logits[4, 2] = np.nan
    with pytest.raises(ValueError, match="1 of 9 samples.*index 4"):
        inception_score(logits, splits=1)


def test_a_split_without_samples_is_refused():
    score = InceptionScore(2)
    score.update_state(logits_of(1))
    with pytest.raises(ValueError, match="1 of 2 splits empty"):
        score.result()


def test_logits_of_other_classes_are_refused():
    score = InceptionScore(2)
    score.update_state(logits_of(8))
    with pytest.raises(ValueError, match=r"\(count, 7\).*\(8, 5\)"):
        score.update_state(logits_of(8, classes=5))

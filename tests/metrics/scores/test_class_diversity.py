import itertools
import json

import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.metrics.scores.class_diversity import (
    ClassDiversity,
    _draw_pairs,
    class_diversity,
)
from keras_gans.metrics.scores.ms_ssim import ms_ssim

pytestmark = pytest.mark.once


def images_of(count, side=22, seed=0):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, side, side, 1), dtype=np.uint8)


def spread(base, count, strength, seed=0):
    """Images that differ from `base` by noise."""
    noise = np.random.default_rng(seed).normal(
        0, strength, (count, *base.shape)
    )
    return np.clip(base + noise, 0, 255).astype(np.uint8)


def test_few_images_use_every_pair():
    images = spread(images_of(1)[0], 9, 80)
    labels = np.array([0, 5, 0, 5, 0, 5, 0, 0, 5])
    result = class_diversity(images, labels)
    expected = {
        label: np.mean(
            [
                ms_ssim(images[[i]], images[[j]])["mean"]
                for i, j in itertools.combinations(
                    np.flatnonzero(labels == label), 2
                )
            ]
        )
        for label in (0, 5)
    }
    assert list(result["per_class"]) == [0, 5]
    for label, value in expected.items():
        assert_allclose(result["per_class"][label], value, rtol=1e-12)
    means = list(expected.values())
    assert_allclose(result["mean"], np.mean(means), rtol=1e-12)
    assert_allclose(result["std"], np.std(means), rtol=1e-9)
    assert (result["pairs"], result["levels"]) == (6, 2)


def test_pairs_are_different_pairs_of_different_images():
    for count, pairs in ((2, 1), (7, 21), (50, 100), (5000, 100)):
        first, second = _draw_pairs(count, pairs, (0, 1))
        drawn = set(zip(first, second, strict=True))
        assert len(drawn) == len(first) == pairs
        assert all(0 <= i < j < count for i, j in drawn)


def test_every_pair_is_drawn_equally_often():
    pairs = list(itertools.combinations(range(6), 2))
    counts = dict.fromkeys(pairs, 0)
    for seed in range(3000):
        for pair in zip(*_draw_pairs(6, 3, seed), strict=True):
            counts[pair] += 1
    # Each is binomial with n = 3000 and p = 1/5: deviation 21.9.
    assert max(abs(count - 600) for count in counts.values()) < 5 * 21.9


def test_a_collapsed_class_scores_one_and_a_diverse_one_less():
    base = images_of(1)[0]
    images = np.concatenate([spread(base, 9, 0), spread(base, 9, 90)])
    per_class = class_diversity(images, np.repeat([3, 4], 9))["per_class"]
    assert per_class[3] == 1.0
    assert per_class[4] < 0.7


def test_pairs_are_fixed_by_the_seed_for_each_class_by_itself():
    images, labels = images_of(40), np.repeat([1, 2], 20)
    result = class_diversity(images, labels, pairs=7)
    assert result["pairs"] == 7
    assert class_diversity(images, labels, pairs=7) == result
    assert class_diversity(images, labels, pairs=7, seed=1) != result
    alone = class_diversity(images[20:], labels[20:], pairs=7)
    assert alone["per_class"] == {2: result["per_class"][2]}


def test_a_stream_equals_the_whole_and_can_be_repeated():
    images, labels = images_of(60), np.arange(60) % 3
    expected = class_diversity(images, labels, pairs=9, seed=4, levels=1)
    assert expected["levels"] == 1
    for pieces in (1, 7):
        diversity = ClassDiversity(pairs=9, seed=4, levels=1)
        for part in np.array_split(np.arange(60), pieces):
            diversity.update_state(images[part], labels[part])
        assert diversity.result() == expected


def test_an_empty_batch_changes_nothing():
    diversity = ClassDiversity()
    diversity.update_state(np.zeros((0, 11, 11, 1), np.uint8), [])
    diversity.update_state(np.zeros((2, 11, 11, 1), np.uint8), [4, 4])
    assert diversity.result()["per_class"] == {4: 1.0}


def test_no_more_than_the_capacity_is_kept():
    diversity = ClassDiversity(pairs=100, capacity=5)
    for seed in range(4):
        diversity.update_state(images_of(40, seed=seed), np.full(40, 7))
    assert diversity.result()["pairs"] == 5 * 4 // 2


def test_results_are_ready_for_json():
    result = class_diversity(images_of(4), [0, 0, 1, 1])
    loaded = json.loads(json.dumps(result))
    assert loaded["mean"] == result["mean"]
    assert loaded["per_class"]["1"] == result["per_class"][1]


def test_a_class_with_fewer_than_two_images_is_named():
    images = images_of(5)
    with pytest.raises(ValueError, match=r"at least 2.*\{6: 1\}"):
        class_diversity(images, [4, 4, 6, 8, 8])
    diversity = ClassDiversity()
    diversity.update_state(images, [4, 4, 6, 8, 8])
    with pytest.raises(ValueError, match=r"at least 2.*\{6: 1\}"):
        diversity.result()
    with pytest.raises(ValueError, match="none"):
        class_diversity(images[:0], [])
    with pytest.raises(ValueError, match="none"):
        ClassDiversity().result()


def test_unusable_arguments_are_refused():
    images = images_of(4)
    for labels in ([0, 0, 1], [0.0, 0.0, 1.0, 1.0], [0, 0, -1, -1], [[0] * 4]):
        with pytest.raises(ValueError, match="Labels must be integers"):
            class_diversity(images, labels)
        with pytest.raises(ValueError, match="Labels must be integers"):
            ClassDiversity().update_state(images, labels)
    with pytest.raises(ValueError, match="pairs"):
        class_diversity(images, [0] * 4, pairs=0)
    with pytest.raises(ValueError, match="capacity"):
        ClassDiversity(capacity=1)
    with pytest.raises(ValueError, match="at least 41 pixels"):
        class_diversity(images, [0] * 4, levels=3)
    with pytest.raises(ValueError, match="at least 41 pixels"):
        ClassDiversity(levels=3).update_state(images, [0] * 4)


def test_images_and_settings_that_do_not_fit_are_refused():
    diversity = ClassDiversity()
    diversity.update_state(images_of(4), [0] * 4)
    with pytest.raises(ValueError, match=r"one shape.*\(22, 22, 1\).*\(24,"):
        diversity.update_state(images_of(4, side=24), [0] * 4)

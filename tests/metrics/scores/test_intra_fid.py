import json
import math
import types

import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose

from keras_gans.metrics.registry import Described, Inputs, MetricSettings
from keras_gans.metrics.scores.fid import frechet_distance
from keras_gans.metrics.scores.intra_fid import IntraFID, intra_class_distance
from keras_gans.metrics.statistics.moments import Moments

pytestmark = pytest.mark.once


def features(count, dimension=5, seed=0):
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(dimension, dimension))
    return random.normal(size=(count, dimension)) @ mixing


def moments_of(values):
    moments = Moments(np.shape(values)[1])
    moments.update_state(values)
    return moments


def with_sqrtm(x, y):
    """The textbook formula, by a general matrix square root."""
    a, b = np.cov(x.T), np.cov(y.T)
    difference = x.mean(axis=0) - y.mean(axis=0)
    root = scipy.linalg.sqrtm(a @ b).real
    return difference @ difference + np.trace(a + b - 2 * root)


def labelled(by_class, seed=0):
    """Features and labels of all classes, in random order."""
    values = np.concatenate(list(by_class.values()))
    labels = np.repeat(list(by_class), [len(v) for v in by_class.values()])
    order = np.random.default_rng(seed).permutation(len(labels))
    return values[order], labels[order]


def test_a_shift_of_each_class_has_a_closed_form():
    real = {c: features(30, seed=c) for c in range(3)}
    fake = {c: x + 2.0 * c for c, x in real.items()}
    result = intra_class_distance(
        {c: moments_of(x) for c, x in real.items()}, *labelled(fake)
    )
    expected = [5 * (2.0 * c) ** 2 for c in range(3)]
    traces = [np.trace(np.cov(x.T)) for x in real.values()]
    assert_allclose(
        list(result["per_class"].values()), expected, atol=1e-7 * max(traces)
    )
    assert_allclose(result["mean"], np.mean(expected), rtol=1e-7)


def test_equals_the_matrix_square_root_of_each_class():
    real = {c: features(60, seed=c) for c in (2, 5, 11)}
    fake = {c: features(40 + c, seed=c + 50) + 1 for c in real}
    result = intra_class_distance(
        {c: moments_of(x) for c, x in real.items()}, *labelled(fake)
    )
    expected = {c: with_sqrtm(real[c], fake[c]) for c in real}
    assert list(result["per_class"]) == [2, 5, 11]
    for label, value in expected.items():
        assert_allclose(result["per_class"][label], value, rtol=1e-9)
    mean = math.fsum(expected.values()) / 3
    assert_allclose(result["mean"], mean, rtol=1e-9)


def test_fewer_vectors_than_dimensions_give_the_nuclear_norm():
    # With centred samples X, Y of n and m rows the last trace of the formula
    # is the nuclear norm of X Yᵀ / √((n - 1)(m - 1)).
    x, y = features(12, dimension=40), features(9, dimension=40, seed=1)
    a, b = x - x.mean(axis=0), y - y.mean(axis=0)
    norm = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    expected = (
        ((x.mean(axis=0) - y.mean(axis=0)) ** 2).sum()
        + (a**2).sum() / 11
        + (b**2).sum() / 8
        - 2 * norm / np.sqrt(11 * 8)
    )
    result = intra_class_distance({3: moments_of(x)}, y, [3] * 9)
    assert_allclose(result["per_class"][3], expected, rtol=1e-8)


@pytest.mark.parametrize("count", [3, 60])
def test_a_set_is_at_no_distance_from_itself(count):
    real = {c: features(count, dimension=20, seed=c) for c in range(2)}
    references = {c: moments_of(x) for c, x in real.items()}
    trace = max(np.trace(m.covariance) for m in references.values())
    result = intra_class_distance(references, *labelled(real))
    assert result["mean"] < 1e-6 * trace


def test_ignored_labels_cost_nothing_but_within_classes():
    real = {c: features(200, seed=0) + 9.0 * c for c in range(2)}
    values, labels = labelled(real)
    references = {c: moments_of(x) for c, x in real.items()}
    swapped = intra_class_distance(references, values, 1 - labels)
    everything = moments_of(np.concatenate(list(real.values())))
    assert frechet_distance(everything, moments_of(values)) < 1e-5
    assert_allclose(swapped["mean"], 5 * 81.0, rtol=1e-6)


def test_a_stream_equals_the_whole():
    references = {c: moments_of(features(30, seed=c)) for c in range(3)}
    values, labels = labelled({c: features(20, seed=c + 9) for c in range(3)})
    expected = intra_class_distance(references, values, labels)
    reference = types.SimpleNamespace(class_moments=references)
    for pieces in (5, 1):
        metric = IntraFID(Inputs(MetricSettings(), reference))
        for part in np.array_split(np.arange(60), pieces):
            described = Described(None, values[part], None, labels[part])
            metric.update_state(described)
        mean = metric.result()["intra_fid"]["value"]
        assert_allclose(mean, expected["mean"], rtol=1e-9)


def test_results_are_ready_for_json():
    result = intra_class_distance(
        {np.int64(4): moments_of(features(9))}, features(9, seed=1), [4] * 9
    )
    loaded = json.loads(json.dumps(result))
    assert loaded["per_class"] == {"4": result["per_class"][4]}


def test_a_class_with_too_few_vectors_is_named():
    references = {c: moments_of(features(30, seed=c)) for c in (1, 2, 3)}
    with pytest.raises(ValueError, match=r"\{2: 0, 3: 1\}.*fake set"):
        intra_class_distance(references, features(4), [1, 1, 1, 3])
    references[2] = moments_of(features(1))
    with pytest.raises(ValueError, match=r"\{2: 1\}.*real set"):
        intra_class_distance(references, features(4), [1, 1, 1, 3])
    with pytest.raises(ValueError, match="no class"):
        intra_class_distance({}, features(4), [1, 1, 1, 3])


def test_labels_that_do_not_fit_are_refused():
    references = {1: moments_of(features(9))}
    with pytest.raises(ValueError, match=r"\[0, 7\], references: \[1\]"):
        intra_class_distance(references, features(3), [1, 7, 0])
    for labels in ([1, 1], [1.0, 1.0, 1.0], [-1, 1, 1], [[1, 1, 1]]):
        with pytest.raises(ValueError, match="Labels must be integers"):
            intra_class_distance(references, features(3), labels)


def test_features_and_references_that_do_not_fit_are_refused():
    references = {1: moments_of(features(9))}
    with pytest.raises(ValueError, match=r"\(count, 5\)"):
        intra_class_distance(references, features(3, dimension=4), [1, 1, 1])
    with pytest.raises(ValueError, match="finite"):
        intra_class_distance(references, np.full((3, 5), np.nan), [1, 1, 1])
    references[2] = moments_of(features(9, dimension=4))
    with pytest.raises(ValueError, match=r"one dimension.*\[4, 5\]"):
        intra_class_distance(references, features(3), [1, 1, 1])

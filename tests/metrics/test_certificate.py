import json
import math

import keras
import numpy as np
import pytest
from scipy import stats

from keras_gans.layers import (
    BatchNormalization,
    ConditionalBatchNormalization,
)
from keras_gans.metrics import Score, generator_fields, mean_score
from keras_gans.metrics.certificate import (
    differences,
    unknown_generator,
    versions,
)

pytestmark = pytest.mark.once

CERTIFICATE = {
    "extractor": "efficientnet_lite0",
    "weights_hash": "57934424",
    "resolution": 96,
    "resizer": "bilinear",
    "reference_hash": "abc",
    "reference_split": "train",
    "sample_count": 2500,
    "averaged_generator": True,
    "batch_norm": "moving",
    "versions": {"numpy": "2.0"},
}


def score(value=10.0, name="fid_lite0", low=None, high=None, **changes):
    return Score(name, value, CERTIFICATE | changes, low, high)


def test_scores_computed_alike_are_ordered_by_their_value():
    scores = [score(3.0), score(1.0), score(2.0)]
    assert min(scores).value == 1.0
    assert [s.value for s in sorted(scores)] == [1.0, 2.0, 3.0]
    assert score(1.0) < score(2.0)
    assert score(2.0) > score(1.0)
    assert not score(1.0) < score(1.0)


@pytest.mark.parametrize("field", set(CERTIFICATE) - {"versions"})
def test_no_field_but_the_versions_may_differ(field):
    other = score(20.0, **{field: "another"})
    for comparison in (
        lambda: score() < other,
        lambda: other < score(),
        lambda: score(low=9.0, high=11.0).compare(other),
        lambda: mean_score([score(), other]),
    ):
        with pytest.raises(ValueError, match=f"{field} is .*'another'"):
            comparison()


def test_versions_are_reported_and_may_differ():
    other = score(20.0, versions={"numpy": "3.0"})
    assert score() < other
    assert mean_score([score(), other]).value == 15.0
    assert other.to_json()["certificate"]["versions"] == {"numpy": "3.0"}


def test_every_field_that_differs_is_named_with_both_values():
    other = score(resolution=128, sample_count=100, precision="float32")
    with pytest.raises(ValueError) as refusal:
        mean_score([score(), other])
    for words in (
        "resolution is 96 here and 128 there",
        "sample_count is 2500 here and 100 there",
        "precision is absent here and 'float32' there",
    ):
        assert words in str(refusal.value)
    assert "resizer" not in str(refusal.value)


def test_scores_of_different_names_are_not_compared():
    with pytest.raises(ValueError, match="name is 'fid_lite0'.*'kid_lite0'"):
        assert score() < score(name="kid_lite0")


def test_true_is_not_one():
    assert differences({"a": True}, {"a": 1}) == ["a is True here and 1 there"]
    assert differences({"a": None}, {}) == ["a is None here and absent there"]
    assert differences({"a": 1}, {"a": 1}) == []


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        ((1.0, 2.0), (3.0, 4.0), "lower"),
        ((3.0, 4.0), (1.0, 2.0), "higher"),
        ((1.0, 3.0), (2.0, 4.0), "tied"),
        ((1.0, 9.0), (2.0, 4.0), "tied"),
    ],
)
def test_overlapping_intervals_are_tied(here, there, expected):
    a, b = (
        score(sum(ends) / 2, low=ends[0], high=ends[1])
        for ends in (here, there)
    )
    assert a.compare(b) == expected


def test_a_score_without_an_interval_is_never_tied():
    with pytest.raises(ValueError, match="fid_lite0=10.0 without one"):
        score(low=9.0, high=11.0).compare(score())


def test_the_mean_is_that_of_students_test():
    values = [10.0, 12.0, 17.0, 11.0]
    mean = mean_score([score(value) for value in values])
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert mean.value == np.mean(values)
    assert mean.low == pytest.approx(expected.low, rel=1e-9)
    assert mean.high == pytest.approx(expected.high, rel=1e-9)
    assert mean.standard_error == pytest.approx(stats.sem(values), rel=1e-12)
    assert mean.certificate == CERTIFICATE | {"averaged_over": 4}


def test_a_mean_is_not_compared_with_a_single_score():
    with pytest.raises(ValueError, match="averaged_over is 2 here and absent"):
        assert mean_score([score(1.0), score(2.0)]) < score(3.0)


@pytest.mark.parametrize("count", [0, 1])
def test_a_mean_needs_two_scores(count):
    with pytest.raises(ValueError, match=f"at least 2 scores.*{count}"):
        mean_score([score()] * count)


def test_a_score_is_json_and_comes_back():
    original = score(1.5, low=1.0, high=2.0)
    content = json.loads(json.dumps(original.to_json()))
    assert "standard_error" not in content
    assert Score(**content) == original


@pytest.mark.parametrize(
    "numbers",
    [
        {"value": math.nan},
        {"value": math.inf},
        {"value": None},
        {"value": "1"},
        {"value": True},
        {"value": 1.0, "low": 0.5},
        {"value": 1.0, "high": 2.0},
        {"value": 1.0, "low": 2.0, "high": 1.0},
        {"value": 1.0, "standard_error": math.nan},
    ],
)
def test_numbers_that_are_no_score_are_refused(numbers):
    with pytest.raises(ValueError, match="A score is a finite number"):
        Score("fid", certificate={}, **numbers)


@pytest.mark.parametrize("certificate", [{"a": object()}, {"a": math.nan}, []])
def test_a_certificate_is_json(certificate):
    with pytest.raises(ValueError, match="JSON types"):
        Score("fid", 1.0, certificate)


def network(*layers, **options):
    inputs = keras.Input((2, 2, 3))
    outputs = inputs
    for layer in layers:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs, **options)


def test_the_certificate_tells_which_moments_normalize():
    moving, batch = (
        BatchNormalization(batch_statistics=flag) for flag in (False, True)
    )
    theirs = keras.layers.BatchNormalization()
    for layers, expected in [
        ((), "none"),
        ((moving,), "moving"),
        ((theirs,), "moving"),
        ((batch,), "batch"),
        ((moving, batch), "batch and moving"),
    ]:
        # At any depth: a network of networks.
        model = network(network(*layers), keras.layers.Dense(3))
        assert generator_fields(model)["batch_norm"] == expected


def test_conditional_batch_normalization_counts_too():
    inputs = keras.Input((2, 2, 3)), keras.Input((), dtype="int32")
    layer = ConditionalBatchNormalization(4, batch_statistics=True)
    model = keras.Model(inputs, layer(*inputs))
    assert generator_fields(model)["batch_norm"] == "batch"


def test_the_certificate_tells_the_precision_of_the_generator():
    last = keras.layers.Activation("tanh", dtype="float32")
    half = keras.layers.Dense(3, dtype="mixed_bfloat16")
    fields = generator_fields(network(half, last), averaged=True)
    assert fields["generator_precision"] == "mixed_bfloat16"
    assert fields["averaged_generator"] is True
    whole = generator_fields(network(keras.layers.Dense(3, dtype="float32")))
    assert whole["generator_precision"] == "float32"
    assert whole["averaged_generator"] == "unknown"


def test_what_is_not_known_is_said_to_be_unknown():
    known = generator_fields(network(keras.layers.Dense(3)))
    assert set(unknown_generator()) == set(known)
    assert set(unknown_generator().values()) == {"unknown"}


def test_versions_name_the_backend():
    found = versions()
    assert found["backend"] == keras.backend.backend()
    assert found["keras"] == keras.__version__
    assert found[found["backend"]][0].isdigit()
    assert set(found) == {"keras_gans", "keras", "numpy", "backend"} | {
        found["backend"]
    }

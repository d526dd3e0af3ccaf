import json
import math

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.layers import (
    BatchNormalization,
    ConditionalBatchNormalization,
)
from keras_gans.metrics import Score, generator_fields, mean_score
from keras_gans.metrics.evaluation.certificate import unknown_generator

CERTIFICATE = {"extractor": "lite0", "resolution": 96, "sample_count": 500}


def score(value, low=None, high=None, *, name="fid_lite0", **fields):
    return Score(name, value, CERTIFICATE | fields, low=low, high=high)


def generator(*layers):
    latents = x = keras.Input((4, 4, 3))
    for layer in layers:
        x = layer(x)
    return keras.Model(latents, x)


@pytest.mark.once
def test_scores_of_one_certificate_are_ordered_by_value():
    scores = [score(value) for value in (3.0, -1.0, 2.0)]
    assert [s.value for s in sorted(scores)] == [-1.0, 2.0, 3.0]
    assert min(scores).value == -1.0
    assert max(scores).value == 3.0
    assert not scores[0] < scores[0]


@pytest.mark.once
@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((1.0, 2.9), "lower"),
        ((1.0, 3.0), "tied"),
        ((3.5, 3.6), "tied"),
        ((4.0, 9.0), "tied"),
        ((4.1, 9.0), "higher"),
    ],
)
def test_a_comparison_is_that_of_the_intervals(interval, verdict):
    here = score(sum(interval) / 2, *interval)
    assert here.compare(score(3.5, 3.0, 4.0)) == verdict


@pytest.mark.once
def test_a_score_without_interval_is_tied_with_none():
    bare, other = score(2.0), score(1.0, 0.0, 3.0)
    for a, b in ((bare, other), (other, bare)):
        with pytest.raises(ValueError, match="intervals.*=2.0 without"):
            a.compare(b)


@pytest.mark.once
@pytest.mark.parametrize(
    "use",
    [
        lambda a, b: a < b,
        lambda a, b: min(a, b),
        lambda a, b: sorted([a, b]),
        lambda a, b: a.compare(b),
        lambda a, b: mean_score([a, a, b]),
    ],
)
def test_every_differing_field_is_named_with_both_values(use):
    here = score(1.0, 0.0, 2.0, reference="a", batch_norm="moving")
    there = score(
        1.0, 0.0, 2.0, name="fid_clean", reference="b", sample_count=900
    )
    with pytest.raises(ValueError) as refusal:
        use(here, there)
    # Which of the two stands first depends on the operation.
    message = str(refusal.value)
    for field, values in {
        "name": {"'fid_lite0'", "'fid_clean'"},
        "reference": {"'a'", "'b'"},
        "sample_count": {"500", "900"},
        "batch_norm": {"'moving'", "absent"},
    }.items():
        first, second = sorted(values)
        assert (
            f"{field} is {first} here and {second} there" in message
            or f"{field} is {second} here and {first} there" in message
        )
    assert message.count(" here and ") == 4


@pytest.mark.once
@pytest.mark.parametrize("pair", [(True, 1), (96, 96.0), (None, "absent")])
def test_equal_values_of_other_types_are_different(pair):
    here, there = (score(1.0, genuine=value) for value in pair)
    with pytest.raises(ValueError, match="genuine is .* here and .* there"):
        assert here < there


@pytest.mark.once
def test_a_field_of_none_is_not_an_absent_one():
    with pytest.raises(ValueError, match="split is None here and absent"):
        assert score(1.0, split=None) < score(2.0)


@pytest.mark.once
def test_versions_are_stated_but_no_obstacle():
    here = score(1.0, 0.0, 2.0, versions={"keras": "3.0", "backend": "jax"})
    there = score(3.0, 2.5, 4.0, versions={"keras": "3.9"})
    assert here < there
    assert here.compare(there) == "lower"
    assert score(1.0) < there
    assert mean_score([here, there]).value == 2.0


@pytest.mark.once
@pytest.mark.parametrize(
    "numbers",
    [
        {"value": math.nan},
        {"value": math.inf},
        {"value": None},
        {"value": True},
        {"value": np.float32(1)},
        {"low": 0.0},
        {"high": 2.0},
        {"low": 2.0, "high": 1.0},
        {"low": -math.inf, "high": 1.0},
        {"standard_error": math.nan},
    ],
)
def test_numbers_that_are_none_are_refused(numbers):
    with pytest.raises(ValueError, match="finite number.*Received: fid="):
        Score("fid", **{"value": 1.0, "certificate": {}, **numbers})


@pytest.mark.once
@pytest.mark.parametrize(
    "certificate", [None, [], {"a": {1, 2}}, {"a": math.nan}]
)
def test_a_certificate_is_json(certificate):
    with pytest.raises(ValueError, match="JSON types"):
        Score("fid", 1.0, certificate)


@pytest.mark.once
def test_json_holds_what_is_known():
    stored = json.loads(json.dumps(score(1.5, 1.0, 2.0).to_json()))
    assert stored == {
        "name": "fid_lite0",
        "value": 1.5,
        "certificate": CERTIFICATE,
        "low": 1.0,
        "high": 2.0,
    }
    assert Score(**stored) == score(1.5, 1.0, 2.0)
    assert "low" not in score(0.0).to_json()
    assert score(0.0).to_json()["value"] == 0.0


@pytest.mark.once
def test_the_mean_over_runs_has_students_interval():
    # s² = (9 + 1 + 4 + 4) / 3 = 6; t of 3 degrees is 3.182446 in the tables.
    mean = mean_score(score(value) for value in (2.0, 4.0, 7.0, 7.0))
    assert mean.value == 5.0
    assert_allclose(mean.standard_error, math.sqrt(6) / 2, rtol=1e-12)
    assert_allclose(mean.high, 5 + 3.182446 * math.sqrt(6) / 2, rtol=1e-6)
    assert_allclose(mean.high + mean.low, 10.0, rtol=1e-12)
    assert mean.name == "fid_lite0"
    assert mean.certificate == CERTIFICATE | {"averaged_over": 4}


@pytest.mark.once
def test_a_mean_is_comparable_with_means_of_as_many_runs_only():
    two, three = (mean_score([score(1.0)] * n) for n in (2, 3))
    assert not two < two
    with pytest.raises(ValueError, match="averaged_over is 2 .* 3 there"):
        assert two < three
    with pytest.raises(ValueError, match="averaged_over is 2 .* absent"):
        assert two < score(1.0)


@pytest.mark.once
@pytest.mark.parametrize("count", [0, 1])
def test_a_mean_of_fewer_than_two_runs_is_refused(count):
    with pytest.raises(ValueError, match=f"at least 2.*Received: {count}"):
        mean_score([score(1.0)] * count)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([], "none"),
        ([BatchNormalization], "moving"),
        ([lambda: BatchNormalization(batch_statistics=True)], "batch"),
        ([keras.layers.BatchNormalization], "moving"),
        (
            [
                BatchNormalization,
                lambda: BatchNormalization(batch_statistics=True),
            ],
            "batch and moving",
        ),
    ],
)
def test_the_moments_of_batch_normalization_are_stated(layers, expected):
    model = generator(*(make() for make in layers), keras.layers.Dense(1))
    assert generator_fields(model) == {
        "averaged_generator": "unknown",
        "batch_norm": expected,
        "generator_precision": "float32",
    }


def test_normalization_of_nested_models_counts():
    inner = generator(BatchNormalization(batch_statistics=True))
    outer = keras.Sequential([keras.Input((4, 4, 3)), inner])
    assert generator_fields(outer)["batch_norm"] == "batch"


def test_conditional_normalization_counts():
    features = keras.Input((4, 4, 3))
    labels = keras.Input((), dtype="int32")
    layer = ConditionalBatchNormalization(5, batch_statistics=True)
    model = keras.Model([features, labels], layer(features, labels))
    assert generator_fields(model)["batch_norm"] == "batch"


@pytest.mark.parametrize(
    ("last", "policy"),
    [
        ("float32", "mixed_bfloat16"),
        ("mixed_bfloat16", "mixed_bfloat16"),
        ("float32", "mixed_float16"),
        ("float32", "float32"),
        ("mixed_bfloat16", "mixed_float16"),
    ],
)
def test_the_precision_is_that_of_the_layers(last, policy):
    model = generator(
        BatchNormalization(dtype=policy), keras.layers.Dense(1, dtype=last)
    )
    expected = " and ".join(sorted({last, policy} - {"float32"}) or [policy])
    fields = generator_fields(model, averaged=True)
    assert fields["generator_precision"] == expected
    assert fields["averaged_generator"] is True


def test_the_global_policy_is_stated():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = generator(BatchNormalization(), keras.layers.Dense(1))
    finally:
        keras.config.set_dtype_policy("float32")
    assert generator_fields(model)["generator_precision"] == "mixed_bfloat16"


def test_a_saved_generator_says_the_same(tmp_path):
    model = generator(
        BatchNormalization(batch_statistics=True, dtype="mixed_bfloat16")
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert generator_fields(loaded, False) == generator_fields(model, False)
    assert generator_fields(loaded)["batch_norm"] == "batch"


@pytest.mark.once
def test_an_unknown_generator_has_the_fields_of_a_known_one():
    fields = unknown_generator()
    assert set(fields.values()) == {"unknown"}
    assert set(fields) == set(generator_fields(generator(BatchNormalization())))

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.metrics import (
    METRICS,
    FrechetWithInterval,
    InceptionScore,
    MetricSettings,
    Moments,
    Reference,
    class_diversity,
    density_coverage,
    evaluate_samples,
    frechet_distance,
    frechet_infinity,
    inception_score,
    intra_class_distance,
    kernel_distance,
    kernel_interval,
    memorization,
    precision_recall,
    scores_of_samples,
)
from keras_gans.metrics.evaluation import protocol
from keras_gans.metrics.statistics.feature_sample import FeatureSample

pytestmark = pytest.mark.once

SETTINGS = MetricSettings(
    fid_groups=4,
    kid_subset_size=20,
    kid_subsets=3,
    inception_score_splits=1,
    precision_k=2,
    density_k=4,
    ms_ssim_pairs=1000,
    seed=3,
)
FAKES = 42
CLASSES = 3


class Features:
    """Features: the mean of each quarter."""

    dimension, batch_size, name = 4, 8, "quarters"

    def __init__(self, extractor="efficientnet_lite0", genuine=True):
        self.certificate = {"extractor": extractor, "genuine": genuine}
        self.images_seen = 0

    def __call__(self, images):
        self.images_seen += len(images)
        height, width = (n // 2 for n in images.shape[1:3])
        rows = images[:, :height], images[:, height:]
        parts = [p for r in rows for p in (r[:, :, :width], r[:, :, width:])]
        features = np.stack([p.mean((1, 2, 3)) / 255 for p in parts], axis=1)
        return features.astype(np.float32)


class Quarters(Features):
    """Logits too: a fixed matrix of the features."""

    kernel = np.random.default_rng(9).normal(size=(4, 5)) * 60

    def outputs(self, images):
        features = self(images)
        return {"features": features, "logits": features @ self.kernel}


def images_of(count, seed, low=0):
    random = np.random.default_rng(seed)
    return random.integers(low, 256, (count, 12, 12, 1), dtype=np.uint8)


def labels_of(count):
    return np.arange(count) % CLASSES


REAL, FAKE = images_of(50, seed=0), images_of(FAKES, seed=1, low=30)
HELD_OUT = images_of(100, seed=2)
X, Y = Quarters()(REAL), Quarters()(FAKE)


def reference_of(extractor=None, images=REAL, **options):
    about = {"name": "noise", "content_hash": "abc", "by_class": True}
    return Reference.from_images(
        [(images, labels_of(len(images)))],
        extractor or Quarters(),
        **about | options,
    )


def held_out_of(references, images=HELD_OUT, **about):
    if isinstance(references, Reference):
        references = [references]
    about = {"name": "unseen", "content_hash": "def", **about}
    return [
        reference_of(reference.extractor, images, **about)
        for reference in references
    ]


def batches_of(order=None, sizes=(FAKES,)):
    order = np.arange(FAKES) if order is None else order
    for part in np.split(order, np.cumsum(sizes)[:-1]):
        yield FAKE[part], labels_of(FAKES)[part]


def scores_by_name(batches=None, references=None, **options):
    references = references or reference_of()
    options = {
        "metrics": METRICS,
        "settings": SETTINGS,
        "held_out": held_out_of(references),
        **options,
    }
    batches = batches_of() if batches is None else batches
    scores = scores_of_samples(batches, references, **options)
    assert len({score.name for score in scores}) == len(scores)
    return {score.name: score for score in scores}


def moments_of(features):
    moments = Moments(features.shape[1])
    moments.update_state(features)
    return moments


def untouchable():
    raise RuntimeError("the images were read")
    yield


def test_every_metric_is_that_of_its_function():
    labels = labels_of(FAKES)
    scores = scores_by_name(batches_of(sizes=(11, 20, 10, 1)))
    by_class = {
        label: moments_of(X[labels_of(len(X)) == label])
        for label in range(CLASSES)
    }
    mean, deviation = kernel_distance(X, Y, subset_size=20, subsets=3, seed=3)
    expected = {
        "fid_lite0": frechet_distance(moments_of(X), moments_of(Y)),
        "kid_lite0": mean,
        "kid_lite0_std": deviation,
        "inception_score_lite0": inception_score(Y @ Quarters.kernel, 1)[0],
        "inception_score_lite0_std": 0.0,
        **{
            f"{name}_lite0": value
            for name, value in (
                precision_recall(X, Y, k=2) | density_coverage(X, Y, k=4)
            ).items()
        },
        "fid_infinity_lite0": frechet_infinity(moments_of(X), Y, seed=3)[
            "value"
        ],
        "intra_fid_lite0": intra_class_distance(by_class, Y, labels)["mean"],
        **{
            f"{name}_lite0": value
            for name, value in memorization(
                X, Quarters()(HELD_OUT), Y, seed=3
            ).items()
            if name in METRICS["memorization"].scores
        },
        "ms_ssim": class_diversity(FAKE, labels, pairs=1000)["mean"],
    }
    assert list(scores) == list(expected)
    for name, value in expected.items():
        assert_allclose(
            scores[name].value, value, rtol=1e-6, atol=1e-12, err_msg=name
        )
    # The comparison of scores that are trivially 1 would say nothing.
    assert expected["inception_score_lite0"] > 1.1


def test_intervals_are_those_of_the_functions():
    scores = scores_by_name(batches_of(sizes=(30, 12)))
    frechet = FrechetWithInterval(moments_of(X), groups=4, seed=3)
    frechet.update_state(Y)
    infinity = frechet_infinity(moments_of(X), Y, seed=3)
    for name, expected in (
        ("fid_lite0", frechet.result()),
        ("fid_infinity_lite0", infinity),
    ):
        for end in ("standard_error", "low", "high"):
            assert_allclose(
                getattr(scores[name], end), expected[end], rtol=1e-5
            )
    kid = scores["kid_lite0"]
    expected = kernel_interval(X, Y, groups=4, seed=3)
    reach = expected["high"] - expected["value"]
    assert_allclose(kid.standard_error, expected["standard_error"], rtol=1e-6)
    assert_allclose(kid.high - kid.value, reach, rtol=1e-6)
    assert_allclose(kid.value - kid.low, reach, rtol=1e-6)
    without = {name for name, score in scores.items() if score.low is None}
    assert set(scores) - without == {
        "fid_lite0",
        "kid_lite0",
        "fid_infinity_lite0",
    }


def test_few_samples_have_scores_without_interval():
    few = [FAKE[:7]]
    scores = scores_by_name(few, metrics=("fid", "kid"))
    assert [score.low for score in scores.values()] == [None] * 3
    expected = frechet_distance(moments_of(X), moments_of(Y[:7]))
    assert_allclose(scores["fid_lite0"].value, expected, rtol=1e-6)


def test_splits_of_the_inception_score_are_random_and_fixed_by_the_seed():
    settings = MetricSettings(inception_score_splits=5, seed=8)
    scores = scores_by_name(metrics=["inception_score"], settings=settings)
    metric = InceptionScore(5, seed=8)
    metric.update_state(Y @ Quarters.kernel)
    values = [score.value for score in scores.values()]
    assert_allclose(values, metric.result(), rtol=1e-6)
    assert values[1] > 0


def test_the_inception_score_is_of_logits_without_bias_where_there_are_some():
    class Biased(Quarters):
        def outputs(self, images):
            outputs = super().outputs(images)
            unbiased = outputs["logits"]
            biased = unbiased + np.arange(5)
            return outputs | {"logits": biased, "logits_unbiased": unbiased}

    plain, biased = (
        scores_by_name(
            references=reference_of(extractor), metrics=["inception_score"]
        )
        for extractor in (Quarters(), Biased())
    )
    name = "inception_score_lite0"
    assert plain[name].value == biased[name].value


def test_kernels_see_a_sample_of_bounded_size(monkeypatch):
    monkeypatch.setattr(protocol, "KEPT_FEATURES", 15)
    scores = scores_by_name(metrics=("fid", "kid"))
    sample = FeatureSample(4, 15, seed=3)
    sample.update_state(Y)
    mean, _ = kernel_distance(
        X, sample.features, subset_size=20, subsets=3, seed=3
    )
    assert_allclose(scores["kid_lite0"].value, mean, rtol=1e-6)
    distance = frechet_distance(moments_of(X), moments_of(Y))
    assert_allclose(scores["fid_lite0"].value, distance, rtol=1e-6)


@pytest.mark.parametrize("sizes", [(1,) * FAKES, (5, 0, 30, 7), (8, 16, 18)])
def test_the_size_of_batches_makes_no_difference(sizes):
    once, batched = scores_by_name(), scores_by_name(batches_of(sizes=sizes))
    for name, score in once.items():
        for field in ("value", "low", "high"):
            a, b = getattr(score, field), getattr(batched[name], field)
            assert (a is None) == (b is None)
            if a is not None:
                assert_allclose(a, b, rtol=1e-6, atol=1e-12, err_msg=name)
        assert score.certificate == batched[name].certificate


def test_the_order_makes_no_difference_to_what_draws_no_subset():
    order = np.random.default_rng(5).permutation(FAKES)
    settings = {"settings": MetricSettings(inception_score_splits=1)}
    first = scores_by_name(**settings)
    second = scores_by_name(batches_of(order, sizes=(20, 22)), **settings)
    for name in (
        "fid_lite0",
        "inception_score_lite0",
        "precision_lite0",
        "recall_lite0",
        "density_lite0",
        "coverage_lite0",
        "intra_fid_lite0",
        *(f"{name}_lite0" for name in METRICS["memorization"].scores),
    ):
        assert_allclose(
            first[name].value, second[name].value, rtol=1e-5, err_msg=name
        )


def test_count_takes_the_first_samples():
    endless = itertools.cycle(list(batches_of(sizes=(20, 22))))
    first = [(FAKE[:24], labels_of(24))]
    taken, given = scores_by_name(endless, count=24), scores_by_name(first)
    assert taken.keys() == given.keys()
    for name, score in taken.items():
        assert_allclose(score.value, given[name].value, rtol=1e-6, atol=1e-12)
        assert score.certificate["sample_count"] == 24


@pytest.mark.parametrize(
    ("extractor", "genuine", "suffix"),
    [
        ("efficientnet_lite0", True, "lite0"),
        ("efficientnet_lite0", False, "lite0_custom"),
        ("inception_clean", True, "clean"),
        ("inception_tensorflow", True, "tensorflow"),
        ("inception_pytorch", False, "pytorch_custom"),
        ("my_network", True, "my_network"),
    ],
)
def test_names_say_which_network_and_treatment(extractor, genuine, suffix):
    reference = reference_of(Quarters(extractor, genuine))
    assert reference.suffix == suffix
    scores = scores_by_name(references=reference, metrics=("fid", "kid"))
    assert list(scores) == [
        f"fid_{suffix}",
        f"kid_{suffix}",
        f"kid_{suffix}_std",
    ]


def test_several_references_share_one_pass():
    references = [
        reference_of(Quarters("efficientnet_lite0")),
        reference_of(Quarters("inception_clean"), images=REAL[:30]),
        reference_of(Quarters("inception_clean", genuine=False)),
    ]
    together = scores_by_name(batches_of(sizes=(12, 30)), references)
    alone = {}
    for reference in references:
        alone |= scores_by_name(batches_of(), reference)
    assert together.keys() == alone.keys()
    for name, score in together.items():
        assert_allclose(score.value, alone[name].value, rtol=1e-6, atol=1e-12)
    assert together["fid_clean"].certificate["extractor"] == "inception_clean"
    assert together["fid_clean"].certificate["reference_count"] == 30
    assert together["fid_clean"].value != together["fid_lite0"].value
    with pytest.raises(ValueError, match="extractor is .*reference_count"):
        assert together["fid_clean"] < together["fid_lite0"]


def test_certificates_of_several_references_stand_under_their_networks():
    references = [
        reference_of(Quarters("efficientnet_lite0")),
        reference_of(Quarters("efficientnet_lite0", genuine=False)),
        reference_of(Quarters("inception_clean")),
    ]
    result = evaluate_samples(
        batches_of(), references, metrics=("fid", "ms_ssim")
    )
    certificates = result["certificate"]
    assert set(certificates) == {
        "efficientnet_lite0",
        "efficientnet_lite0_custom",
        "inception_clean",
        "pixels",
    }
    assert certificates["efficientnet_lite0"]["genuine"] is True
    assert certificates["efficientnet_lite0_custom"]["genuine"] is False
    assert "extractor" not in certificates["pixels"]
    assert result["count"] == FAKES


def test_one_reference_has_one_certificate():
    for references in (reference_of(), [reference_of()]):
        result = evaluate_samples(
            batches_of(),
            references,
            metrics=METRICS,
            settings=SETTINGS,
            held_out=held_out_of(references)[0],
        )
        certificate = result["certificate"]
        assert certificate["extractor"] == "efficientnet_lite0"
        assert certificate["ms_ssim_pairs"] == 1000
        assert certificate["kid_subset_size"] == 20
        assert result["fid_lite0_low"] < result["fid_lite0_high"]
        assert "precision_lite0_low" not in result


@pytest.mark.parametrize("count", [0, 2])
def test_no_reference_or_two_of_one_network_are_refused(count):
    references = [reference_of()] * count
    with pytest.raises(ValueError, match="one reference at least"):
        scores_of_samples(untouchable(), references)


def test_settings_bar_comparisons_of_the_metrics_they_matter_to():
    metrics = [name for name in METRICS if name != "fid_infinity"]
    changed = MetricSettings(
        fid_groups=4,
        kid_subset_size=19,
        inception_score_splits=2,
        precision_k=3,
        seed=3,
    )
    here, there = (
        scores_by_name(metrics=metrics, settings=settings)
        for settings in (SETTINGS, changed)
    )
    assert here["fid_lite0"].compare(there["fid_lite0"]) == "tied"
    assert not here["intra_fid_lite0"] < there["intra_fid_lite0"]
    for name, field in {
        "kid_lite0": "kid_subset_size is 20 here and 19 there; kid_subsets",
        "kid_lite0_std": "kid_subset_size is 20",
        "inception_score_lite0": "inception_score_splits is 1 .* 2 there",
        "precision_lite0": "precision_k is 2 here and 3 there. ",
        "recall_lite0": "precision_k",
        "coverage_lite0": "density_k is 4 here and 5 there. ",
        "ms_ssim": "ms_ssim_pairs is 1000 here and 100 there. ",
    }.items():
        with pytest.raises(ValueError, match=field):
            assert here[name] < there[name]


def test_the_generator_stands_in_the_certificates():
    generator = {"averaged_generator": True, "batch_norm": "batch"}
    scores = scores_by_name(generator=generator, metrics=("fid", "ms_ssim"))
    for score in scores.values():
        assert generator.items() <= score.certificate.items()


@pytest.mark.parametrize("metric", ["intra_fid", "ms_ssim"])
def test_metrics_of_classes_need_labels(metric):
    with pytest.raises(ValueError, match="labelled images.*images alone"):
        scores_by_name([FAKE], metrics=["fid", metric])
    with pytest.raises(ValueError, match="one a sample.*shape=.41,."):
        scores_by_name([(FAKE, labels_of(FAKES - 1))], metrics=[metric])
    with pytest.raises(ValueError, match="integers.*float64"):
        scores_by_name([(FAKE, np.zeros(FAKES))], metrics=[metric])


def test_intra_fid_needs_moments_of_each_class():
    reference = reference_of(by_class=False)
    with pytest.raises(ValueError, match="by_class=True.*'noise' without"):
        scores_by_name(untouchable(), reference, metrics=["intra_fid"])


def test_intra_fid_refuses_classes_it_does_not_know():
    with pytest.raises(ValueError, match=r"Received: \[7\]"):
        scores_by_name([(FAKE, np.full(FAKES, 7))], metrics=["intra_fid"])


def test_intra_fid_sees_exchanged_labels_that_fid_does_not():
    # Class c is about 60 c brighter, so exchanged labels are far away.
    def shifted(images):
        shift = 60 * labels_of(len(images))[:, None, None, None]
        return (images // 4 + shift).astype(np.uint8)

    reference = reference_of(images=shifted(REAL))
    fake, labels = shifted(FAKE), labels_of(FAKES)
    metrics = ("fid", "intra_fid")
    right, wrong = (
        scores_by_name([(fake, order)], reference, metrics=metrics)
        for order in (labels, (labels + 1) % CLASSES)
    )
    assert right["fid_lite0"].value == wrong["fid_lite0"].value
    assert right["intra_fid_lite0"].value < 0.1
    # Four features, each off by 60 / 255, 60 / 255 or 120 / 255.
    least = 4 * (60**2 + 60**2 + 120**2) / 3 / 255**2
    assert wrong["intra_fid_lite0"].value > 0.9 * least


def test_memorization_sees_copies_of_the_reference():
    metrics = ["memorization"]
    fresh, copied = (
        scores_by_name([images], metrics=metrics)
        for images in (images_of(FAKES, seed=3), REAL[:FAKES])
    )
    assert copied["duplicate_rate_lite0"].value == 1.0
    assert copied["neighbour_percentile_lite0"].value == 1.0
    assert copied["z_score_lite0"].value > 5
    assert copied["frechet_gap_lite0"].value < 0
    assert fresh["duplicate_rate_lite0"].value < 0.2
    assert abs(fresh["z_score_lite0"].value) < 3


def test_memorization_states_the_held_out_images():
    reference, scores = reference_of(), {}
    for count in (100, 110):
        images = images_of(count, seed=2)
        scores[count] = scores_by_name(
            references=reference,
            metrics=["fid", "memorization"],
            held_out=held_out_of(reference, images),
        )
    certificate = scores[100]["z_score_lite0"].certificate
    assert certificate["held_out"] == "unseen"
    assert certificate["held_out_hash"] == "def"
    assert "held_out" not in scores[100]["fid_lite0"].certificate
    with pytest.raises(ValueError, match="held_out_count is 100 .* 110 there"):
        scores[100]["z_score_lite0"].compare(scores[110]["z_score_lite0"])


def test_memorization_needs_held_out_images_of_the_same_extractor():
    reference = reference_of()
    other = Quarters()
    other.certificate["resolution"] = 3
    for held_out, message in (
        ((), "needs held-out real images.*'noise' without"),
        (reference_of(other, HELD_OUT), "resolution is absent here and 3"),
        (reference, "'noise' and 'noise', of equal content"),
        (held_out_of(reference) * 2, "one for each.*2 for 1"),
        (held_out_of(reference, HELD_OUT[:99]), "100 held-out.*50 and 99"),
    ):
        with pytest.raises(ValueError, match=message):
            scores_of_samples(
                untouchable(),
                reference,
                metrics=["fid", "memorization"],
                held_out=held_out,
            )


def test_ms_ssim_sees_collapsed_classes():
    one_a_class = REAL[:CLASSES][labels_of(FAKES)]
    collapsed = [(one_a_class, labels_of(FAKES))]
    metrics = ["ms_ssim"]
    assert_allclose(
        scores_by_name(collapsed, metrics=metrics)["ms_ssim"].value, 1.0
    )
    assert scores_by_name(metrics=metrics)["ms_ssim"].value < 0.5


def test_ms_ssim_runs_no_extractor():
    extractor = Quarters()
    reference = reference_of(extractor)
    extractor.images_seen = 0
    scores = scores_of_samples(
        batches_of(), reference, metrics=["ms_ssim"], settings=SETTINGS
    )
    assert [score.name for score in scores] == ["ms_ssim"]
    assert extractor.images_seen == 0


@pytest.mark.parametrize(
    ("metrics", "received"),
    [
        (("fid", "fud"), "fid, fud"),
        ((), "none"),
        (("kid", "kid"), "kid, kid"),
        ("fid", "f, i, d"),
    ],
)
def test_unknown_metrics_are_refused_before_work(metrics, received):
    with pytest.raises(ValueError, match=f"each once. Received: {received}."):
        scores_of_samples(untouchable(), reference_of(), metrics=metrics)


@pytest.mark.parametrize(
    ("metric", "needed"),
    [
        ("inception_score", 10),
        ("precision", 4),
        ("recall", 4),
        ("density", 4),
        ("coverage", 4),
        ("fid_infinity", 20),
    ],
)
def test_too_few_samples_for_one_metric_are_refused(metric, needed):
    reference, metrics = reference_of(), ("fid", metric)
    message = (
        f"{metric} needs at least {needed} samples. Received: {needed - 1}"
    )
    with pytest.raises(ValueError, match=message):
        scores_of_samples(
            untouchable(), reference, metrics=metrics, count=needed - 1
        )
    with pytest.raises(ValueError, match=message):
        scores_of_samples([FAKE[: needed - 1]], reference, metrics=metrics)
    enough = [FAKE[:needed]]
    assert scores_of_samples(enough, reference, metrics=metrics)


def test_intervals_of_other_groups_do_not_compare():
    here, there = (
        scores_by_name(
            metrics=("fid", "kid", "precision"),
            settings=MetricSettings(fid_groups=groups),
        )
        for groups in (4, 5)
    )
    for name in ("fid_lite0", "kid_lite0"):
        with pytest.raises(ValueError, match="fid_groups is 4 here and 5"):
            here[name].compare(there[name])
    assert "fid_groups" not in here["precision_lite0"].certificate


def test_covariances_are_kept_only_where_they_are_asked_for(monkeypatch):
    made = []
    original = Moments.__init__

    def noted(self, dimension):
        made.append(dimension)
        original(self, dimension)

    reference = reference_of()
    monkeypatch.setattr(Moments, "__init__", noted)
    scores_of_samples([FAKE], reference, metrics=["kid"])
    assert made == []
    scores_of_samples([FAKE], reference, metrics=["fid"])
    assert made


def test_a_metric_applies_to_the_references_that_have_what_it_needs():
    silent = Features("inception_clean")
    references = [reference_of(), reference_of(silent, by_class=False)]
    metrics = ("fid", "inception_score", "intra_fid")
    scores = scores_by_name(references=references, metrics=metrics)
    assert set(scores) == {
        "fid_lite0",
        "inception_score_lite0",
        "inception_score_lite0_std",
        "intra_fid_lite0",
        "fid_clean",
    }
    with pytest.raises(ValueError, match="`inception_score` needs an extract"):
        scores_by_name(untouchable(), reference_of(silent), metrics=metrics)

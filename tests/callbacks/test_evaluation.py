import itertools
import json

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.callbacks import Evaluation
from keras_gans.callbacks.leaders import Leaders
from keras_gans.images import to_uint8
from keras_gans.metrics import Reference, Score
from tests.callbacks.tiny import fit, tiny_gan

# As a run without certificates kept it.
OLD = {"step": 1, "score": {"value": 5.0}, "screening": None}


class Named:
    """A generator whose file is its name."""

    def __init__(self, name):
        self.name = name

    def save(self, path):
        path.write_text(self.name)


class Corners:
    """Two features of an image: its mean grey level and its first pixel."""

    dimension, batch_size = 2, 16
    certificate = {"extractor": "lite0", "genuine": True}

    def __call__(self, images):
        images = images.astype("float32") / 255
        return np.stack(
            [images.mean(axis=(1, 2, 3)), images[:, 0, 0, 0]], axis=1
        )


def reference(**options):
    images = np.random.default_rng(0).integers(0, 256, (64, 4, 4, 1), "uint8")
    return Reference.from_images(
        [(images, np.arange(64) % 3)],
        Corners(),
        name="noise",
        content_hash="0",
        **options,
    )


def score(value, reach=None):
    ends = (
        {} if reach is None else {"low": value - reach, "high": value + reach}
    )
    return {"value": value, **ends}


def offer(leaders, values, reach=None, first=1):
    return [
        leaders.offer(Named(f"{step}"), step, score(value, reach))
        for step, value in enumerate(values, first)
    ]


def steps(leaders):
    return [entry["step"] for entry in leaders.entries]


def files(directory):
    return {
        path.relative_to(directory).as_posix(): path.read_text()
        for path in directory.rglob("*")
        if path.is_file()
    }


def scripted(monkeypatch, scores):
    """Replaces the evaluation by numbers; returns the batches that it got."""
    batches = []
    scores = iter(scores)

    def evaluate(sample_batches, references, **options):
        batches.append(list(sample_batches))
        count = sum(len(batch[0]) for batch in batches[-1])
        certificate = {"sample_count": count}
        fields = score(*next(scores))
        return [Score("fid_lite0", certificate=certificate, **fields)]

    monkeypatch.setattr(
        "keras_gans.callbacks.evaluation.scores_of_samples", evaluate
    )
    return batches


def counts(batches):
    return [sum(len(batch[0]) for batch in each) for each in batches]


@pytest.mark.once
@pytest.mark.parametrize(
    "order", list(itertools.permutations([1.0, 2.0, 3.0, 4.0]))
)
def test_the_lowest_scores_lead_in_whatever_order_they_come(tmp_path, order):
    leaders = Leaders(tmp_path / "best.keras", keep=2)
    offer(leaders, order)
    first, second = order.index(1.0) + 1, order.index(2.0) + 1
    assert steps(leaders) == [first, second]
    assert leaders.best_score == 1.0
    assert files(tmp_path) == {
        "best.keras": f"{first}",
        f"top/step_{first:08d}.keras": f"{first}",
        f"top/step_{second:08d}.keras": f"{second}",
    }


@pytest.mark.once
def test_of_equals_the_earlier_stays_ahead(tmp_path):
    leaders = Leaders(tmp_path / "best.keras", keep=3)
    offer(leaders, [5.0, 4.0, 4.0, 5.0])
    assert steps(leaders) == [2, 3, 1]
    assert files(tmp_path)["best.keras"] == "2"


@pytest.mark.once
def test_one_generator_needs_no_folder(tmp_path):
    leaders = Leaders(tmp_path / "best.keras")
    offer(leaders, [5.0, 3.0, 4.0])
    assert steps(leaders) == [2]
    assert files(tmp_path) == {"best.keras": "2"}
    assert not (tmp_path / "top").exists()


@pytest.mark.once
def test_without_a_file_leaders_are_counted_all_the_same():
    leaders = Leaders(None, keep=2)
    offer(leaders, [5.0, 3.0, 4.0])
    leaders.clean()
    assert steps(leaders) == [2, 3]


@pytest.mark.once
def test_verdicts_of_overlapping_intervals_say_tied():
    leaders = Leaders(None)
    assert offer(leaders, [9.0, 5.0, 4.5, 4.8, 5.5, 5.6], 0.5, 1000) == [
        "best",
        "best",
        "best, tied with step 1,001",
        "tied with step 1,002, which stays",
        "tied with step 1,002, which stays",
        "worse than step 1,002",
    ]
    assert leaders.best_score == 4.5


@pytest.mark.once
def test_without_intervals_equal_scores_only_are_tied():
    assert offer(Leaders(None), [5.0, 4.9, 4.9, 4.91]) == [
        "best",
        "best",
        "tied with step 2, which stays",
        "worse than step 2",
    ]


@pytest.mark.once
def test_a_step_offered_again_takes_no_second_place(tmp_path):
    leaders = Leaders(tmp_path / "best.keras", keep=2)
    offer(leaders, [5.0, 4.0])
    before = files(tmp_path)
    for step, value in ((2, 4.0), (1, 5.0)):
        again = leaders.offer(Named("again"), step, score(value))
        assert again == "evaluated before"
    assert steps(leaders) == [2, 1]
    assert files(tmp_path) == before


@pytest.mark.once
def test_leaders_resume_from_their_entries(tmp_path):
    values = [5.0, 3.0, 4.0, 2.0, 4.5, 3.5, 1.0]
    whole = Leaders(tmp_path / "whole" / "best.keras", keep=3)
    broken = Leaders(tmp_path / "broken" / "best.keras", keep=3)
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    verdicts = offer(whole, values, 0.6)
    first = offer(broken, values[:4], 0.6)
    entries = json.loads(json.dumps(broken.entries))
    resumed = Leaders(
        tmp_path / "broken" / "best.keras", keep=3, entries=entries
    )
    assert resumed.best_score == 2.0
    assert first + offer(resumed, values[4:], 0.6, first=5) == verdicts
    assert resumed.entries == whole.entries
    assert files(tmp_path / "broken") == files(tmp_path / "whole")


@pytest.mark.once
def test_a_best_score_without_entries_must_be_undercut(tmp_path):
    leaders = Leaders(tmp_path / "best.keras", keep=2, best_score=4.0)
    assert offer(leaders, [5.0, 4.0, 3.0, 3.5]) == [
        "worse than an earlier step",
        "worse than an earlier step",
        "best",
        "worse than step 3",
    ]
    assert steps(leaders) == [3, 4]


@pytest.mark.once
def test_fewer_may_be_kept_after_resuming(tmp_path):
    leaders = Leaders(tmp_path / "best.keras", keep=3)
    offer(leaders, [3.0, 2.0, 1.0])
    fewer = Leaders(tmp_path / "best.keras", 2, entries=leaders.entries)
    assert steps(fewer) == [3, 2]
    assert set(files(tmp_path / "top")) == {
        "step_00000002.keras",
        "step_00000003.keras",
    }
    Leaders(tmp_path / "best.keras", 1, entries=fewer.entries)
    assert files(tmp_path) == {"best.keras": "3"}


def certified(value, reach=None, **certificate):
    return {**score(value, reach), "certificate": certificate}


@pytest.mark.once
@pytest.mark.parametrize("value", [2.0, 9.0])
def test_scores_computed_otherwise_begin_anew(tmp_path, value):
    leaders = Leaders(tmp_path / "best.keras", keep=2)
    for step, number in ((1, 5.0), (2, 4.0)):
        leaders.offer(Named(f"{step}"), step, certified(number, resolution=96))
    entries = json.loads(json.dumps(leaders.entries))
    resumed = Leaders(tmp_path / "best.keras", 2, entries=entries)
    # The step that was evaluated last is so again, with other settings.
    with pytest.warns(UserWarning, match="resolution is 64 here and 96 there"):
        verdict = resumed.offer(
            Named("again"), 2, certified(value, resolution=64)
        )
    assert verdict == "best, begun anew"
    assert resumed.best_score == value
    assert files(tmp_path) == {
        "best.keras": "again",
        "top/step_00000002.keras": "again",
    }
    worse = certified(value + 1, resolution=64)
    assert resumed.offer(Named("3"), 3, worse) == "worse than step 2"


@pytest.mark.once
def test_versions_and_leaders_without_certificate_are_no_obstacle():
    leaders = Leaders(None, entries=[OLD])
    newer, newest = (
        certified(value, versions={"keras": version})
        for value, version in ((6.0, "3.15"), (4.0, "3.16"))
    )
    assert leaders.offer(Named("2"), 2, newer) == "worse than step 1"
    assert leaders.offer(Named("3"), 3, newest) == "best"
    assert leaders.offer(Named("4"), 4, newer) == "worse than step 3"


@pytest.mark.once
def test_screenings_of_other_sizes_are_not_compared():
    leaders = Leaders(None)
    few = certified(6.0, 1.0, sample_count=100)
    leaders.offer(Named("1"), 1, certified(5.0, 0.1, sample_count=900), few)
    assert not leaders.admits(certified(9.0, 1.0, sample_count=100))
    assert leaders.admits(certified(9.0, 1.0, sample_count=200))


@pytest.mark.once
def test_at_least_one_is_kept():
    with pytest.raises(ValueError, match="at least 1.*keep=0"):
        Leaders(None, keep=0)


@pytest.mark.once
def test_a_failed_save_leaves_the_best_as_it_was(tmp_path):
    class Broken(Named):
        def save(self, path):
            path.write_text("half")
            raise OSError("the disk is full")

    leaders = Leaders(tmp_path / "best.keras")
    offer(leaders, [3.0])
    with pytest.raises(OSError, match="full"):
        leaders.offer(Broken("2"), 2, score(1.0))
    assert (tmp_path / "best.keras").read_text() == "1"


@pytest.mark.once
def test_a_contender_is_whoever_is_not_clearly_worse():
    leaders = Leaders(None)
    assert leaders.admits(score(99.0, 0.1))
    leaders.offer(Named("1"), 1, score(5.0, 0.1), screening=score(6.0, 1.0))
    assert leaders.admits(score(8.0, 1.0))
    assert not leaders.admits(score(8.1, 1.0))
    assert leaders.admits(score(2.0, 0.1))
    leaders.offer(Named("2"), 2, score(4.0, 0.1))
    # Nothing to compare with.
    assert leaders.admits(score(99.0, 0.1))


def test_only_contenders_get_all_samples(gan, tmp_path, monkeypatch):
    # The screening and, of contenders, the whole evaluation of each step.
    batches = scripted(
        monkeypatch,
        [(9.0, 1.0), (7.5, 0.5)]  # Nothing to lose to.
        + [(20.0, 1.0)]
        + [(8.0, 1.0), (6.0, 0.5)]
        + [(10.5, 1.0)]  # Screened against step 3, not against step 1.
        + [(9.5, 1.0), (6.2, 0.5)],
    )
    records = []
    evaluation = Evaluation(
        reference(),
        every=1,
        samples=30,
        batch_size=12,
        screening_samples=10,
        record=records.append,
        best=tmp_path / "best.keras",
    )
    fit(gan, 5, [evaluation])
    assert counts(batches) == [10, 30, 10, 10, 30, 10, 10, 30]
    assert [record["verdict"] for record in records] == [
        "best",
        "no contender",
        "best",
        "no contender",
        "tied with step 3, which stays",
    ]
    assert [record.get("fid_lite0") for record in records] == [
        7.5,
        None,
        6.0,
        None,
        6.2,
    ]
    screened = records[1]
    assert set(screened) == {
        "step",
        "images_seen",
        "seconds",
        "screening",
        "verdict",
    }
    assert screened["screening"]["fid_lite0"] == 20.0
    assert screened["screening"]["count"] == 10
    assert "screening" not in records[0]
    assert json.loads(json.dumps(records)) == evaluation.results
    assert evaluation.best_score == 6.0
    assert evaluation.leaders.entries == [
        {
            "step": 3,
            "score": {**score(6.0, 0.5), "certificate": {"sample_count": 30}},
            "screening": {
                **score(8.0, 1.0),
                "certificate": {"sample_count": 10},
            },
        }
    ]


def test_a_resumed_run_screens_against_its_leader(gan, monkeypatch):
    entries = [
        {"step": 7, "score": score(6.0, 0.5), "screening": score(8.0, 1.0)}
    ]
    batches = scripted(monkeypatch, [(11.0, 0.5)])
    evaluation = Evaluation(
        reference(), samples=30, screening_samples=10, leaders=entries
    )
    fit(gan, 1, [evaluation])
    assert counts(batches) == [10]
    assert evaluation.results[0]["verdict"] == "no contender"
    assert evaluation.best_score == 6.0


def test_the_screening_is_an_evaluation_of_the_first_samples(gan):
    evaluation = Evaluation(reference(), samples=40, screening_samples=20)
    fit(gan, 1, [evaluation])
    (entry,) = evaluation.leaders.entries
    few, all_of_them = evaluation.evaluate(20), evaluation.evaluate()
    assert few["count"] == 20
    assert all_of_them["count"] == 40
    for scores, kept in (
        (few, entry["screening"]),
        (all_of_them, entry["score"]),
    ):
        assert_allclose(
            [scores[f"fid_lite0{end}"] for end in ("", "_low", "_high")],
            [kept[name] for name in ("value", "low", "high")],
        )


def test_a_finished_run_that_is_resumed_keeps_its_leaders(gan, tmp_path):
    options = {
        "samples": 30,
        "best": tmp_path / "best.keras",
        "keep_best": 2,
    }
    first = Evaluation(reference(), **options)
    fit(gan, 2, [first])
    entries = json.loads(json.dumps(first.leaders.entries))
    second = Evaluation(reference(), leaders=entries, **options)
    fit(gan, 2, [second], initial_epoch=1)
    assert [result["step"] for result in second.results] == [2]
    assert second.results[0]["verdict"] == "evaluated before"
    assert second.leaders.entries == first.leaders.entries
    assert [p.name for p in (tmp_path / "top").iterdir()] == [
        "step_00000002.keras"
    ]


def test_without_screening_every_step_gets_all_samples(gan, monkeypatch):
    batches = scripted(monkeypatch, [(9.0, 1.0), (20.0, 1.0)])
    evaluation = Evaluation(reference(), every=1, samples=30)
    fit(gan, 2, [evaluation])
    assert counts(batches) == [30, 30]
    assert evaluation.results[1]["verdict"] == "worse than step 1"
    assert evaluation.leaders.entries[0]["screening"] is None


def test_labels_go_round_the_classes_and_are_those_of_the_images(monkeypatch):
    gan = tiny_gan(num_classes=3)
    batches = scripted(monkeypatch, [(9.0,)])
    evaluation = Evaluation(reference(), samples=11, batch_size=4, seed=5)
    evaluation.set_model(gan)
    evaluation.evaluate()
    images, labels = (
        np.concatenate(part) for part in zip(*batches[0], strict=True)
    )
    assert labels.tolist() == [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1]
    latents = np.random.default_rng(5).normal(size=(11, 3)).astype("float32")
    expected = gan.generator.predict(
        [latents, labels.astype("int32")], verbose=0
    )
    assert np.abs(images - to_uint8(expected).astype(int)).max() <= 1


def test_metrics_of_classes_get_the_labels():
    evaluation = Evaluation(
        reference(by_class=True),
        samples=30,
        metrics=("fid", "intra_fid"),
        monitor="intra_fid_lite0",
    )
    fit(
        tiny_gan(num_classes=3),
        1,
        [evaluation],
        y=np.zeros(8, "int32"),
    )
    (result,) = evaluation.results
    assert result["intra_fid_lite0"] > 0
    assert evaluation.best_score == result["intra_fid_lite0"]
    assert result["verdict"] == "best"


def test_metrics_of_classes_need_a_model_with_classes(gan):
    evaluation = Evaluation(
        reference(by_class=True), samples=30, metrics=("fid", "intra_fid")
    )
    evaluation.set_model(gan)
    with pytest.raises(ValueError, match="labelled images"):
        evaluation.evaluate()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monitor": "fid_clean"}, "fid_clean.*scores: fid_lite0,.*kid_lite0"),
        ({"monitor": "fid_lite"}, "Did you mean 'fid_lite0'"),
        ({"metrics": ("fid", "fod")}, "fid, fod. Did you mean 'fid'"),
        ({"metrics": ("fid", "inception_score")}, "needs an extractor"),
        ({"metrics": ("fid", "ms_ssim")}, "ms_ssim need a model with classes"),
        (
            {"samples": 3, "metrics": ("fid", "recall")},
            "recall needs at least 4 samples. Received: 3",
        ),
    ],
)
def test_what_cannot_be_computed_is_named_before_training(
    gan, options, message
):
    evaluation = Evaluation(reference(), **{"samples": 30, **options})
    with pytest.raises(ValueError, match=message):
        fit(gan, 1, [evaluation])
    assert gan.step == 0


def test_the_monitor_must_be_among_the_scores_of_a_screening(gan):
    options = {
        "metrics": ("fid",),
        "monitor": "frechet_gap_lite0",
        "held_out": [other_reference()],
    }
    evaluation = Evaluation(reference(), samples=30, **options)
    fit(gan, 1, [evaluation])
    assert evaluation.results[0]["verdict"] == "best"
    evaluation = Evaluation(reference(), screening_samples=9, **options)
    with pytest.raises(ValueError, match="frechet_gap_lite0', scores: fid_l"):
        fit(gan, 1, [evaluation])


def other_reference():
    images = np.random.default_rng(1).integers(0, 256, (100, 4, 4, 1), "uint8")
    return Reference.from_images(
        [images], Corners(), name="other", content_hash="1"
    )


class Classifying(Corners):
    """Class scores too."""

    certificate = {"extractor": "inception_clean", "genuine": True}

    def outputs(self, images):
        features = self(images)
        return {"features": features, "logits": 9 * features}


def test_the_inception_score_needs_one_reference_with_classes(gan):
    classifying = Reference.from_images(
        [np.zeros((9, 4, 4, 1), "uint8")],
        Classifying(),
        name="black",
        content_hash="1",
    )
    evaluation = Evaluation(
        [reference(), classifying],
        samples=30,
        metrics=("fid", "kid", "inception_score"),
    )
    fit(gan, 1, [evaluation])
    (result,) = evaluation.results
    named = [name for name in result if name.startswith("inception_score")]
    assert named == ["inception_score_clean", "inception_score_clean_std"]
    assert {"fid_lite0", "kid_lite0", "fid_clean", "kid_clean"} < set(result)


def test_callbacks_of_keras_see_the_scores(gan, tmp_path, monkeypatch):
    values = [9.0, 5.0, 7.0, 8.0, 6.0]
    scripted(monkeypatch, [(value, 1.0) for value in values])
    evaluation = Evaluation(reference(), every=2, samples=30)
    callbacks = [
        evaluation,
        keras.callbacks.ModelCheckpoint(
            tmp_path / "least.weights.h5",
            monitor="fid_lite0",
            mode="min",
            save_best_only=True,
            save_weights_only=True,
        ),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.EarlyStopping(
            monitor="fid_lite0", mode="min", patience=2
        ),
    ]
    weights = []
    noted = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: weights.append(
            [np.array(w) for w in gan.generator.get_weights()]
        )
    )
    history = fit(gan, 2, [*callbacks, noted], epochs=5).history
    # Stopped two epochs after the least, of epoch 2.
    assert history["fid_lite0"] == values[:4]
    assert history["fid_lite0_high"] == [value + 1 for value in values[:4]]
    header, *rows = (tmp_path / "log.csv").read_text().splitlines()
    column = header.split(",").index("fid_lite0")
    assert [float(row.split(",")[column]) for row in rows] == values[:4]
    gan.load_weights(tmp_path / "least.weights.h5")
    for found, expected in zip(
        gan.generator.get_weights(), weights[1], strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_epochs_without_an_evaluation_repeat_the_latest_scores(
    gan, monkeypatch
):
    # Screenings, the second of which ends its evaluation.
    scripted(monkeypatch, [(9.0, 1.0), (7.0, 1.0), (99.0, 1.0)])
    evaluation = Evaluation(
        reference(), every=2, samples=30, screening_samples=10
    )
    logs = []
    noted = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, seen: logs.append(seen.get("fid_lite0"))
    )
    fit(gan, 1, [evaluation, noted], epochs=4)
    assert logs == [None, 7.0, 7.0, 7.0]

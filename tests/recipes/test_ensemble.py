"""Models of some classes each: parts, resumption, and what they make."""

import dataclasses
import importlib
import json
from functools import partial

import numpy as np
import pytest
from PIL import Image

import keras_gans
from recipes import ac_gan
from recipes.common import ensemble
from recipes.common.ensemble import class_ranges, member_configs
from recipes.common.images import Images, build_model
from recipes.common.plan import make_plan
from recipes.common.record import open_run, write_plan

pytestmark = pytest.mark.once

CLASSES = 4
STEPS = 3


@pytest.mark.parametrize(
    ("num_classes", "splits"), [(10, 1), (10, 3), (10, 10), (1000, 100), (7, 4)]
)
def test_parts_are_contiguous_and_as_equal_as_can_be(num_classes, splits):
    ranges = class_ranges(num_classes, splits)
    covered = [label for start, stop in ranges for label in range(start, stop)]
    assert covered == list(range(num_classes))
    sizes = {stop - start for start, stop in ranges}
    assert len(ranges) == splits
    assert max(sizes) - min(sizes) <= 1 and min(sizes) >= 1


@pytest.mark.parametrize("splits", [0, 5])
def test_every_part_needs_a_class(splits):
    with pytest.raises(ValueError, match=f"class_splits={splits}"):
        class_ranges(4, splits)


def test_members_have_directories_and_classes_of_their_own():
    config = dataclasses.replace(
        ac_gan.SMOKE, class_splits=2, run_dir="run", export_dir="export"
    )
    members = member_configs(config, 5)
    assert [member.classes for member in members] == [(0, 3), (3, 5)]
    assert [member.run_dir for member in members] == [
        "run/split_00",
        "run/split_01",
    ]
    assert [member.export_dir for member in members] == [
        "export/split_00",
        "export/split_01",
    ]
    changed = {"classes", "class_splits", "run_dir", "export_dir"}
    for member in members:
        assert member.class_splits == 1
        for field in dataclasses.fields(config):
            if field.name not in changed:
                values = [getattr(c, field.name) for c in (member, config)]
                assert values[0] == values[1]


def test_members_share_the_minutes_and_the_whole_has_the_most_steps(tmp_path):
    config = dataclasses.replace(
        ac_gan.SMOKE,
        class_splits=2,
        minutes=3.0,
        run_dir=str(tmp_path / "run"),
        export_dir=str(tmp_path / "export"),
    )
    members = member_configs(config, 4)
    assert [member.minutes for member in members] == [1.5, 1.5]
    for member, seconds in zip(members, (0.5, 0.25), strict=True):
        directory = open_run(member, "ac_gan")
        given = dataclasses.replace(member, given=("minutes",))
        write_plan(directory, make_plan(given, seconds, {}))
    whole = ensemble._as_trained(config, members)
    assert whole.steps == 360
    for name in ("class_splits", "classes", "run_dir", "export_dir"):
        assert getattr(whole, name) == getattr(config, name)
    # Planned, but not trained.
    assert not any(map(ensemble._is_finished, members))


def test_settings_without_a_model_leave_no_directory(tmp_path):
    config = dataclasses.replace(
        ac_gan.SMOKE,
        class_splits=2,
        resolution=48,
        evaluation_resolution=32,
        run_dir=str(tmp_path / "run"),
        export_dir=str(tmp_path / "export"),
    )
    subject = partial(Images, model="ACGAN", load=ac_gan.load)
    with pytest.raises(ValueError, match="resolution=48"):
        ensemble.prepare_ensemble(config, "ac_gan", subject)
    assert not list(tmp_path.iterdir())


def test_several_machines_train_one_model_a_command():
    config = dataclasses.replace(
        ac_gan.SMOKE, class_splits=2, distribution="multi_worker"
    )
    with pytest.raises(ValueError, match="class_splits=2.*--classes"):
        ensemble.prepare_ensemble(config, "ac_gan", None)


class Interrupted:
    """Runs a recipe in this process and interrupts one of its models."""

    def __init__(self, config):
        self.config = config
        self.built = []

    def run(self, interrupted=None):
        self.built = []

        def build(config, num_classes):
            gan = build_model(keras_gans.ACGAN, config, num_classes)
            self.built.append(config.classes)
            if config.classes == interrupted:
                interrupt_at(gan, 2)
            return gan

        subject = partial(Images, model=build, load=ac_gan.load)
        ensemble.prepare_ensemble(self.config, "ac_gan", subject)()


def interrupt_at(gan, step):
    """Makes `fit` end as Ctrl-C would, once a step is done."""
    import keras

    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch + 1 == step:
                raise KeyboardInterrupt

    fit = gan.fit

    def interrupted_fit(*args, callbacks, **kwargs):
        fit(*args, callbacks=[*callbacks, Interrupt()], **kwargs)

    gan.fit = interrupted_fit


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of two models that was interrupted in the second, and resumed."""
    folder = tmp_path_factory.mktemp("ensemble")
    random = np.random.default_rng(0)
    np.savez(
        folder / "images.npz",
        images=random.integers(0, 256, (40, 32, 32, 1), np.uint8),
        labels=np.arange(40) % CLASSES,
    )
    config = dataclasses.replace(
        ac_gan.SMOKE,
        dataset=f"npz:{folder / 'images.npz'}",
        class_splits=2,
        steps=STEPS,
        generator_width=2,
        discriminator_width=1,
        latent_dim=6,
        sample_every=0,
        checkpoint_every=1,
        evaluation_samples=20,
        reference_samples=40,
        evaluation_resolution=32,
        run_dir=str(folder / "run"),
        export_dir=str(folder / "export"),
    )
    runs = Interrupted(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_HOME", str(folder / "keras_home"))
        with pytest.raises(KeyboardInterrupt):
            runs.run(interrupted=(2, 4))
        first = folder / "run" / "split_00" / "final.keras"
        before = runs.built, first.stat().st_mtime_ns
        runs.run()
        after = runs.built, first.stat().st_mtime_ns
        yield folder, runs, before, after


def test_finished_models_are_not_trained_again(finished):
    folder, runs, before, after = finished
    assert before[0] == [(0, 2), (2, 4)]
    assert after[0] == [(2, 4)]
    assert after[1] == before[1]
    # The second model went on from its checkpoint rather than from the start.
    record = json.loads((folder / "run/split_01/config.json").read_text())
    assert len(record["earlier_starts"]) == 1
    runs.run()
    assert runs.built == []
    [line] = (folder / "run" / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line)["step"] == STEPS
    exports = folder / "export"
    assert sorted(path.name for path in exports.glob("[0-9]*")) == ["1"]


def test_each_model_leaves_a_complete_run(finished):
    folder, _, _, _ = finished
    for number, (start, stop) in enumerate([(0, 2), (2, 4)]):
        run = folder / "run" / f"split_{number:02d}"
        names = {path.name for path in run.iterdir()}
        assert names == {
            "best.keras",
            "checkpoints",
            "config.json",
            "final.keras",
            "logs",
            "metrics.jsonl",
            "samples",
        }
        [line] = map(
            json.loads, (run / "metrics.jsonl").read_text().splitlines()
        )
        assert line["certificate"]["reference"].endswith(f"[{start}:{stop}]")
        assert line["certificate"]["reference_count"] == 20
        path = folder / "export" / f"split_{number:02d}" / "1"
        manifest = json.loads((path / "manifest.json").read_text())
        assert manifest["num_classes"] == 2
        assert manifest["class_names"] == [str(start), str(stop - 1)]


def test_the_whole_is_scored_drawn_and_exported_over_all_classes(finished):
    folder, _, _, _ = finished
    [line] = map(
        json.loads,
        (folder / "run" / "metrics.jsonl").read_text().splitlines(),
    )
    assert line["certificate"]["reference_count"] == 40
    assert line["certificate"]["sample_count"] == 20
    assert line["certificate"]["class_splits"] == 2
    assert line["images_seen"] == 2 * STEPS * 8
    grid = Image.open(folder / "run" / "samples" / "step_00000003.png")
    assert grid.size == (10 * 34 - 2, CLASSES * 34 - 2)
    path = folder / "export" / "1"
    manifest = json.loads((path / "manifest.json").read_text())
    assert manifest["num_classes"] == CLASSES
    assert manifest["class_names"] == ["0", "1", "2", "3"]


def test_a_global_label_is_drawn_by_the_model_of_its_class(finished):
    import keras
    import tensorflow as tf

    # Registers the layers of the files.
    importlib.import_module("keras_gans.serving.ensemble")
    folder, _, _, _ = finished
    whole = keras.saving.load_model(folder / "run" / "final.keras")
    parts = [
        keras.saving.load_model(folder / f"run/split_{k:02d}/final.keras")
        for k in range(2)
    ]
    latents = np.random.default_rng(1).normal(size=(4, 6)).astype("float32")
    labels = np.array([3, 0, 2, 1], "int32")
    images = whole.predict([latents, labels], verbose=0)
    loaded = tf.saved_model.load(folder / "export" / "1")
    served = loaded.serving_default(latents, labels)["images"]
    for place, label in enumerate(labels):
        own = slice(place, place + 1)
        expected = parts[label // 2].predict(
            [latents[own], np.array([label % 2], "int32")], verbose=0
        )
        np.testing.assert_allclose(images[own], expected, atol=1e-5)
        levels = np.rint((expected + 1) * 127.5)
        assert np.abs(served.numpy()[own].astype(float) - levels).max() <= 1

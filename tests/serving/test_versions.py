"""Version directories, and arguments that are refused before any work."""

import json
import threading

import keras
import pytest

from keras_gans.serving import export, export_generator

LATENT_DIM = 3


@pytest.fixture
def generator():
    latents = keras.Input((LATENT_DIM,))
    images = keras.layers.Reshape((2, 2, 1))(keras.layers.Dense(4)(latents))
    return keras.Model(latents, images)


@pytest.fixture
def quick(monkeypatch):
    """Replaces the SavedModel, so that only the directories are at work."""

    def write(generator, path, form):
        path.mkdir()
        (path / "saved_model.pb").write_text("graph")
        return {"tensorflow": "2", "signatures": {}}

    monkeypatch.setattr(export, "_writer", lambda: write)


def contents(directory):
    return {p: p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def test_every_export_is_the_next_version(quick, generator, tmp_path):
    first = export_generator(generator, tmp_path / "a", latent_dim=LATENT_DIM)
    before = contents(first)
    second = export_generator(generator, tmp_path / "a", latent_dim=LATENT_DIM)
    assert (first.name, second.name) == ("1", "2")
    assert contents(first) == before
    manifest = json.loads((second / "manifest.json").read_text())
    assert (manifest["name"], manifest["version"]) == ("a", 2)
    assert {p.name for p in (tmp_path / "a").iterdir()} == {"1", "2"}


def test_versions_go_on_after_the_highest(quick, generator, tmp_path):
    for name in ("2", "10", "0012", "notes", "99x", ".export-killed"):
        (tmp_path / name).mkdir()
    path = export_generator(generator, tmp_path, latent_dim=LATENT_DIM)
    assert path == tmp_path / "13"


def test_writers_at_the_same_time_get_different_versions(
    quick, generator, tmp_path
):
    written = []

    def work():
        written.append(
            export_generator(generator, tmp_path, latent_dim=LATENT_DIM)
        )

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(path.name) for path in written) == list(range(1, 9))
    assert len(list(tmp_path.iterdir())) == 8


def test_a_version_taken_meanwhile_is_not_overwritten(
    quick, generator, tmp_path, monkeypatch
):
    taken = tmp_path / "1"
    taken.mkdir()
    (taken / "saved_model.pb").write_text("theirs")
    answers = iter([1, 2])
    monkeypatch.setattr(export, "_next_version", lambda _: next(answers))
    path = export_generator(generator, tmp_path, latent_dim=LATENT_DIM)
    assert path.name == "2"
    assert (taken / "saved_model.pb").read_text() == "theirs"
    assert json.loads((path / "manifest.json").read_text())["version"] == 2


def test_a_failed_export_leaves_nothing(generator, tmp_path, monkeypatch):
    def fail(generator, path, form):
        path.mkdir()
        (path / "saved_model.pb").write_text("half")
        raise OSError("No space left on device")

    monkeypatch.setattr(export, "_writer", lambda: fail)
    with pytest.raises(OSError, match="No space"):
        export_generator(generator, tmp_path, latent_dim=LATENT_DIM)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"latent_dim": 4}, r"\(None, 4\)\].*Received.*\(None, 3\)"),
        ({"num_classes": 5}, r"must take \[latents, labels\]"),
        ({"num_classes": -1}, "at least 0. Received: num_classes=-1"),
        ({"manifest": {"version": 7}}, "not redefine.*Received: version"),
        ({"manifest": {"fid": float("nan")}}, "JSON types"),
        ({"manifest": {"fid": object()}}, "JSON types"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_written(
    generator, tmp_path, changes, message
):
    arguments = {"latent_dim": LATENT_DIM} | changes
    with pytest.raises(ValueError, match=message):
        export_generator(generator, tmp_path / "a", **arguments)
    assert not list(tmp_path.iterdir())


def test_a_labelled_generator_needs_its_number_of_classes(tmp_path):
    latents, labels = keras.Input((LATENT_DIM,)), keras.Input(())
    images = keras.layers.Reshape((2, 2, 1))(keras.layers.Dense(4)(latents))
    model = keras.Model([latents, labels], images)
    with pytest.raises(ValueError, match=r"must take latents of shape"):
        export_generator(model, tmp_path, latent_dim=LATENT_DIM)


def test_models_without_symbolic_inputs_are_refused(tmp_path):
    class Subclassed(keras.Model):
        pass

    for model in (Subclassed(), keras.Sequential([keras.layers.Dense(4)])):
        with pytest.raises(ValueError, match="built functional Keras model"):
            export_generator(model, tmp_path, latent_dim=LATENT_DIM)


def test_outputs_that_are_no_images_are_refused(tmp_path):
    latents = keras.Input((LATENT_DIM,))
    dense = keras.layers.Dense(4)(latents)
    image = keras.layers.Reshape((2, 2, 1))(dense)
    for outputs in (dense, [image, image], keras.ops.cast(image, "int32")):
        model = keras.Model(latents, outputs)
        with pytest.raises(ValueError, match="one batch of float images"):
            export_generator(model, tmp_path, latent_dim=LATENT_DIM)


@pytest.mark.parametrize("below", [".", "deeper/still"])
def test_a_file_in_the_place_of_the_directory_is_named(
    generator, tmp_path, below
):
    file = tmp_path / "exports"
    file.write_text("notes")
    with pytest.raises(NotADirectoryError, match="exports' is a file"):
        export_generator(generator, file / below, latent_dim=LATENT_DIM)
    assert file.read_text() == "notes"

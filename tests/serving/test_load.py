"""Exports read back by the library."""

import json

import keras
import numpy as np
import pytest

from keras_gans.images import to_uint8
from keras_gans.serving import export_generator
from keras_gans.serving.load import ExportedGenerator, is_export

pytestmark = pytest.mark.once


def generator(scale):
    latents = keras.Input((3,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    embedded = keras.layers.Embedding(4, 3, embeddings_initializer="ones")(
        labels
    )
    shown = keras.layers.Rescaling(scale)(latents * embedded)
    return keras.Model(
        [latents, labels], keras.layers.Reshape((1, 1, 3))(shown)
    )


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """The directory of two versions."""
    directory = tmp_path_factory.mktemp("export") / "model"
    for scale in (0.25, 0.5):
        export_generator(
            generator(scale), directory, latent_dim=3, num_classes=4
        )
    return directory


LATENTS = np.array([[-1.0, 0.0, 1.0], [0.5, -0.5, 0.1]], "float32")
LABELS = np.array([0, 3])


def test_it_makes_what_the_generator_makes(export):
    loaded = ExportedGenerator(export / "1")
    expected = to_uint8(0.25 * LATENTS).reshape(2, 1, 1, 3)
    np.testing.assert_array_equal(loaded(LATENTS, LABELS), expected)
    assert loaded(LATENTS, LABELS).dtype == np.uint8


def test_the_newest_version_is_taken(export):
    newest = ExportedGenerator(export)
    assert newest.path.name == "2"
    expected = to_uint8(0.5 * LATENTS).reshape(2, 1, 1, 3)
    np.testing.assert_array_equal(newest(LATENTS, LABELS), expected)


def test_the_manifest_describes_it(export):
    loaded = ExportedGenerator(export)
    assert loaded.latent_dim == 3
    assert loaded.num_classes == 4
    assert loaded.image_shape == (1, 1, 3)


def test_versions_are_numbers(export, tmp_path):
    for name in ("9", "10", "old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").touch()
    assert is_export(tmp_path)
    assert is_export(export / "1")
    with pytest.raises(ValueError, match="10, where it is missing"):
        ExportedGenerator(tmp_path)


def test_a_folder_of_images_is_no_export(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "image.png").touch()
    assert not is_export(tmp_path)
    with pytest.raises(FileNotFoundError, match="which is neither"):
        ExportedGenerator(tmp_path)


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("{", "missing or damaged"),
        ("[]", "missing or damaged"),
        (json.dumps({"name": "x"}), "missing or damaged"),
        (json.dumps({"outputs": "points"}), "must make images.*makes points"),
        (json.dumps({"outputs": "images"}), "complete SavedModel"),
    ],
)
def test_a_damaged_export_is_refused(tmp_path, manifest, words):
    (tmp_path / "saved_model.pb").write_bytes(b"damaged")
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(ValueError, match=words):
        ExportedGenerator(tmp_path)

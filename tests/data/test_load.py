"""What `--dataset` takes, and what it refuses."""

import ast
import pathlib

import keras
import numpy as np
import pytest

import keras_gans.data
from keras_gans.data import load_images
from keras_gans.data.runtime import import_tensorflow

FORMS = ("embedded", "npz:PATH", "folder:PATH", "tfds:NAME")


@pytest.mark.parametrize(
    "dataset, suggestion",
    [
        ("embeded", "Did you mean 'embedded'?"),
        ("Embedded", "Did you mean 'embedded'?"),
        ("folders:/data/faces", "Did you mean 'folder:/data/faces'?"),
        ("pictures.npz", "Did you mean 'npz:pictures.npz'?"),
        ("cifar10", "Did you mean 'tfds:cifar10'?"),
        ("npz:", "'npz:' needs a PATH."),
        ("tfds", "'tfds:' needs a NAME."),
        ("", ""),
    ],
)
def test_an_unknown_form_names_all_forms_and_the_nearest(dataset, suggestion):
    with pytest.raises(ValueError) as error:
        load_images(dataset, resolution=32)
    message = str(error.value)
    assert repr(dataset) in message and suggestion in message
    assert all(form in message for form in FORMS)


def test_a_bare_folder_is_recognised(tmp_path):
    with pytest.raises(ValueError, match=f"Did you mean 'folder:{tmp_path}'"):
        load_images(str(tmp_path), resolution=32)


@pytest.mark.parametrize("resolution", [0, -8, 32.0, True, "32", None])
def test_resolution_is_a_positive_integer(resolution):
    with pytest.raises(ValueError, match="`resolution` must be an integer"):
        load_images("embedded", resolution=resolution)


@pytest.mark.parametrize("channels", [0, 2, 4, True, "3"])
def test_channels_are_one_or_three(channels):
    with pytest.raises(ValueError, match=r"1 \(grey\) or 3 \(RGB\)"):
        load_images("embedded", resolution=32, channels=channels)


def test_arguments_of_tfds_are_refused_elsewhere():
    with pytest.raises(ValueError, match="`data_dir` belongs to tfds:NAME"):
        load_images("embedded", resolution=32, data_dir="/data")
    with pytest.raises(ValueError, match="Only tfds:NAME has other splits"):
        load_images("embedded", resolution=32, split="test")


def modules():
    return sorted(pathlib.Path(keras_gans.data.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.stem)
def test_heavy_packages_are_imported_inside_functions_only(path):
    heavy = {"tensorflow", "keras_cv", "tensorflow_datasets", "scipy", "PIL"}
    top_level = [
        name
        for node in ast.parse(path.read_text()).body
        for name in imported(node)
    ]
    assert not heavy.intersection(top_level)
    everywhere = [
        name
        for node in ast.walk(ast.parse(path.read_text()))
        for name in imported(node)
    ]
    assert "keras_cv" not in everywhere or path.stem == "augmentation"
    assert not {"jax", "torch"}.intersection(everywhere)


def imported(node):
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]]
    return []


@pytest.fixture
def fresh_import():
    import_tensorflow.cache_clear()
    yield
    import_tensorflow.cache_clear()


@pytest.mark.parametrize(
    "backend, expected",
    [("tensorflow", []), ("jax", [([], "GPU")]), ("torch", [([], "GPU")])],
)
def test_tensorflow_sees_no_gpu_on_other_backends(
    backend, expected, monkeypatch, fresh_import
):
    calls = []
    tf = import_tensorflow()
    import_tensorflow.cache_clear()
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setattr(
        tf.config, "set_visible_devices", lambda *args: calls.append(args)
    )
    assert import_tensorflow() is tf
    assert calls == expected


def test_numpy_integers_are_accepted():
    images = load_images(resolution=np.int64(32), channels=np.int32(1))
    assert (images.resolution, images.channels) == (32, 1)

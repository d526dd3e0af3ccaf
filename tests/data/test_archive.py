"""`npz:PATH`: what it reads and what it refuses."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from keras_gans.data import load_images

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)


def write(folder, **arrays):
    path = folder / "set.npz"
    np.savez_compressed(path, **arrays)
    return path


def load(path, resolution=8, channels=3):
    return load_images(f"npz:{path}", resolution=resolution, channels=channels)


def test_images_and_labels_are_read_as_they_are(tmp_path):
    path = write(tmp_path, images=PIXELS, labels=np.array([0, 2, 1, 0, 2, 1]))
    images = load(path)
    pixels, labels = next(images.evaluation_batches(6).as_numpy_iterator())
    assert_array_equal(pixels, PIXELS)
    assert_array_equal(labels, [0, 2, 1, 0, 2, 1])
    assert images.num_classes == 3 and images.class_names == ("0", "1", "2")
    assert images.name == f"npz:{path}" and images.num_images == 6


def test_without_labels_the_set_is_unlabelled(tmp_path):
    images = load(write(tmp_path, images=PIXELS))
    assert images.num_classes == 0 and images.class_names == ()
    pixels = next(images.evaluation_batches(6).as_numpy_iterator())
    assert_array_equal(pixels, PIXELS)


def test_three_axes_are_grey(tmp_path):
    images = load(write(tmp_path, images=PIXELS[..., 0]), channels=1)
    pixels = next(images.evaluation_batches(6).as_numpy_iterator())
    assert_array_equal(pixels, PIXELS[..., :1])


def test_a_label_may_have_no_images(tmp_path):
    path = write(
        tmp_path, images=PIXELS, labels=np.array([0, 4, 1, 0, 4, 1], np.uint8)
    )
    assert load(path).num_classes == 5


@pytest.mark.parametrize(
    "arrays, rule, received",
    [
        ({"image": PIXELS}, "Did you mean 'images'?", "image"),
        (
            {"images": PIXELS, "label": np.zeros(6, int)},
            "Did you mean 'labels'?",
            "images, label",
        ),
        (
            {"images": PIXELS / 127.5 - 1},
            "`images` must be uint8",
            "float64 of shape (6, 8, 8, 3)",
        ),
        (
            {"images": PIXELS.transpose(0, 3, 1, 2)},
            "`images` must be channels-last",
            "uint8 of shape (6, 3, 8, 8)",
        ),
        (
            {"images": PIXELS[0, 0]},
            "`images` must be channels-last",
            "uint8 of shape (8, 3)",
        ),
        (
            {"images": PIXELS[:0]},
            "`images` must not be empty",
            "uint8 of shape (0, 8, 8, 3)",
        ),
        (
            {"images": PIXELS, "labels": np.zeros(6)},
            "`labels` must be integers",
            "float64 of shape (6,)",
        ),
        (
            {"images": PIXELS, "labels": np.array(list("abcabc"))},
            "`labels` must be integers",
            "<U1 of shape (6,)",
        ),
        (
            {"images": PIXELS, "labels": np.zeros(5, int)},
            "one label an image",
            "int64 of shape (5,) for 6 images",
        ),
        (
            {"images": PIXELS, "labels": np.eye(6, dtype=int)},
            "one label an image",
            "int64 of shape (6, 6) for 6 images",
        ),
        (
            {"images": PIXELS, "labels": np.array([0, 1, -1, 0, 1, 2])},
            "`labels` must be 0..K-1",
            "labels from -1 to 2",
        ),
        (
            {"images": PIXELS, "labels": np.full(6, 10**9)},
            "`labels` must be 0..K-1",
            "labels from 1000000000 to 1000000000",
        ),
    ],
)
def test_other_contents_are_named_and_refused(tmp_path, arrays, rule, received):
    path = write(tmp_path, **arrays)
    with pytest.raises(ValueError) as error:
        load(path)
    message = str(error.value)
    assert rule in message and received in message and str(path) in message


def test_objects_are_never_unpickled(tmp_path):
    path = write(tmp_path, images=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="is no complete npz archive"):
        load(path)


def test_a_truncated_archive_is_named(tmp_path):
    whole = write(tmp_path, images=PIXELS).read_bytes()
    for size in (0, 2, 100, len(whole) // 2, len(whole) - 1):
        path = tmp_path / "cut.npz"
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="cut.npz is no complete npz"):
            load(path)


def test_a_damaged_archive_is_named(tmp_path):
    path = write(tmp_path, images=PIXELS)
    damaged = bytearray(path.read_bytes())
    damaged[200:260] = bytes(60)
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="set.npz is no complete npz archive"):
        load(path)


@pytest.mark.parametrize("content", [b"hello", b"\x80\x04K\x01."])
def test_another_kind_of_file_is_named(tmp_path, content):
    path = tmp_path / "notes.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="notes.npz is no complete npz"):
        load(path)


def test_an_npy_file_is_named(tmp_path):
    path = tmp_path / "images.npy"
    np.save(path, PIXELS)
    with pytest.raises(ValueError, match="one array, as an npy file does"):
        load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing.npz, where there is"):
        load(tmp_path / "missing.npz")
    with pytest.raises(FileNotFoundError, match="there is a folder"):
        load(tmp_path)

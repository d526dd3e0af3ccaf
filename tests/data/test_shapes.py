"""Images that are not square, and transparent ones."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from keras_gans.data import load_images
from keras_gans.data.augmentation import build_augmentation
from keras_gans.data.pixels import fit_images
from keras_gans.data.runtime import tf


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape).astype("uint8")


@pytest.mark.parametrize(
    ("size", "resolution", "box"),
    [
        # Left, top, right and bottom of the largest crop of the shape.
        ((40, 90), (16, 32), (5, 0, 85, 40)),
        ((90, 40), (16, 32), (0, 35, 40, 55)),
        ((40, 90), (32, 16), (35, 0, 55, 40)),
        ((50, 20), 16, (0, 15, 20, 35)),
    ],
)
def test_the_largest_part_of_the_shape_is_taken(size, resolution, box):
    images = noise(3, *size, 3)
    found = fit_images(images, resolution=resolution, channels=3)
    height, width = np.broadcast_to(resolution, 2)
    expected = [
        Image.fromarray(image)
        .crop(box)
        .resize((int(width), int(height)), Image.Resampling.BILINEAR)
        for image in images
    ]
    assert_array_equal(found, np.stack([np.asarray(e) for e in expected]))


def test_every_form_gives_them(tmp_path):
    np.savez(tmp_path / "set.npz", images=noise(4, 20, 40, 3))
    (tmp_path / "folder").mkdir()
    for index, image in enumerate(noise(4, 20, 40, 3)):
        Image.fromarray(image).save(tmp_path / "folder" / f"{index}.png")
    size = {"resolution": (20, 40), "channels": 3}
    archive = load_images(f"npz:{tmp_path}/set.npz", **size)
    folder = load_images(f"folder:{tmp_path}/folder", **size)
    assert archive.resolution == folder.resolution == (20, 40)
    for images in (archive, folder):
        batch = next(images.evaluation_batches(4).as_numpy_iterator())
        assert_array_equal(batch, noise(4, 20, 40, 3))
    clothes = load_images("embedded", resolution=[16, 24], channels=1)
    batch, _ = next(clothes.training_batches(2, seed=0).as_numpy_iterator())
    assert batch.shape == (2, 16, 24, 1)
    assert load_images("embedded", resolution=(16, 16)).resolution == 16


def test_transparency_of_an_archive_is_put_onto_white(tmp_path):
    pixels = np.zeros((1, 2, 2, 4), "uint8")
    pixels[..., 3] = [[[0, 255], [51, 255]]]
    np.savez(tmp_path / "set.npz", images=pixels)
    images = load_images(f"npz:{tmp_path}/set.npz", resolution=2, channels=1)
    batch = next(images.evaluation_batches(1).as_numpy_iterator())
    # Black of opacity a on white is 255 (1 - a).
    assert_array_equal(batch[0, ..., 0], [[255, 0], [204, 0]])


def test_shifts_are_of_the_shorter_side():
    ramp = np.add.outer(100.0 * np.arange(16), np.arange(32)).astype("float32")
    images = tf.constant(np.tile(ramp[None, ..., None], (64, 1, 1, 1)))
    moved = build_augmentation(("translate",), (16, 32))(
        images, 0, tf.constant(0, tf.int64)
    ).numpy()
    # Away from the edges a shift adds the same to every pixel.
    change = moved[:, 8, 16, 0] - ramp[8, 16]
    rows = np.rint(change / 100)
    columns = change - 100 * rows
    assert set(rows) == set(columns) == {-2, -1, 0, 1, 2}


def test_squares_are_cut_anywhere():
    images = tf.ones((1024, 8, 24, 1))
    cut = build_augmentation(("cutout",), (8, 24))(
        images, 0, tf.constant(0, tf.int64)
    ).numpy()[..., 0]
    gone = cut == 0
    # At most 4 x 4, and somewhere every pixel.
    assert gone.sum(axis=(1, 2)).max() == 16
    assert gone.any(axis=2).sum(axis=1).max() == 4
    assert gone.any(axis=0).all()

"""Images as bytes."""

import keras
import numpy as np
import PIL.Image
import pytest

from keras_gans.images import image_grid, save_png, to_uint8


def test_every_grey_level_survives_the_round_trip():
    levels = np.arange(256, dtype="uint8")
    floats = levels.astype("float64") / 127.5 - 1.0
    for dtype in ("float32", "float64"):
        np.testing.assert_array_equal(to_uint8(floats.astype(dtype)), levels)


def test_values_outside_the_range_are_clipped():
    outside = np.array([-np.inf, -7.0, -1.001, 1.001, 9.0, np.inf], "float32")
    assert to_uint8(outside).tolist() == [0, 0, 0, 255, 255, 255]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_tensors_of_the_backend_convert_in_any_float(dtype):
    tensor = keras.ops.cast([[-1.0, -0.5], [0.5, 1.0]], dtype)
    # (x + 1) · 127.5 = 0, 63.75, 191.25, 255.
    assert to_uint8(tensor).tolist() == [[0, 64], [191, 255]]


def test_bytes_are_not_converted_twice():
    with pytest.raises(ValueError, match=r"floats.*dtype=uint8"):
        to_uint8(np.zeros((1, 2, 2, 1), "uint8"))


def test_nan_is_refused_with_its_count():
    with pytest.raises(ValueError, match="2 NaN of 3 values"):
        to_uint8(np.array([np.nan, 0.0, np.nan], "float32"))


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_image_k_of_a_grid_stands_in_row_and_column_of_k(padding):
    images = np.random.default_rng(0).integers(
        0, 200, (5, 4, 3, 2), dtype="uint8"
    )
    sheet = image_grid(images, columns=3, padding=padding, fill=255)
    assert sheet.shape == (8 + padding, 9 + 2 * padding, 2)
    background = np.ones(sheet.shape, bool)
    for k, image in enumerate(images):
        y, x = (k // 3) * (4 + padding), (k % 3) * (3 + padding)
        place = np.s_[y : y + 4, x : x + 3]
        np.testing.assert_array_equal(sheet[place], image)
        background[place] = False
    assert (sheet[background] == 255).all()


@pytest.mark.parametrize(
    "change",
    [{"columns": 0}, {"padding": -1}, {"fill": 256}],
)
def test_impossible_grids_are_refused(change):
    arguments = {"columns": 2, "padding": 1, "fill": 0} | change
    with pytest.raises(ValueError, match="columns >= 1"):
        image_grid(np.zeros((2, 2, 2, 1), "uint8"), **arguments)


def test_grids_of_floats_are_refused():
    with pytest.raises(ValueError, match="dtype=float32"):
        image_grid(np.zeros((2, 2, 2, 1), "float32"), columns=2)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3), (5, 7, 4)])
def test_a_png_reads_back_as_written(tmp_path, shape):
    image = np.random.default_rng(1).integers(0, 256, shape, dtype="uint8")
    path = save_png(tmp_path / "deep" / "sheet.png", image)
    np.testing.assert_array_equal(
        np.asarray(PIL.Image.open(path)), image.reshape(shape).squeeze()
    )
    assert [p.name for p in path.parent.iterdir()] == ["sheet.png"]


def test_a_failed_write_keeps_the_old_png(tmp_path, monkeypatch):
    path = save_png(tmp_path / "a.png", np.zeros((2, 2), "uint8"))
    before = path.read_bytes()

    def disk_full(self, file, format):
        file.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(PIL.Image.Image, "save", disk_full)
    with pytest.raises(OSError, match="No space"):
        save_png(path, np.ones((2, 2), "uint8"))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_images_that_are_no_png_are_refused(tmp_path):
    for bad in (np.zeros((2, 2, 5), "uint8"), np.zeros((2, 2), "float32")):
        with pytest.raises(ValueError, match="A PNG is written from uint8"):
            save_png(tmp_path / "a.png", bad)
    assert not list(tmp_path.iterdir())

"""`folder:PATH`: what it reads and what it refuses."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from PIL import Image

from keras_gans.data import load_images, reading, sources

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)


def save(path, index):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(PIXELS[index]).save(path)


@pytest.fixture
def classes(tmp_path):
    root = tmp_path / "garments"
    for index in range(6):
        save(root / ("boot", "coat")[index % 2] / f"{index}.png", index)
    return root


def load(path, **options):
    return load_images(f"folder:{path}", resolution=8, **options)


def everything(images):
    return next(images.evaluation_batches(99).as_numpy_iterator())


@pytest.fixture(params=["memory", "disk"])
def budget(request, monkeypatch):
    """Holds the pixels in memory, or decodes them when they are needed."""
    if request.param == "disk":
        monkeypatch.setattr(sources, "MEMORY_BUDGET", 0)


def test_sub_folders_are_classes_in_the_order_of_their_names(classes, budget):
    images = load(classes)
    assert images.class_names == ("boot", "coat") and images.num_classes == 2
    assert images.num_images == 6 and images.bad_images == ()
    pixels, labels = everything(images)
    assert_array_equal(pixels, PIXELS[[0, 2, 4, 1, 3, 5]])
    assert_array_equal(labels, [0, 0, 0, 1, 1, 1])


def test_images_without_sub_folders_are_unlabelled(tmp_path, budget):
    for index in range(6):
        save(tmp_path / f"{index}.PNG", index)
    images = load(tmp_path)
    assert images.num_classes == 0 and images.class_names == ()
    assert_array_equal(everything(images), PIXELS)


def test_memory_and_disk_train_on_the_same_batches(classes, monkeypatch):
    def batches():
        images = load(classes)
        dataset = images.training_batches(4, seed=5, num_batches=6)
        return [x for pair in dataset.as_numpy_iterator() for x in pair]

    in_memory = batches()
    monkeypatch.setattr(sources, "MEMORY_BUDGET", 0)
    for expected, received in zip(in_memory, batches(), strict=True):
        assert_array_equal(received, expected)


def test_every_extension_is_read(tmp_path):
    for name in ("a.png", "b.jpg", "c.jpeg", "d.JPEG", "e.bmp", "f.gif"):
        save(tmp_path / name, 0)
    assert load(tmp_path).num_images == 6


def test_hidden_files_and_folders_are_ignored(classes):
    (classes / ".DS_Store").write_bytes(b"?")
    (classes / "boot" / ".thumbnail.png").write_bytes(b"?")
    (classes / ".cache").mkdir()
    assert load(classes).num_images == 6


def damage(root):
    """Adds one bad file of each kind; returns their paths."""
    whole = (root / "boot" / "0.png").read_bytes()
    photo = root / "coat" / "photo.jpg"
    Image.fromarray(PIXELS[0]).resize((64, 64)).save(photo)
    bad = {
        "boot/cut.png": whole[: len(whole) // 2],
        "boot/empty.png": b"",
        "boot/page.png": b"<html>404</html>",
        "coat/notes.txt": b"to do",
        "coat/photo.jpg": photo.read_bytes()[:500],
    }
    for name, content in bad.items():
        (root / name).write_bytes(content)
    return [str(root / name) for name in bad]


def test_bad_files_are_all_named_before_training(classes, budget):
    bad = damage(classes)
    with pytest.raises(ValueError) as error:
        load(classes)
    message = str(error.value)
    assert "5 of 11" in message and "--skip_bad_images" in message
    assert all(path in message for path in bad)


def test_bad_files_are_skipped_counted_and_reported(classes, budget, capsys):
    bad = damage(classes)
    images = load(classes, skip_bad_images=True)
    assert sorted(images.bad_images) == sorted(bad)
    assert images.num_images == 6
    pixels, labels = everything(images)
    assert_array_equal(pixels, PIXELS[[0, 2, 4, 1, 3, 5]])
    assert_array_equal(labels, [0, 0, 0, 1, 1, 1])
    assert "skipped 5 bad of 11 files" in capsys.readouterr().err


def test_an_error_names_five_files_and_counts_the_rest(tmp_path):
    save(tmp_path / "good.png", 0)
    for index in range(8):
        (tmp_path / f"bad{index}.png").write_bytes(b"?")
    with pytest.raises(ValueError) as error:
        load(tmp_path)
    message = str(error.value)
    assert "8 of 9" in message and "and 3 more" in message
    assert [f"bad{i}.png" in message for i in range(8)] == [True] * 5 + [
        False
    ] * 3


def test_a_file_that_vanishes_later_is_named(classes, monkeypatch):
    monkeypatch.setattr(sources, "MEMORY_BUDGET", 0)
    images = load(classes)
    (classes / "coat" / "3.png").unlink()
    with pytest.raises(Exception, match="3.png was readable when the run"):
        everything(images)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="has no readable image"):
        load(tmp_path)


def test_a_folder_of_bad_files_only_is_refused(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"?")
    with pytest.raises(ValueError, match="has no readable image"):
        load(tmp_path, skip_bad_images=True)


def test_an_empty_class_is_named(classes):
    (classes / "dress").mkdir()
    with pytest.raises(ValueError, match="without any in dress"):
        load(classes)


def test_a_class_of_bad_files_only_is_named(classes):
    (classes / "dress").mkdir()
    (classes / "dress" / "bad.png").write_bytes(b"?")
    with pytest.raises(ValueError, match="without any in dress"):
        load(classes, skip_bad_images=True)


def test_files_beside_classes_are_refused(classes):
    save(classes / "stray.png", 0)
    with pytest.raises(ValueError, match="stray.png.*beside 2 sub-folders"):
        load(classes)


def test_folders_inside_classes_are_refused(classes):
    save(classes / "boot" / "more" / "0.png", 0)
    with pytest.raises(ValueError, match="boot/more inside a class"):
        load(classes)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere, where there is noth"):
        load(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError, match="there is a file"):
        load(tmp_path / "file")


def test_long_reading_shows_its_progress(classes, monkeypatch, capsys):
    load(classes)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(reading, "_PROGRESS_FROM", 5)
    load(classes)
    assert "Reading images: 6 of 6\n" in capsys.readouterr().err

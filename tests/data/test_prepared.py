"""`tfds:NAME`: prepared sets, image folders, mock data; never a download."""

import itertools
import shutil
import time

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from numpy.testing import assert_array_equal
from PIL import Image

from keras_gans.data import load_images, records, sources
from keras_gans.data.records import RecordSource

COUNT = 40
PIXELS = np.random.default_rng(0).integers(0, 256, (COUNT, 8, 8, 3), np.uint8)


class TinyGarments(tfds.core.GeneratorBasedBuilder):
    """Forty images of noise in four classes, and ten more for a test."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(8, 8, 3)),
                    "label": tfds.features.ClassLabel(
                        names=["boot", "coat", "dress", "bag"]
                    ),
                }
            )
        )

    def _split_generators(self, dl_manager):
        return {
            "train": self._generate_examples(COUNT),
            "test": self._generate_examples(10),
        }

    def _generate_examples(self, count):
        for index in range(count):
            yield index, {"image": PIXELS[index], "label": index % 4}


class TinyWords(tfds.core.GeneratorBasedBuilder):
    """A set without images."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({"text": tfds.features.Text()})
        )

    def _split_generators(self, dl_manager):
        return {"train": [(0, {"text": "boot"})]}

    def _generate_examples(self):
        raise NotImplementedError


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    home = tmp_path_factory.mktemp("tensorflow_datasets")
    for builder in (TinyGarments, TinyWords):
        builder(data_dir=home).download_and_prepare()
    for split, index in itertools.product(("train", "test"), range(8)):
        image = home / "pictures" / split / f"c{index % 2}" / f"{index}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(PIXELS[index]).save(image)
    return str(home)


@pytest.fixture
def streamed(monkeypatch):
    monkeypatch.setattr(sources, "MEMORY_BUDGET", 0)
    monkeypatch.setattr(records, "_MIN_BLOCK", 7)
    monkeypatch.setattr(records, "_BLOCK_BYTES", 1)


def load(name, data_dir, resolution=8, **options):
    return load_images(
        f"tfds:{name}", data_dir=data_dir, resolution=resolution, **options
    )


def everything(images):
    batches = list(images.evaluation_batches(16).as_numpy_iterator())
    return [np.concatenate(part) for part in zip(*batches, strict=True)]


def numbers(pixels):
    """Which of PIXELS each image is."""
    known = {image.tobytes(): index for index, image in enumerate(PIXELS)}
    return [known[image.tobytes()] for image in pixels]


def test_a_prepared_set_is_read_with_its_names(data_dir):
    images = load("tiny_garments", data_dir)
    assert images.name == "tfds:tiny_garments" and images.num_images == COUNT
    assert images.class_names == ("boot", "coat", "dress", "bag")
    pixels, labels = everything(images)
    found = numbers(pixels)
    assert sorted(found) == list(range(COUNT))
    assert_array_equal(labels, np.array(found) % 4)


@pytest.mark.parametrize(
    "split, count", [("test", 10), ("train[:50%]", 20), ("train+test", 50)]
)
def test_splits_and_slices_are_read(data_dir, split, count):
    images = load("tiny_garments", data_dir, split=split)
    assert images.num_images == count
    assert len(everything(images)[0]) == count


@pytest.mark.parametrize("split", ["test", "train[:80%]"])
def test_the_name_of_a_set_may_say_the_split(data_dir, split):
    name = f"tiny_garments@{split}"
    named, given = load(name, data_dir), load(name[:13], data_dir, split=split)
    assert named.name == f"tfds:{name}" and given.name == "tfds:tiny_garments"
    assert named.content_hash() == given.content_hash()
    train = load("tiny_garments", data_dir)
    assert named.content_hash() != train.content_hash()
    # Said twice, it is the same.
    assert load(name, data_dir, split=split).num_images == named.num_images


@pytest.mark.parametrize("name", ["tiny_garments@test", "tiny_garments@", "@a"])
def test_a_set_has_one_split(data_dir, name):
    with pytest.raises(ValueError, match="one split.*split='train'"):
        load(name, data_dir, split="train")


def test_a_version_may_be_named(data_dir):
    assert load("tiny_garments:1.0.0", data_dir).num_images == COUNT


def test_an_image_folder_of_tfds_is_read(data_dir):
    images = load("pictures", data_dir, split="test")
    assert images.num_images == 8 and images.class_names == ("c0", "c1")
    pixels, labels = everything(images)
    assert_array_equal(labels, np.array(numbers(pixels)) % 2)


def test_mock_data_is_read(data_dir):
    with tfds.testing.mock_data(num_examples=5, data_dir=data_dir):
        images = load("tiny_garments", data_dir)
        pixels, labels = everything(images)
    assert images.num_images == 5 and pixels.shape == (5, 8, 8, 3)
    assert labels.min() >= 0 and labels.max() < 4


def test_a_stream_holds_the_same_images_as_the_memory(
    data_dir, streamed, monkeypatch
):
    stream = load("tiny_garments", data_dir)
    assert isinstance(stream._source, RecordSource)
    pixels, labels = everything(stream)
    found = numbers(pixels)
    assert sorted(found) == list(range(COUNT))
    assert_array_equal(labels, np.array(found) % 4)
    monkeypatch.setattr(sources, "MEMORY_BUDGET", 2**30)
    in_memory = load("tiny_garments", data_dir)
    assert stream.content_hash() == in_memory.content_hash()


def as_numbers(batch):
    return numbers(np.rint((batch + 1) * 127.5).astype(np.uint8))


def test_every_epoch_of_a_stream_is_a_permutation(data_dir, streamed):
    images = load("tiny_garments", data_dir)
    dataset = images.training_batches(16, seed=1, num_batches=10)
    sequence, labels = [], []
    for batch, label in dataset.as_numpy_iterator():
        sequence.extend(as_numbers(batch))
        labels.extend(label)
    assert_array_equal(labels, np.array(sequence) % 4)
    epochs = np.reshape(sequence, (4, COUNT))
    assert_array_equal(np.sort(epochs), np.tile(np.arange(COUNT), (4, 1)))
    assert len({tuple(epoch) for epoch in epochs}) == 4


@pytest.mark.parametrize("start_step", [0, 1, 4, 5])
def test_seed_and_step_fix_the_batch_of_a_stream(
    data_dir, streamed, start_step
):
    def batches(start, count, seed=6):
        dataset = load("tiny_garments", data_dir).training_batches(
            8, seed=seed, start_step=start, num_batches=count, augment=["flip"]
        )
        return [images for images, _ in dataset.as_numpy_iterator()]

    expected = batches(0, start_step + 2)[start_step:]
    tf.random.set_seed(99)
    assert_array_equal(batches(start_step, 2), expected)
    assert not np.array_equal(batches(start_step, 2, seed=7), expected)


@pytest.mark.parametrize("mixed", [True, False])
def test_a_limited_stream_is_a_fixed_subset(mixed):
    # A hundred records sorted by class, ten of each.
    encoded = [tf.io.encode_png(image).numpy() for image in PIXELS[:10]]
    encoded = np.repeat(encoded, 10)
    source = RecordSource(
        tf.data.Dataset.from_tensor_slices((encoded, np.arange(100))),
        100,
        encoded_bytes=200,
        mixed=mixed,
        labelled=True,
        image_shape=(8, 8, 3),
    )
    found = [
        np.concatenate(
            [y for _, y in source.evaluation(7, limit=40).as_numpy_iterator()]
        )
        for _ in range(2)
    ]
    assert_array_equal(found[0], found[1])
    assert len(set(found[0])) == 40
    if mixed:
        assert_array_equal(found[0], np.arange(40))
    else:
        assert set(found[0] // 10) == set(range(10))


def test_an_unprepared_set_is_refused_at_once(data_dir):
    begin = time.monotonic()
    with pytest.raises(FileNotFoundError) as error:
        load("cifar10", data_dir)
    assert time.monotonic() - begin < 30
    message = str(error.value)
    assert "is not prepared" in message and "tiny_garments" in message
    assert f"tfds build cifar10 --data_dir={data_dir}" in message
    assert "download=True" in message


@pytest.mark.parametrize(
    "name, hint",
    [
        ("tiny_garment", "Did you mean 'tiny_garments'?"),
        ("cifar_10", "Did you mean 'cifar10'?"),
        ("no-such-set", "Unknown TFDS set: 'no-such-set'"),
        ("a/b/c", "Unknown TFDS set: 'a/b/c'"),
    ],
)
def test_an_unknown_set_gets_the_nearest(data_dir, name, hint):
    with pytest.raises(ValueError) as error:
        load(name, data_dir)
    assert hint in str(error.value) and "Allowed: NAME" in str(error.value)


@pytest.mark.parametrize(
    ("name", "options"),
    [("tiny_garments", {"split": "tset"}), ("tiny_garments@tset", {})],
)
def test_an_unknown_split_gets_the_nearest(data_dir, name, options):
    with pytest.raises(ValueError) as error:
        load(name, data_dir, **options)
    message = str(error.value)
    assert "Did you mean 'test'?" in message and "has: test, train" in message


def test_a_set_without_images_is_refused(data_dir):
    with pytest.raises(ValueError, match="must have a feature `image`.*text"):
        load("tiny_words", data_dir)


def test_damaged_record_files_are_told(data_dir, tmp_path):
    shutil.copytree(f"{data_dir}/tiny_garments", tmp_path / "tiny_garments")
    (file,) = tmp_path.glob("tiny_garments/1.0.0/*-train.tfrecord*")
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ValueError, match="cannot be read.*Prepare it again"):
        load("tiny_garments", str(tmp_path))


def test_a_missing_data_dir_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere', which does not"):
        load("cifar10", str(tmp_path / "nowhere"))


def test_a_damaged_picture_is_named_or_skipped(tmp_path):
    folder = tmp_path / "pictures" / "train" / "boot"
    folder.mkdir(parents=True)
    for index in range(3):
        Image.fromarray(PIXELS[index]).save(folder / f"{index}.png")
    (folder / "1.png").write_bytes(b"?")
    with pytest.raises(ValueError, match=r"1 of 3 .*\n.*boot/1\.png"):
        load("pictures", str(tmp_path))
    images = load("pictures", str(tmp_path), skip_bad_images=True)
    assert images.num_images == 2
    assert images.bad_images == (str(folder / "1.png"),)

"""Batches: their order, their values, and what fixes them."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_array_equal
from scipy import stats

from keras_gans.data import ImageSet, load_images, order, sources
from keras_gans.data.records import RecordSource
from keras_gans.data.sources import ArraySource
from keras_gans.images import save_png

RECORDED_ORDER = [
    [1, 5, 4, 7],
    [0, 3, 8, 9],
    [2, 6, 9, 2],
    [6, 3, 8, 1],
    [4, 5, 7, 0],
]


def numbered(count, labelled=True, side=2):
    """Images that show their own number in every pixel; label = number."""
    images = np.arange(count, dtype=np.uint8)[:, None, None, None]
    images = np.broadcast_to(images, (count, side, side, 1)).copy()
    labels = np.arange(count) if labelled else None
    names = [str(number) for number in range(count)] if labelled else ()
    return ImageSet("numbered", ArraySource(images, labels), class_names=names)


def labels_of(dataset):
    return [labels.tolist() for _, labels in dataset.as_numpy_iterator()]


@pytest.mark.every_backend
def test_elements_are_floats_of_minus_one_to_one_with_their_labels():
    images = load_images(resolution=32, channels=3)
    dataset = images.training_batches(16, seed=0)
    assert dataset.element_spec[0].shape == (16, 32, 32, 3)
    pixels, labels = next(dataset.as_numpy_iterator())
    assert pixels.dtype == np.float32 and labels.dtype == np.int32
    assert pixels.min() == -1.0 and pixels.max() == 1.0


@pytest.mark.every_backend
def test_the_order_is_the_same_on_every_backend():
    # Recorded once: a run must be repeatable on another backend and later.
    dataset = numbered(10).training_batches(4, seed=7, num_batches=5)
    assert labels_of(dataset) == RECORDED_ORDER


@pytest.mark.every_backend
def test_a_model_trains_on_the_batches():
    images = numbered(10, side=8)
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
    model.compile(
        "sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    dataset = images.training_batches(
        6, seed=0, augment=("flip", "translate", "cutout")
    )
    history = model.fit(
        dataset, steps_per_epoch=2, epochs=2, shuffle=False, verbose=0
    )
    assert np.isfinite(history.history["loss"]).all()


def test_pixels_map_linearly():
    images = ImageSet(
        "levels",
        ArraySource(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)),
    )
    batch = next(images.training_batches(1, seed=0).as_numpy_iterator())
    expected = np.arange(256) * (2 / 255) - 1
    np.testing.assert_allclose(batch.ravel(), expected, atol=1e-7)


def test_dequantized_levels_fill_their_intervals():
    # Level x becomes uniform in [x/128 - 1, (x + 1)/128 - 1).
    levels = np.repeat(np.array([0, 100, 255], "uint8"), 4096)
    images = ImageSet("levels", ArraySource(levels.reshape(3, 64, 64, 1)))
    batches = images.training_batches(3, seed=0, dequantize=True, num_batches=2)
    first, second = batches.as_numpy_iterator()
    assert first.dtype == np.float32
    assert np.abs(np.sort(first.ravel()) - np.sort(second.ravel())).max() > 0
    for image, level in zip(
        sorted(first, key=np.mean), (0, 100, 255), strict=True
    ):
        shares = (image.astype("float64") + 1.0) * 128.0 - level
        assert shares.min() >= 0.0 and shares.max() <= 1.0
        np.testing.assert_allclose(shares.mean(), 0.5, atol=0.02)
        np.testing.assert_allclose(shares.std(), 12**-0.5, atol=0.01)
    again = next(batches.as_numpy_iterator())
    assert_array_equal(first, again)


def test_images_keep_their_labels():
    dataset = numbered(50).training_batches(16, seed=1, num_batches=10)
    for images, labels in dataset.as_numpy_iterator():
        assert_array_equal(np.rint((images[:, 0, 0, 0] + 1) * 127.5), labels)


def test_unlabelled_elements_are_images():
    images = numbered(5, labelled=False)
    assert images.num_classes == 0
    batch = next(images.training_batches(3, seed=0).as_numpy_iterator())
    assert batch.shape == (3, 2, 2, 1)
    batch = next(images.evaluation_batches(3).as_numpy_iterator())
    assert batch.dtype == np.uint8


@pytest.mark.parametrize("batch_size", [1, 4, 10, 25])
def test_every_epoch_is_a_permutation(batch_size):
    dataset = numbered(10).training_batches(
        batch_size, seed=3, num_batches=100 // batch_size
    )
    sequence = list(itertools.chain(*labels_of(dataset)))
    epochs = np.reshape(sequence, (10, 10))
    assert_array_equal(np.sort(epochs), np.tile(np.arange(10), (10, 1)))
    assert len({tuple(epoch) for epoch in epochs}) == 10


def test_permutations_are_uniform():
    # All 120 orders of 5 images, over 3,600 epochs.
    dataset = numbered(5).training_batches(500, seed=0, num_batches=36)
    orders = np.reshape(labels_of(dataset), (3600, 5))
    codes = orders @ (5 ** np.arange(5))
    _, counts = np.unique(codes, return_counts=True)
    assert len(counts) == 120
    assert stats.chisquare(counts).pvalue > 1e-3


def test_epochs_are_uncorrelated():
    dataset = numbered(200).training_batches(200, seed=0, num_batches=100)
    orders = np.array(labels_of(dataset))
    correlation = np.corrcoef(orders[:-1].ravel(), orders[1:].ravel())[0, 1]
    assert abs(correlation) < 4 / np.sqrt(orders[1:].size)


@pytest.mark.parametrize(
    "start_step, augment",
    [
        *((step, ()) for step in (0, 1, 5, 7, 13)),
        (7, ("flip", "translate", "cutout")),
    ],
)
def test_seed_and_step_fix_the_batch(start_step, augment):
    # 10 images in batches of 4: step 5 begins an epoch, others lie within.
    def batches(images, start, count):
        dataset = images.training_batches(
            4, seed=9, start_step=start, num_batches=count, augment=augment
        )
        return list(dataset.as_numpy_iterator())

    from_the_start = batches(numbered(10, side=8), 0, start_step + 3)
    resumed = batches(numbered(10, side=8), start_step, 3)
    for expected, received in zip(
        from_the_start[start_step:], resumed, strict=True
    ):
        assert_array_equal(received[0], expected[0])
        assert_array_equal(received[1], expected[1])


def test_what_was_read_before_and_global_seeds_do_not_matter():
    images = numbered(10)
    dataset = images.training_batches(4, seed=2, num_batches=6)
    first = labels_of(dataset)
    keras.utils.set_random_seed(123)
    images.content_hash()
    assert labels_of(dataset) == first
    assert labels_of(images.training_batches(4, seed=2, num_batches=6)) == first


def test_seeds_give_different_orders():
    seeds = (0, 1, 2**32, 2**32 + 1, 2**63 - 1)
    orders = [
        labels_of(numbered(50).training_batches(50, seed=s, num_batches=1))[0]
        for s in seeds
    ]
    assert len({tuple(found) for found in orders}) == len(seeds)


def test_training_never_ends_unless_asked():
    images = numbered(4)
    assert images.training_batches(2, seed=0).cardinality() == -1
    finite = images.training_batches(2, seed=0, num_batches=7)
    assert finite.cardinality() == 7 and len(labels_of(finite)) == 7


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"batch_size": 0}, "`batch_size` must be an integer, at least 1"),
        ({"batch_size": 2.5}, "`batch_size` must be an integer, at least 1"),
        ({"seed": -1}, "`seed` must be an integer, from 0 to"),
        ({"seed": 2**63}, "`seed` must be an integer, from 0 to"),
        ({"start_step": -1}, "`start_step` must be an integer, at least 0"),
        ({"num_batches": -1}, "`num_batches` must be an integer, at least 0"),
    ],
)
def test_impossible_numbers_are_refused(arguments, message):
    arguments = {"batch_size": 2, "seed": 0, **arguments}
    with pytest.raises(ValueError, match=message):
        numbered(4).training_batches(**arguments)


def test_evaluation_reads_every_image_once():
    dataset = numbered(10).evaluation_batches(4)
    assert labels_of(dataset) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    images = np.concatenate([x for x, _ in dataset.as_numpy_iterator()])
    assert images.dtype == np.uint8
    assert_array_equal(images[:, 0, 0, 0], np.arange(10))


@pytest.mark.parametrize("limit", [10, 11, 1000])
def test_a_limit_beyond_the_set_gives_all_of_it(limit):
    dataset = numbered(10).evaluation_batches(10, limit=limit)
    assert labels_of(dataset) == [list(range(10))]


def test_a_limited_evaluation_is_fixed_and_distinct():
    found = [
        list(
            itertools.chain(*labels_of(images.evaluation_batches(8, limit=30)))
        )
        for images in (numbered(100), numbered(100))
    ]
    assert found[0] == found[1]
    assert len(set(found[0])) == 30


@pytest.mark.parametrize("sort", [True, False])
def test_a_limited_evaluation_draws_evenly_from_all_classes(sort):
    # Ten classes of 1,000, in blocks or in turn.
    labels = np.arange(10000) // 1000 if sort else np.arange(10000) % 10
    counts = np.bincount(labels[order.subset(10000, 2500)], minlength=10)
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize(
    "arguments", [{"batch_size": 0}, {"batch_size": 1, "limit": 0}]
)
def test_impossible_evaluations_are_refused(arguments):
    with pytest.raises(ValueError, match="must be an integer, at least 1"):
        numbered(4).evaluation_batches(**arguments)


def set_of(images, labels=None):
    names = () if labels is None else [str(k) for k in range(max(labels) + 1)]
    labels = None if labels is None else np.array(labels)
    return ImageSet("any", ArraySource(images, labels), class_names=names)


def test_the_hash_tells_pixels_labels_and_shapes_apart():
    images = np.random.default_rng(0).integers(0, 256, (4, 4, 4, 3), np.uint8)
    changed = images.copy()
    changed[3, 3, 3, 2] ^= 1
    sets = [
        set_of(images),
        set_of(changed),
        set_of(images[::-1].copy()),
        set_of(images[:3]),
        set_of(images.reshape(12, 4, 4, 1)),
        set_of(images, [0, 1, 0, 1]),
        set_of(images, [1, 0, 0, 1]),
        set_of(images, [0, 1, 0, 2]),
    ]
    assert len({images.content_hash() for images in sets}) == len(sets)


def test_the_hash_depends_on_nothing_else():
    images = np.random.default_rng(0).integers(0, 256, (4, 4, 4, 3), np.uint8)
    one = ImageSet("a", ArraySource(images), bad_images=["x.png"])
    assert one.content_hash() == set_of(images).content_hash()
    assert one.content_hash() == one.content_hash()
    assert len(one.content_hash()) == 64


def test_class_names_and_labels_go_together():
    images = np.zeros((2, 4, 4, 1), np.uint8)
    with pytest.raises(ValueError, match="A labelled source has class names"):
        ImageSet("a", ArraySource(images, np.zeros(2, int)))
    with pytest.raises(ValueError, match="A labelled source has class names"):
        ImageSet("a", ArraySource(images), class_names=["0"])


def test_the_memory_budget_counts_bytes():
    side = 1024
    count = sources.MEMORY_BUDGET // (side * side)
    assert sources.fits_in_memory(count, (side, side, 1))
    assert not sources.fits_in_memory(count + 1, (side, side, 1))


def of_every_kind(count=40, classes=4):
    """The same labelled images in memory and as encoded records."""
    pixels = np.arange(count, dtype=np.uint8)[:, None, None, None]
    pixels = np.broadcast_to(pixels, (count, 4, 4, 1)).copy()
    labels = np.random.default_rng(0).permutation(np.arange(count) % classes)
    records = tf.data.Dataset.from_tensor_slices(
        ([tf.io.encode_png(image).numpy() for image in pixels], labels)
    )
    streamed = RecordSource(
        records,
        count,
        encoded_bytes=80.0,
        mixed=True,
        labelled=True,
        image_shape=(4, 4, 1),
    )
    names = [f"class {label}" for label in range(classes)]
    return labels, [
        ImageSet("any", source, class_names=names)
        for source in (ArraySource(pixels, labels), streamed)
    ]


def numbers_and_labels(dataset):
    batches = list(dataset.as_numpy_iterator())
    pixels = np.concatenate([images[:, 0, 0, 0] for images, _ in batches])
    if pixels.dtype != np.uint8:
        pixels = np.rint((pixels + 1) * 127.5).astype(int)
    return pixels, np.concatenate([labels for _, labels in batches])


@pytest.mark.parametrize("budget", [sources.MEMORY_BUDGET, 0])
def test_a_part_of_the_classes_counts_its_labels_from_zero(monkeypatch, budget):
    monkeypatch.setattr(sources, "MEMORY_BUDGET", budget)
    labels, sets = of_every_kind()
    for images in sets:
        part = images.subset_of_classes(1, 3)
        assert part.class_names == ("class 1", "class 2")
        assert part.name == "any[1:3]" and part.num_classes == 2
        expected = np.flatnonzero((labels == 1) | (labels == 2))
        assert part.num_images == len(expected) == 20
        numbers, found = numbers_and_labels(part.evaluation_batches(7))
        assert_array_equal(numbers, expected)
        assert_array_equal(found, labels[expected] - 1)
        dataset = part.training_batches(5, seed=0, num_batches=4)
        numbers, found = numbers_and_labels(dataset)
        assert_array_equal(np.sort(numbers), expected)
        assert_array_equal(found, labels[numbers] - 1)
        # The whole set is as it was.
        assert_array_equal(
            numbers_and_labels(images.evaluation_batches(7))[0], np.arange(40)
        )


def test_parts_of_files_keep_their_pictures(tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for number, path in enumerate(paths):
        save_png(path, np.full((4, 4), 10 * number, np.uint8))
    source = sources.FileSource(
        list(map(str, paths)),
        np.repeat(np.arange(3), 2),
        (4, 4, 1),
    )
    images = ImageSet("files", source, class_names="abc")
    numbers, labels = numbers_and_labels(
        images.subset_of_classes(1, 3).evaluation_batches(4)
    )
    assert_array_equal(numbers, [20, 30, 40, 50])
    assert_array_equal(labels, [0, 0, 1, 1])


@pytest.mark.parametrize("start, stop", [(0, 0), (2, 1), (-1, 2), (0, 5)])
def test_a_part_must_be_a_range_of_classes(start, stop):
    _, (images, _) = of_every_kind()
    with pytest.raises(ValueError, match=f"start={start}, stop={stop}"):
        images.subset_of_classes(start, stop)


def test_a_share_of_every_class_keeps_its_labels():
    labels, sets = of_every_kind()
    kept = []
    for images in sets:
        partly = images.with_labelled_fraction(0.3)
        dataset = partly.training_batches(10, seed=0, num_batches=4)
        numbers, found = numbers_and_labels(dataset)
        assert_array_equal(np.sort(numbers), np.arange(40))
        known = found >= 0
        assert_array_equal(found[known], labels[numbers[known]])
        assert set(found[~known]) == {-1}
        # Three of the ten images of each of the four classes.
        assert_array_equal(np.bincount(found[known]), [3] * 4)
        kept.append(set(numbers[known]))
        # What is evaluated against has not changed.
        assert partly.content_hash() == images.content_hash()
        assert_array_equal(
            numbers_and_labels(partly.evaluation_batches(9))[1], labels
        )
    assert kept[0] == kept[1]
    least = sets[0].with_labelled_fraction(1e-9)
    _, found = numbers_and_labels(
        least.training_batches(40, seed=0, num_batches=1)
    )
    assert_array_equal(np.bincount(found[found >= 0]), [1] * 4)


@pytest.mark.parametrize("fraction", [0.0, -0.5, 1.5])
def test_a_share_is_above_zero_and_at_most_one(fraction):
    _, (images, _) = of_every_kind()
    with pytest.raises(ValueError, match=f"fraction={fraction}"):
        images.with_labelled_fraction(fraction)


def test_an_unlabelled_set_has_no_share_to_keep():
    with pytest.raises(ValueError, match="numbered has 0 classes"):
        numbered(4, labelled=False).with_labelled_fraction(0.5)

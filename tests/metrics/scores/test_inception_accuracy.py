import json

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.metrics.scores.inception_accuracy import (
    inception_accuracy,
)


def images_of(count, side=16, channels=3, seed=0):
    random = np.random.default_rng(seed)
    shape = (count, side, side, channels)
    return random.integers(0, 256, shape, dtype=np.uint8)


def checkerboards(count, side, cell):
    """Black and white cells of `cell` pixels."""
    rows = np.arange(side) // cell
    board = 255 * ((rows[:, None] + rows) % 2)
    return np.tile(board[None, :, :, None], (count, 1, 1, 1)).astype(np.uint8)


def finds_contrast(images):
    """Logits of two classes: flat images, and those with contrast."""
    images = np.asarray(images, np.float32)
    deviation = images.std(axis=(1, 2, 3))
    return np.stack([np.full_like(deviation, 20.0), deviation], axis=1)


def by_brightness(classes):
    """A classifier that tells grey levels apart, in equal ranges."""

    def classify(images):
        level = images.mean(axis=(1, 2, 3)) / 256 * classes
        centres = np.arange(classes) + 0.5
        return -((level[:, None] - centres) ** 2)

    return classify


def flat(levels, side=16):
    images = np.asarray(levels, np.uint8)[:, None, None, None]
    return np.broadcast_to(images, (len(levels), side, side, 1))


def resized_by_loops(image, size):
    """Half-pixel bilinear, one output at a time, rounded."""
    length = image.shape[0]

    def taps(i):
        position = max((i + 0.5) * length / size - 0.5, 0)
        low = min(int(position), length - 1)
        return low, min(low + 1, length - 1), position - low

    result = np.empty((size, size, image.shape[-1]))
    for i, j in np.ndindex(size, size):
        (top, bottom, u), (left, right, v) = taps(i), taps(j)
        above = (1 - v) * image[top, left] + v * image[top, right]
        below = (1 - v) * image[bottom, left] + v * image[bottom, right]
        result[i, j] = (1 - u) * above + u * below
    return np.rint(result).astype(np.uint8)


@pytest.mark.once
def test_detail_is_lost_below_its_resolution():
    # Where 64 pixels become 8, each is the mean at a corner of four cells.
    images = np.concatenate(
        [checkerboards(10, 64, 4), np.full((10, 64, 64, 1), 128, np.uint8)]
    )
    labels = np.repeat([1, 0], 10)
    result = inception_accuracy(finds_contrast, images, labels, (8, 16, 64))
    assert [result[r]["accuracy"] for r in (8, 16, 64)] == [0.5, 1.0, 1.0]
    assert result[8]["per_class"] == {0: 1.0, 1: 0.0}
    assert result[64]["per_class"] == {0: 1.0, 1: 1.0}


def test_images_are_reduced_and_resized_back_to_their_own_size():
    seen = []

    def classify(images):
        seen.append(images)
        return np.zeros((len(images), 2), np.float32)

    images = images_of(2)
    inception_accuracy(classify, images, [0, 1], (8, 16, 32), subsets=1)
    for resolution, given in zip((8, 16, 32), seen, strict=True):
        assert given.dtype == np.uint8
        for image, result in zip(images, given, strict=True):
            expected = image
            if resolution != 16:
                expected = resized_by_loops(expected, resolution)
            if resolution < 16:
                expected = resized_by_loops(expected, 16)
            np.testing.assert_array_equal(result, expected)


@pytest.mark.once
def test_is_the_share_of_labels_that_the_classifier_finds():
    random = np.random.default_rng(3)
    levels = random.integers(0, 256, 97)
    labels = random.integers(0, 5, 97)
    result = inception_accuracy(
        by_brightness(5), flat(levels), labels, (8, 16), batch_size=20
    )
    hits = levels * 5 // 256 == labels
    for resolution in (8, 16):
        found = result[resolution]
        assert found["accuracy"] == hits.sum() / 97
        for label in range(5):
            expected = hits[labels == label].mean()
            assert_allclose(found["per_class"][label], expected, rtol=1e-12)


@pytest.mark.once
def test_std_is_that_of_accuracies_of_random_subsets():
    # Subsets of 20 of 200 images, half of them right, sorted: the number of
    # hits is hypergeometric with variance 20 / 4 · 180 / 199.
    images, labels = flat(np.zeros(200)), np.repeat([0, 1], 100)
    squares = [
        inception_accuracy(by_brightness(2), images, labels, (16,), seed=s)[16][
            "std"
        ]
        ** 2
        for s in range(40)
    ]
    # The variance over 10 subsets whose mean is fixed is unbiased.
    expected = 5 * 180 / 199 / 20**2
    assert_allclose(np.mean(squares), expected, rtol=0.2)


@pytest.mark.once
def test_one_subset_has_no_spread_and_certainty_has_none():
    images, labels = flat([0, 0, 255, 255]), [0, 1, 1, 1]
    one = inception_accuracy(by_brightness(2), images, labels, (16,), subsets=1)
    assert one[16]["accuracy"] == 0.75
    assert one[16]["std"] == 0.0
    sure = inception_accuracy(
        by_brightness(2), images, [0, 0, 1, 1], (16,), subsets=4
    )
    assert (sure[16]["accuracy"], sure[16]["std"]) == (1.0, 0.0)


def test_classifiers_may_return_tensors():
    def classify(images):
        return keras.ops.convert_to_tensor(finds_contrast(images))

    images, labels = images_of(10), [1] * 10
    result = inception_accuracy(classify, images, labels, (8,))
    assert result == inception_accuracy(finds_contrast, images, labels, (8,))


@pytest.mark.once
def test_results_are_ready_for_json():
    result = inception_accuracy(finds_contrast, images_of(10), [1] * 10, (8,))
    loaded = json.loads(json.dumps(result))["8"]
    assert loaded["accuracy"] == result[8]["accuracy"]


@pytest.mark.parametrize(
    ("resolutions", "side", "message"),
    [
        ((), 16, "at least one"),
        ((8, 8), 16, "different"),
        ((0,), 16, "at least 1"),
        ((8.0,), 16, "integer"),
        ((257,), 16, "at most 256.*16 pixels"),
        ((301,), 300, "at most 300.*300 pixels"),
    ],
)
@pytest.mark.once
def test_impossible_resolutions_are_refused(resolutions, side, message):
    with pytest.raises(ValueError, match=message):
        inception_accuracy(
            finds_contrast, images_of(10, side), [1] * 10, resolutions
        )


@pytest.mark.once
def test_unusable_images_are_refused():
    with pytest.raises(ValueError, match="9 images for subsets=10"):
        inception_accuracy(finds_contrast, images_of(9), [1] * 9)
    with pytest.raises(ValueError, match="0 images for subsets=10"):
        inception_accuracy(finds_contrast, images_of(10)[:0], [])
    with pytest.raises(ValueError, match="square.*8 x 16"):
        inception_accuracy(finds_contrast, images_of(10)[:, :8], [1] * 10)
    with pytest.raises(ValueError, match="uint8"):
        inception_accuracy(finds_contrast, images_of(10) / 255.0, [1] * 10)


@pytest.mark.once
def test_labels_and_logits_that_do_not_fit_are_refused():
    images = images_of(10)
    for labels in ([1] * 9, [1.0] * 10, [-1] * 10):
        with pytest.raises(ValueError, match="Labels must be integers"):
            inception_accuracy(finds_contrast, images, labels)
    with pytest.raises(ValueError, match="labels up to 2"):
        inception_accuracy(finds_contrast, images, [2] * 10)
    with pytest.raises(ValueError, match="one row"):
        inception_accuracy(lambda x: np.zeros((3, 2)), images, [1] * 10)
    with pytest.raises(ValueError, match="finite"):
        inception_accuracy(
            lambda x: np.full((len(x), 2), np.nan), images, [1] * 10
        )
    with pytest.raises(ValueError, match="shape"):
        inception_accuracy(lambda x: np.zeros(len(x)), images, [1] * 10)

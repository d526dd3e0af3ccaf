"""Augmentations, against shifts, flips and squares made with NumPy."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats

from keras_gans.data import AUGMENTATIONS, ImageSet
from keras_gans.data.augmentation import check_augmentations
from keras_gans.data.sources import ArraySource

RECORDED_SUM = 25056184
SIDE, COUNT = 16, 64
PIXELS = np.random.default_rng(0).integers(
    1, 255, (COUNT, SIDE, SIDE, 3), np.uint8
)


def batches(*augment, seed=0, num_batches=4, start_step=0):
    images = ImageSet(
        "random",
        ArraySource(PIXELS, np.arange(COUNT)),
        class_names=[str(number) for number in range(COUNT)],
    )
    dataset = images.training_batches(
        COUNT,
        seed=seed,
        start_step=start_step,
        num_batches=num_batches,
        augment=augment,
    )
    return list(dataset.as_numpy_iterator())


def pairs(*augment, **options):
    """Every augmented image beside its original, in [-1, 1]."""
    for images, labels in batches(*augment, **options):
        originals = PIXELS[labels].astype(np.float32) / 127.5 - 1
        yield from zip(originals, images, strict=True)


def translated(image, down, right):
    """The shifted image, its nearest edge pixels repeated."""
    rows = np.clip(np.arange(SIDE) - down, 0, SIDE - 1)
    columns = np.clip(np.arange(SIDE) - right, 0, SIDE - 1)
    return image[rows][:, columns]


def cut(image, y, x, half=SIDE // 4):
    """The image with the square around pixel (y, x) set to mid-grey."""
    image = image.copy()
    image[max(y - half, 0) : y + half, max(x - half, 0) : x + half] = 0
    return image


@pytest.mark.every_backend
def test_flip_mirrors_half_of_the_images():
    flips = 0
    for original, image in pairs("flip"):
        flipped = np.array_equal(image, original[:, ::-1])
        assert flipped or np.array_equal(image, original)
        flips += flipped
    assert stats.binomtest(flips, 4 * COUNT).pvalue > 1e-3


@pytest.mark.every_backend
def test_translate_shifts_by_whole_pixels_and_repeats_the_edge():
    reach = SIDE // 8
    shifts = [
        (y, x) for y in range(-reach, reach + 1) for x in range(-reach, 3)
    ]
    counts = np.zeros(len(shifts), int)
    for original, image in pairs("translate", num_batches=8):
        found = [
            np.array_equal(image, translated(original, *shift))
            for shift in shifts
        ]
        assert sum(found) == 1
        counts += found
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.every_backend
def test_cutout_greys_a_square_of_half_the_side():
    centres = np.zeros((2, SIDE), int)
    for original, image in pairs("cutout", num_batches=8):
        rows, columns = np.nonzero((image == 0).all(-1))
        # The square may hang over the border: its visible edge tells.
        y, x = (
            axis.min() + 4 if axis.min() > 0 else axis.max() - 3
            for axis in (rows, columns)
        )
        assert_array_equal(image, cut(original, y, x))
        centres[0, y] += 1
        centres[1, x] += 1
    assert stats.chisquare(centres.ravel()).pvalue > 1e-3


@pytest.mark.every_backend
def test_all_together_stay_in_range_with_their_labels():
    plain, augmented = batches(), batches(*AUGMENTATIONS)
    for (_, expected), (images, labels) in zip(plain, augmented, strict=True):
        assert images.dtype == np.float32
        assert images.shape == (COUNT, SIDE, SIDE, 3)
        assert images.min() >= -1 and images.max() <= 1
        assert_array_equal(labels, expected)


@pytest.mark.every_backend
def test_draws_are_the_same_on_every_backend():
    # Recorded once, as whole grey levels.
    images = np.concatenate([x for x, _ in batches(*AUGMENTATIONS, seed=4)])
    levels = np.rint((images + 1) * 127.5)
    assert int(levels.sum()) == RECORDED_SUM


def test_the_order_of_names_does_not_matter():
    forwards = batches(*AUGMENTATIONS, num_batches=1)
    backwards = batches(*reversed(AUGMENTATIONS), num_batches=1)
    assert_array_equal(forwards[0][0], backwards[0][0])


def test_steps_and_seeds_draw_anew():
    def shapes_of(seed, step):
        # The flips alone: which of the 64 images were mirrored.
        options = {"seed": seed, "start_step": step, "num_batches": 1}
        return tuple(
            np.array_equal(image, original[:, ::-1])
            for original, image in pairs("flip", **options)
        )

    draws = {shapes_of(seed, step) for seed in (0, 1, 2**40) for step in (0, 1)}
    assert len(draws) == 6


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_the_dtype_policy_of_the_model_does_not_matter(policy):
    expected = batches(*AUGMENTATIONS, num_batches=1)[0][0]
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        images = batches(*AUGMENTATIONS, num_batches=1)[0][0]
    finally:
        keras.config.set_dtype_policy(before)
    assert_array_equal(images, expected)


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ValueError) as error:
        batches("translte")
    message = str(error.value)
    assert "'translte'" in message and "Did you mean 'translate'?" in message
    assert all(name in message for name in AUGMENTATIONS)


def test_one_string_is_no_sequence_of_names():
    with pytest.raises(ValueError, match=r"pass \('flip', 'cutout'\)"):
        check_augmentations("flip,cutout")


def test_a_name_counts_once():
    with pytest.raises(ValueError, match="applied once"):
        check_augmentations(["flip", "flip"])


def test_names_are_sorted_into_their_order():
    assert check_augmentations(["cutout", "flip"]) == ("flip", "cutout")
    assert check_augmentations([]) == ()

"""Consistency of scores that are known, and the default transformation."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend
from keras_gans.penalties import BCR, ZCR, FlipAndShift
from tests.penalties.updates import as_float64, update_of

RANDOM = np.random.default_rng(0)
IMAGES = {
    side: RANDOM.normal(size=(6, 4, 4, 1)).astype("float32")
    for side in ("real", "fake")
}


def linear(slopes):
    return lambda images, _: ops.sum(
        images * ops.convert_to_tensor(slopes), axis=(1, 2, 3)
    )


@pytest.mark.parametrize("weights", [(10.0, 10.0), (3.0, 0.0), (0.0, 0.0)])
def test_images_and_their_transforms_are_to_be_scored_alike(weights):
    # Of D(x) = w x and T(x) = 3 x the difference of scores is 2 w x.
    slopes = RANDOM.normal(size=(4, 4, 1))
    penalty = BCR(*weights, augmentation=layers.Rescaling(3.0))
    kept = penalty.build(keras.KerasTensor((None, 4, 4, 1)))
    assert kept == [penalty.augmentation]
    variable = keras.Variable(slopes.astype("float32"))
    value, (gradient,) = backend.value_and_gradients(
        # Without weights nothing else would depend on the variable.
        lambda: (
            penalty.of(update_of(linear(variable), IMAGES))
            + 0.0 * ops.sum(variable)
        ),
        [variable],
        [variable],
    )
    expected, by_slopes = 0.0, 0.0
    for side, weight in zip(("real", "fake"), weights, strict=True):
        images = IMAGES[side].astype("float64")
        scores = np.sum(images * slopes, axis=(1, 2, 3))
        expected += weight * np.mean(4 * scores**2)
        by_slopes += weight * 8 * np.einsum("n,n...->...", scores, images) / 6
    assert_allclose(as_float64(value), expected, rtol=1e-5)
    assert_allclose(as_float64(gradient), by_slopes + 0 * slopes, rtol=1e-4)


def test_images_of_latents_nearby_are_to_be_scored_alike():
    slopes = np.full((4, 4, 1), 0.5, "float32")
    near = RANDOM.normal(size=(6, 4, 4, 1)).astype("float32")
    moved = ops.convert_to_tensor(near)
    value = ZCR(5.0).of(update_of(linear(slopes), IMAGES, near=moved))
    change = (near - IMAGES["fake"]).astype("float64").sum(axis=(1, 2, 3)) / 2
    assert_allclose(as_float64(value), 5.0 * np.mean(change**2), rtol=1e-4)


def test_the_generator_is_to_make_them_differ():
    near = RANDOM.normal(size=(6, 4, 4, 1)).astype("float32")
    distance = np.mean((near - IMAGES["fake"]).astype("float64") ** 2)
    penalty = ZCR(diversity=0.5)
    assert_allclose(
        as_float64(penalty.of_generator(IMAGES["fake"], near)),
        -0.5 * distance,
        rtol=1e-5,
    )
    # Two scales count alike.
    pyramids = [IMAGES["fake"][:, :1], IMAGES["fake"]], [near[:, :1], near]
    first = np.mean((near - IMAGES["fake"])[:, :1].astype("float64") ** 2)
    assert_allclose(
        as_float64(penalty.of_generator(*pyramids)),
        -0.5 * (first + distance) / 2,
        rtol=1e-5,
    )


def moved_by(image, flip, rows, columns):
    """Returns an image as numpy moves it."""
    image = image[:, ::-1] if flip else image
    height, width = image.shape[:2]
    padded = np.pad(image, [(4, 4), (4, 4), (0, 0)], mode="reflect")
    top, left = 4 - rows, 4 - columns
    return padded[top : top + height, left : left + width]


def test_every_image_is_one_of_the_flips_and_shifts_by_itself():
    # Its own reflection is what an image of columns 0, 1, ... tells.
    images = np.arange(300 * 8 * 8 * 2, dtype="float32")
    images = images.reshape(300, 8, 8, 2)
    outputs = FlipAndShift(2)(ops.convert_to_tensor(images), training=True)
    found = []
    for image, output in zip(
        images, ops.convert_to_numpy(outputs), strict=True
    ):
        draws = [
            (flip, rows, columns)
            for flip in (0, 1)
            for rows in range(-2, 3)
            for columns in range(-2, 3)
            if np.array_equal(moved_by(image, flip, rows, columns), output)
        ]
        assert len(draws) == 1
        found += draws
    found = np.array(found)
    # Four standard deviations of what 300 uniform draws give.
    assert abs(found[:, 0].mean() - 0.5) < 4 * 0.5 / np.sqrt(300)
    for axis in (1, 2):
        values, counts = np.unique(found[:, axis], return_counts=True)
        assert values.tolist() == [-2, -1, 0, 1, 2]
        assert np.abs(counts - 60).max() < 4 * np.sqrt(300 * 0.2 * 0.8)


def test_scales_are_moved_alike():
    # Blocks of 2x2 pixels of one value, and the image of these values.
    small = RANDOM.normal(size=(40, 4, 4, 1)).astype("float32")
    large = small.repeat(2, axis=1).repeat(2, axis=2)
    layer = FlipAndShift(2)
    outputs = layer([small, large], training=True)
    small, large = map(ops.convert_to_numpy, outputs)
    # By an even shift blocks stay blocks; a reflection moves the edge's.
    inner = (
        large[:, 2:-2, 2:-2].reshape(40, 2, 2, 2, 2).transpose(0, 1, 3, 2, 4)
    )
    whole = np.all(inner == inner[..., :1, :1], axis=(1, 2, 3, 4))
    assert 4 < whole.sum() < 40
    assert_array_equal(inner[whole][..., 0, 0], small[whole][:, 1:-1, 1:-1, 0])


def test_images_stay_as_they_are_at_inference():
    images = ops.convert_to_tensor(IMAGES["real"])
    outputs = FlipAndShift()(images, training=False)
    assert_array_equal(ops.convert_to_numpy(outputs), IMAGES["real"])


@pytest.mark.once
@pytest.mark.parametrize("shape", [(None, 7), (None, None, 8, 3)])
def test_what_is_no_image_is_refused_before_a_step(shape):
    with pytest.raises(ValueError, match="Give `BCR` an augmentation"):
        BCR().build(keras.KerasTensor(shape))


@pytest.mark.once
def test_the_configs_make_equal_penalties():
    for penalty in (
        BCR(2.0, 3.0),
        BCR(2.0, 3.0, layers.Rescaling(2.0)),
        ZCR(1.0, 2.0, 0.1),
        FlipAndShift(3, seed=9),
    ):
        config = keras.saving.serialize_keras_object(penalty)
        copy = keras.saving.deserialize_keras_object(config)
        assert type(copy) is type(penalty)
        assert keras.saving.serialize_keras_object(copy) == config


@pytest.mark.once
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BCR(-1.0), r"real_weight=-1\.0"),
        (lambda: BCR(1.0, -2.0), r"fake_weight=-2\.0"),
        (lambda: ZCR(-5.0), r"weight=-5\.0"),
        (lambda: ZCR(diversity=-0.5), r"diversity=-0\.5"),
        (lambda: ZCR(noise=0.0), r"noise=0\.0"),
    ],
)
def test_values_out_of_range_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()

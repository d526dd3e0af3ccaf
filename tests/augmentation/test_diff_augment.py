"""DiffAugment against its definition, its distributions and its scales."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from keras_gans import backend
from keras_gans.augmentation import DiffAugment
from tests.augmentation import oracles

POLICIES = ("color", "translation", "cutout")
SUBSETS = (*[(name,) for name in POLICIES], POLICIES)


def numpy(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def images_of(shape, seed=0):
    random = np.random.default_rng(seed)
    return random.uniform(-1, 1, shape).astype("float32")


def rows_of(layer, draws):
    """Returns what each image has drawn, by name."""
    names = (*layer.UNIFORM, *layer.NORMAL)
    return [dict(zip(names, row, strict=True)) for row in numpy(draws)]


def augmented(layer, images, draws=None):
    return layer(images, training=True, draws=draws)


@pytest.mark.parametrize("policy", SUBSETS)
@pytest.mark.parametrize("shape", [(16, 16, 3), (12, 12, 3), (9, 17, 3)])
def test_images_are_those_of_the_published_operations(policy, shape):
    layer = DiffAugment(policy, seed=3)
    images = images_of((12, *shape))
    draws = layer.draw(12)
    expected = [
        oracles.diff_augment(image.astype("float64"), numbers, policy)
        for image, numbers in zip(images, rows_of(layer, draws), strict=True)
    ]
    found = augmented(layer, images, draws)
    assert_allclose(numpy(found), expected, rtol=0, atol=2e-6)


def test_of_grey_images_brightness_and_contrast_change_as_is_said():
    layer = DiffAugment(("color",))
    with pytest.warns(UserWarning, match="brightness and contrast change"):
        layer.build((None, 8, 8, 1))
    images, draws = images_of((6, 8, 8, 1)), layer.draw(6)
    rows = rows_of(layer, draws)
    for image, numbers, found in zip(
        images.astype("float64"),
        rows,
        numpy(augmented(layer, images, draws)),
        strict=True,
    ):
        bright = image + numbers["brightness"] - 0.5
        contrast = numbers["contrast"] + 0.5
        expected = bright.mean() + contrast * (bright - bright.mean())
        assert_allclose(found, expected, atol=1e-6)


def test_alpha_keeps_its_values_where_colours_change():
    layer = DiffAugment(("color",))
    images, draws = images_of((6, 8, 8, 4)), layer.draw(6)
    found = numpy(augmented(layer, images, draws))
    assert_array_equal(found[..., 3], images[..., 3])
    alone = numpy(augmented(DiffAugment(("color",)), images[..., :3], draws))
    assert_allclose(found[..., :3], alone, atol=1e-6)


def test_shifted_pixels_keep_their_values_exactly():
    images = images_of((64, 16, 16, 3))
    found = numpy(augmented(DiffAugment(("translation",)), images))
    for image, moved in zip(images, found, strict=True):
        assert set(moved.ravel()) <= {0.0, *image.ravel().astype("float64")}


@pytest.mark.parametrize("policy", SUBSETS[:3])
def test_scales_of_an_image_stay_aligned(policy):
    # Where 4x4 blocks are of one colour, the means over blocks of what a
    # scale becomes are what the smaller scale becomes.
    layer = DiffAugment(policy, seed=1)
    largest = oracles.enlarged(images_of((20, 4, 4, 3)), 4)
    scales = [oracles.pooled(largest, size) for size in (4, 8, 16)]
    draws = layer.draw(20)
    found = augmented(layer, scales, draws)
    alone = numpy(augmented(layer, largest, draws))
    assert_allclose(numpy(found[-1]), alone, atol=1e-6)
    for size, images in zip((4, 8, 16), found, strict=True):
        assert_allclose(numpy(images), oracles.pooled(alone, size), atol=2e-6)


@pytest.mark.parametrize("policy", SUBSETS)
def test_gradients_reach_the_images(policy):
    # With its draws an augmentation is affine, so that differences along any
    # direction are the gradient's product with it.
    layer = DiffAugment(policy, seed=2)
    images, direction = images_of((6, 8, 8, 3)), images_of((6, 8, 8, 3), 1)
    weights, draws = images_of((6, 8, 8, 3), 2), layer.draw(6)

    def score(images):
        return ops.sum(
            ops.convert_to_tensor(weights) * augmented(layer, images, draws)
        )

    gradient = numpy(
        backend.input_gradients(score, ops.convert_to_tensor(images), [])
    )
    change = score(images + direction) - score(images)
    assert_allclose(np.sum(gradient * direction), numpy(change), rtol=1e-4)
    assert np.all(np.any(gradient, axis=(1, 2, 3)))


def test_colours_are_drawn_from_the_published_distributions():
    count, luma = 2000, np.array([1.0, 1.0, 1.0])
    chroma = np.array([1.0, -1.0, 0.0])
    image = np.zeros((1, 2, 4, 3), "float32")
    # Pairs of opposites leave the mean at 0: of lightness, then of colour.
    image[0, 0, 0], image[0, 0, 1] = luma, -luma
    image[0, 1, 0], image[0, 1, 1] = chroma, -chroma
    found = augmented(DiffAugment(("color",)), np.repeat(image, count, axis=0))
    found = numpy(found)
    brightness = found[:, 1, 3, 0]
    contrast = (found[:, 0, 0, 0] - found[:, 0, 1, 0]) / 2
    saturation = (found[:, 1, 0, 0] - found[:, 1, 1, 0]) / 2 / contrast
    for values, low, width in (
        (brightness, -0.5, 1.0),
        (contrast, 0.5, 1.0),
        (saturation, 0.0, 2.0),
    ):
        test = stats.kstest(values, stats.uniform(low, width).cdf)
        assert test.pvalue > 1e-3


def test_shifts_and_squares_are_uniform():
    count = 4000
    ones = np.ones((count, 16, 16, 1), "float32")
    point = np.zeros((count, 16, 16, 1), "float32")
    point[:, 8, 8] = 1.0
    moved = numpy(augmented(DiffAugment(("translation",)), point))
    _, rows, columns, _ = np.nonzero(moved)
    for places in (rows, columns):
        found = np.bincount(places, minlength=16)[6:11]
        assert found.sum() == count
        assert stats.chisquare(found).pvalue > 1e-3
    kept = numpy(augmented(DiffAugment(("cutout",)), ones))[..., 0]
    for kept_places in (kept.min(axis=1), kept.min(axis=2)):
        # The middle of a square of 8 is one of 17 places: 4 to 8 are cut.
        last = 15 - np.argmax(kept_places[:, ::-1] == 0, axis=1)
        wide = np.sum(kept_places == 0, axis=1)
        first = last - wide + 1
        middle = np.where(first == 0, last - 3, first + 4)
        found = np.bincount(middle, minlength=17)
        assert len(found) == 17
        assert stats.chisquare(found).pvalue > 1e-3


def test_images_pass_unchanged_outside_of_training():
    layer, images = DiffAugment(), images_of((2, 8, 8, 3))
    assert_array_equal(numpy(layer(images)), images)
    assert ops.convert_to_numpy(layer.seed_generator.state)[1] == 0


def test_types_of_images_stay():
    images = ops.cast(images_of((2, 8, 8, 3)), "bfloat16")
    found = augmented(DiffAugment(), images)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"


@pytest.mark.once
@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("color", "sequence of names.*('color',)"),
        (("colour",), "Did you mean 'color'"),
        ((), "at least one"),
        (("cutout", "cutout"), "each once"),
    ],
)
def test_a_policy_is_made_of_the_published_names(policy, words):
    with pytest.raises(ValueError, match=words):
        DiffAugment(policy)


@pytest.mark.once
@pytest.mark.parametrize(
    "shapes",
    [
        [(None, 8, 8, 3), (None, 12, 12, 3)],
        [(None, 8, 8, 3), (None, 16, 24, 3)],
        (None, 8),
        (None, None, None, 3),
    ],
)
def test_images_of_other_shapes_are_refused(shapes):
    with pytest.raises(ValueError, match="DiffAugment transforms images of"):
        DiffAugment().build(shapes)


@pytest.mark.once
def test_a_configuration_makes_the_same_layer():
    layer = DiffAugment(("cutout", "color"), seed=7)
    config = keras.saving.serialize_keras_object(layer)
    copy = keras.saving.deserialize_keras_object(config)
    assert copy.policy == ("color", "cutout")
    assert_array_equal(numpy(copy.draw(3)), numpy(layer.draw(3)))

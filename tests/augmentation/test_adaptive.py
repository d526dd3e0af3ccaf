"""Adaptive augmentation against float64, its distributions, and its p."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from keras_gans import backend
from keras_gans.augmentation import AdaptiveAugmentation, pipeline
from tests.augmentation import oracles
from tests.augmentation.test_diff_augment import images_of, numpy, rows_of

CATEGORIES = ("blit", "geometry", "color", "cutout")
SUBSETS = (*[(name,) for name in CATEGORIES], CATEGORIES)


def numbers_of(count, seed=0):
    """Returns draws by name, as float32 tensors."""
    random = np.random.default_rng(seed)
    uniform = random.uniform(size=(len(pipeline.UNIFORM), count))
    normal = random.normal(size=(len(pipeline.NORMAL), count))
    names = (*pipeline.UNIFORM, *pipeline.NORMAL)
    values = [*uniform, *normal]
    return {
        name: ops.convert_to_tensor(value.astype("float32"))
        for name, value in zip(names, values, strict=True)
    }


def applying(numbers, probability, categories):
    """Returns the names of what is applied to an image."""
    names = {
        "blit": ("flip", "turn", "shift"),
        "geometry": (
            "scale",
            "rotation_before",
            "anisotropy",
            "rotation_after",
            "fraction",
        ),
        "color": ("brightness", "contrast", "luma_flip", "hue", "saturation"),
        "cutout": ("cutout",),
    }
    either = 1 - np.sqrt(1 - probability)
    return {
        name
        for category in categories
        for name in names[category]
        if numbers[f"whether_{name}"]
        < (either if "rotation" in name else probability)
    }


def expected(image, numbers, on, moves):
    image = image.astype("float64")
    if moves:
        height, width, _ = image.shape
        inverse = oracles.inverse_affine(numbers, on, height, width)
        image = oracles.warp(image, inverse)
    return oracles.cut(oracles.recoloured(image, numbers, on), numbers, on)


@pytest.mark.parametrize("categories", SUBSETS)
@pytest.mark.parametrize("shape", [(12, 12, 3), (8, 8, 1), (6, 12, 3)])
def test_images_are_those_of_the_published_pipeline(categories, shape):
    probability = 0.6
    layer = AdaptiveAugmentation(probability, categories, seed=5)
    images, draws = images_of((6, *shape)), layer.draw(6)
    moves = bool({"blit", "geometry"} & set(categories))
    found = numpy(layer(images, training=True, draws=draws))
    for image, numbers, result in zip(
        images, rows_of(layer, draws), found, strict=True
    ):
        on = applying(numbers, probability, categories)
        value = expected(image, numbers, on, moves)
        assert_allclose(result, value, rtol=1e-4, atol=5e-5)


@pytest.mark.parametrize("shape", [(8, 8, 3), (4, 4, 1), (16, 8, 3)])
def test_at_probability_0_images_stay(shape):
    images = images_of((4, *shape))
    found = AdaptiveAugmentation(categories=CATEGORIES)(images, training=True)
    # PyTorch takes places as float32 numbers of [-1, 1].
    assert_allclose(numpy(found), images, atol=2e-5)


def test_scales_of_an_image_have_one_draw():
    layer = AdaptiveAugmentation(0.7, CATEGORIES, seed=4)
    scales = [images_of((5, size, size, 3)) for size in (4, 8, 16)]
    draws = layer.draw(5)
    found = layer(scales, training=True, draws=draws)
    for index, numbers in enumerate(rows_of(layer, draws)):
        on = applying(numbers, 0.7, CATEGORIES)
        whole = oracles.inverse_affine(numbers, on, 16, 16)
        ones = oracles.cut(np.ones((16, 16, 1)), numbers, on)
        for images, result in zip(scales, found, strict=True):
            size = images.shape[1]
            # Pixels of this scale, to those of the largest, and back.
            larger = np.diag([16 / size, 16 / size, 1])
            inverse = np.linalg.inv(larger) @ whole @ larger
            image = oracles.warp(images[index].astype("float64"), inverse)
            image = oracles.recoloured(image, numbers, on)
            image = image * oracles.pooled(ones[None], size)[0]
            assert_allclose(numpy(result)[index], image, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("categories", SUBSETS)
def test_gradients_reach_the_images(categories):
    layer = AdaptiveAugmentation(0.8, categories, seed=6)
    images, direction = images_of((6, 8, 8, 3)), images_of((6, 8, 8, 3), 1)
    weights, draws = images_of((6, 8, 8, 3), 2), layer.draw(6)

    def score(images):
        return ops.sum(
            ops.convert_to_tensor(weights)
            * layer(images, training=True, draws=draws)
        )

    gradient = numpy(
        backend.input_gradients(score, ops.convert_to_tensor(images), [])
    )
    change = numpy(score(images + direction) - score(images))
    assert_allclose(np.sum(gradient * direction), change, rtol=1e-3)
    assert np.all(np.any(gradient, axis=(1, 2, 3)))


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_each_transformation_applies_with_its_probability(probability):
    count = 4000
    on = pipeline.applied(numbers_of(count), probability, CATEGORIES)
    assert len(on) == 14
    for name, applies in on.items():
        # Of the two rotations at least one, p = 1 - (1 - q)².
        p = probability
        p = 1 - np.sqrt(1 - p) if name.startswith("rotation") else p
        deviation = np.sqrt(p * (1 - p) / count)
        assert abs(numpy(applies).mean() - p) <= 4 * deviation


def test_places_are_drawn_from_the_published_distributions():
    count, size = 4000, 40
    numbers = numbers_of(count)
    all_of_them = ops.ones((count,), "bool")

    def drawn(name):
        linear, offsets = pipeline.geometry(
            numbers, {name: all_of_them}, size, 2 * size
        )
        return numpy(linear), numpy(offsets)

    linear, _ = drawn("flip")
    assert set(linear[:, 0, 0]) == {-1.0, 1.0}
    assert abs(linear[:, 0, 0].mean()) < 4 / np.sqrt(count)
    linear, _ = drawn("turn")
    quarters = np.round(
        np.arctan2(linear[:, 1, 0], linear[:, 0, 0]) / np.pi * 2
    )
    found = np.bincount(quarters.astype(int) % 4, minlength=4)
    assert stats.chisquare(found).pvalue > 1e-3
    _, offsets = drawn("shift")
    assert_array_equal(offsets, np.round(offsets))
    assert_array_equal(np.abs(offsets).max(axis=0), [10, 5])
    # The ends of the range are rounded from half as much as the others.
    found = np.bincount((offsets[:, 1] + 5).astype(int), minlength=11)
    shares = np.array([0.5, *[1.0] * 9, 0.5]) * count / 10
    assert stats.chisquare(found, shares).pvalue > 1e-3
    tests = []
    linear, _ = drawn("scale")
    tests.append((np.log2(linear[:, 0, 0]), stats.norm(0, 0.2)))
    linear, _ = drawn("anisotropy")
    tests.append((np.log2(linear[:, 1, 1]), stats.norm(0, 0.2)))
    assert_allclose(linear[:, 0, 0] * linear[:, 1, 1], 1.0, rtol=1e-5)
    for name in ("rotation_before", "rotation_after"):
        linear, _ = drawn(name)
        angles = np.arctan2(linear[:, 1, 0], linear[:, 0, 0])
        tests.append((angles, stats.uniform(-np.pi, 2 * np.pi)))
    _, offsets = drawn("fraction")
    tests += [
        (offsets[:, 0], stats.norm(0, 2 * size / 8)),
        (offsets[:, 1], stats.norm(0, size / 8)),
    ]
    for values, distribution in tests:
        assert stats.kstest(values, distribution.cdf).pvalue > 1e-3


def test_colours_are_drawn_from_the_published_distributions():
    count = 4000
    numbers = numbers_of(count)
    names = ("brightness", "contrast", "luma_flip", "hue", "saturation")

    def drawn(name):
        on = {
            other: ops.full((count,), other == name, "bool") for other in names
        }
        return [numpy(tensor) for tensor in pipeline.colours(numbers, on)]

    grey = np.ones(3) / np.sqrt(3)
    red = np.array([2.0, -1.0, -1.0]) / np.sqrt(6)
    green = np.cross(grey, red)
    _, offsets, _ = drawn("brightness")
    _, _, contrast = drawn("contrast")
    _, _, flip = drawn("luma_flip")
    hue, _, _ = drawn("hue")
    saturation, _, _ = drawn("saturation")
    angles = np.arctan2(green @ hue @ red, red @ hue @ red)
    for values, distribution in (
        (offsets, stats.norm(0, 0.2)),
        (np.log2(contrast), stats.norm(0, 0.5)),
        (angles, stats.uniform(-np.pi, 2 * np.pi)),
        (np.log2(red @ saturation @ red), stats.norm(0, 1)),
    ):
        assert stats.kstest(values, distribution.cdf).pvalue > 1e-3
    assert set(flip) == {-1.0, 1.0}
    assert abs(flip.mean()) < 4 / np.sqrt(count)
    for matrices in (hue, saturation):
        assert_allclose(matrices @ grey, np.tile(grey, (count, 1)), atol=1e-5)


def follow(signs, counts, target, speed, interval, maximum):
    """Returns p after each update, and the r_t that was last looked at."""
    p, shown, since, history = 0.0, 0.0, [], []
    for sign, count in zip(signs, counts, strict=True):
        since.append((sign, count))
        if len(since) == interval:
            images = sum(count for _, count in since)
            shown = sum(sign * count for sign, count in since) / images
            p += np.sign(shown - target) * images / (1000 * speed)
            p = min(max(p, 0.0), maximum)
            since = []
        history.append((p, shown))
    return history


def test_the_probability_follows_the_sign_of_real_scores():
    random = np.random.default_rng(0)
    signs = np.concatenate(
        [np.full(25, 0.9), np.full(20, 0.1), random.uniform(0.3, 0.9, 30)]
    )
    counts = random.integers(4, 30, len(signs))
    options = {"target": 0.6, "speed": 0.5, "interval": 3, "maximum": 0.6}
    layer = AdaptiveAugmentation(**options)
    history = follow(signs, counts, **options)
    assert {p for p, _ in history} > {0.0, 0.6}
    for sign, count, (p, shown) in zip(signs, counts, history, strict=True):
        logs = {"real_sign": ops.convert_to_tensor(sign, "float32")}
        layer.learn(logs, int(count))
        assert_allclose(numpy(layer.probability), p, atol=1e-6)
        assert_allclose(numpy(layer.real_sign), shown, atol=1e-6)


def test_half_a_million_images_take_it_from_0_to_1():
    layer = AdaptiveAugmentation(maximum=1.0)
    for _ in range(4):
        layer.learn({"real_sign": 1.0}, 250)
    assert_allclose(numpy(layer.probability), 1000 / 500_000, rtol=1e-6)


def test_a_fixed_probability_stays():
    layer = AdaptiveAugmentation(0.25, interval=1)
    layer.learn({"real_sign": 1.0}, 100_000)
    assert_allclose(numpy(layer.probability), 0.25)


@pytest.mark.once
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"probability": 1.5}, "`probability` from 0 to 1"),
        ({"target": 1.0}, "`target` between -1 and 1"),
        ({"speed": 0.0}, "`speed` above 0"),
        ({"maximum": 2.0}, "`maximum` above 0 and at most 1"),
        ({"interval": 0}, "interval.*at least 1"),
        ({"categories": ("colour",)}, "Did you mean 'color'"),
        ({"categories": ()}, "at least one category"),
    ],
)
def test_values_out_of_range_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        AdaptiveAugmentation(**options)


@pytest.mark.once
def test_images_of_many_channels_are_refused():
    with pytest.raises(ValueError, match="1 to 4 channels. Received: 5"):
        AdaptiveAugmentation().build((None, 8, 8, 5))


@pytest.mark.once
def test_a_configuration_makes_the_same_layer():
    layer = AdaptiveAugmentation(
        0.2, ("cutout", "blit"), target=0.5, speed=2.0, interval=3, seed=9
    )
    config = keras.saving.serialize_keras_object(layer)
    copy = keras.saving.deserialize_keras_object(config)
    assert copy.get_config() == layer.get_config()
    assert copy.categories == ("blit", "cutout")
    assert_allclose(numpy(copy.probability), 0.2)

"""The distance per scale against loops over pixels, and known shifts."""

import json

import numpy as np
import pytest

from keras_gans.metrics.scores import sliced_wasserstein_images as module
from keras_gans.metrics.scores.sliced_wasserstein_images import (
    SlicedWassersteinImages,
)

pytestmark = pytest.mark.once

SMALL = {"patches": 8, "directions": 16, "repeats": 2}


def noise(count, seed, side=32, channels=3):
    random = np.random.default_rng(seed)
    shape = (count, side, side, channels)
    return random.integers(0, 256, shape, dtype=np.uint8)


def sliced_wasserstein_images(real, fake, **settings):
    """The distance per resolution of two sets of images."""
    metric = SlicedWassersteinImages(
        real.shape[1], channels=real.shape[3], **settings
    )
    metric.update_state(real, real=True)
    metric.update_state(fake)
    return metric.result()


def mirrored(index, size):
    index = abs(index)
    return 2 * (size - 1) - index if index >= size else index


def blurred(image, gain):
    """Convolves (h, w) with the outer product of binomials, by loops."""
    weights = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) * gain / 256
    result = np.zeros_like(image)
    height, width = image.shape
    for i in range(height):
        for j in range(width):
            for a in range(5):
                for b in range(5):
                    result[i, j] += (
                        weights[a, b]
                        * image[
                            mirrored(i + a - 2, height),
                            mirrored(j + b - 2, width),
                        ]
                    )
    return result


def pyramid_by_loops(image, levels):
    bands = []
    for _ in range(levels - 1):
        smaller = blurred(image, 1)[::2, ::2]
        spread = np.zeros_like(image)
        spread[::2, ::2] = smaller
        bands.append(image - blurred(spread, 4))
        image = smaller
    return [*bands, image]


def distance_by_loops(real, fake, directions, channels):
    """Normalises, projects and sorts vectors (N, channels · 49)."""

    def normalised(vectors):
        vectors = vectors.astype(float).reshape(len(vectors), channels, 49)
        for c in range(channels):
            values = vectors[:, c]
            vectors[:, c] = (values - values.mean()) / values.std()
        return vectors.reshape(len(vectors), -1)

    real, fake = normalised(real), normalised(fake)
    total = 0.0
    for u in directions:
        x = sorted(float(v @ u) for v in real)
        y = sorted(float(v @ u) for v in fake)
        total += sum(abs(a - b) for a, b in zip(x, y, strict=True)) / len(x)
    return 1e3 * total / len(directions)


@pytest.mark.parametrize("side", [32, 38])
def test_pyramid_is_that_of_loops_over_pixels(side):
    images = noise(1, 0, side=side).astype(float)
    levels = module._pyramid(images, 2)
    for channel in range(3):
        expected = pyramid_by_loops(images[0, :, :, channel], 2)
        for level, band in zip(levels, expected, strict=True):
            np.testing.assert_allclose(
                level[0, :, :, channel], band, atol=1e-10
            )


def test_blur_is_that_of_scipy_with_mirrored_borders():
    from scipy import ndimage

    image = noise(1, 0, side=16).astype(float)
    weights = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    for channel in range(3):
        np.testing.assert_allclose(
            module._blur(image)[0, :, :, channel],
            ndimage.convolve(image[0, :, :, channel], weights, mode="mirror"),
            atol=1e-10,
        )


def test_levels_of_a_pyramid_give_the_image_back():
    image = noise(2, 0, side=64).astype(float)
    *bands, result = module._pyramid(image, 3)
    for band in reversed(bands):
        spread = np.zeros_like(band)
        spread[:, ::2, ::2] = result
        result = band + 4 * module._blur(spread)
    np.testing.assert_allclose(result, image, atol=1e-10)


def test_a_constant_image_has_no_bands():
    *bands, last = module._pyramid(np.full((1, 64, 64, 1), 77.0), 3)
    assert all((band == 0).all() for band in bands)
    assert (last == 77.0).all()


@pytest.mark.parametrize("channels", [1, 3])
def test_distance_is_that_of_loops_over_vectors(channels):
    metric = SlicedWassersteinImages(32, channels=channels, **SMALL)
    metric.update_state(noise(5, 0, channels=channels), real=True)
    # Other moments, and another distribution.
    metric.update_state(noise(5, 1, channels=channels) // 200 * 90)
    found = metric.result()
    values = []
    for level, side in enumerate([32, 16]):
        real, fake = (
            metric._sides[s][level].sample.features for s in (True, False)
        )
        assert real.shape == fake.shape == (40, channels * 49)
        directions = np.random.default_rng(0).standard_normal(
            (channels * 49, 32)
        )
        units = [d / np.sqrt((d**2).sum()) for d in directions.T]
        values.append(distance_by_loops(real, fake, units, channels))
        assert found[str(side)] == pytest.approx(values[-1], rel=1e-9)
    assert found["mean"] == pytest.approx(np.mean(values), rel=1e-12)


def test_patches_are_squares_of_seven_of_the_level_anywhere_in_it():
    # The pixel at row i and column j holds 16 i + j.
    image = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    metric = SlicedWassersteinImages(16, channels=1, patches=2000)
    metric.update_state(image)
    patches = metric._sides[False][0].sample.features.reshape(-1, 7, 7)
    square = 16 * np.arange(7)[:, None] + np.arange(7)
    np.testing.assert_array_equal(patches - patches[:, :1, :1], [square] * 2000)
    counts = np.zeros((10, 10))
    np.add.at(counts, np.divmod(patches[:, 0, 0].astype(int), 16), 1)
    # All 100 places, equally often: χ² of 99 degrees, beyond 149 in 0.1 %.
    assert ((counts - 20) ** 2 / 20).sum() < 149


def test_equal_sets_are_at_zero():
    images = noise(6, 0)
    assert sliced_wasserstein_images(images, images, **SMALL) == {
        "32": 0.0,
        "16": 0.0,
        "mean": 0.0,
    }


def test_shared_brightness_and_contrast_are_hidden():
    images = noise(6, 0) // 3
    scores = sliced_wasserstein_images(images, 2 * images + 40, **SMALL)
    assert scores["mean"] == pytest.approx(0, abs=1e-3)


def test_collapse_to_one_grey_is_the_mean_projection_of_the_real_side():
    # Against zeros the distance is 10³ E|x·u| = 10³ sqrt(2 / π) for
    # independent normal numbers x of deviation 1; at one level of noise.
    random = np.random.default_rng(0)
    real = random.normal(128, 25, (200, 16, 16, 3)).clip(0, 255)
    grey = np.full((200, 16, 16, 3), 90, np.uint8)
    scores = sliced_wasserstein_images(real.astype(np.uint8), grey)
    assert scores["mean"] == pytest.approx(1e3 * (2 / np.pi) ** 0.5, rel=0.01)


def test_two_point_sets_have_a_known_distance():
    # Patches are constant, ±1 once normalised: half and half in the real, one
    # in four and three in four in the fake set, whose values are then
    # (√3, -1/√3). Along u the projections are these times s = Σ u, so that
    # the sorted differences are known.
    def flat(levels):
        return np.broadcast_to(
            np.array(levels, np.uint8)[:, None, None, None], (4, 16, 16, 1)
        )

    settings = {"patches": 4, "directions": 2000, "repeats": 2}
    scores = sliced_wasserstein_images(
        flat([0, 0, 200, 200]), flat([0, 0, 0, 200]), **settings
    )
    r = 3**-0.5
    per_slope = (2 * abs(1 - r) + abs(1 + r) + abs(3**0.5 - 1)) / 4
    # Σ u of a unit vector in 49 dimensions is √49 cos of its angle to the
    # diagonal, nearly standard normal: E|Σ u| = 7 Γ(49/2) / (√π Γ(25)).
    from scipy.special import gammaln

    mean = 7 * np.exp(gammaln(24.5) - gammaln(25)) / np.pi**0.5
    # 4000 directions: the mean of |Σ u| has a relative error of 0.012.
    assert scores["16"] == pytest.approx(1e3 * per_slope * mean, rel=0.036)


def test_a_checkerboard_is_seen_at_the_finest_level_only():
    # The binomial blur takes all of the highest frequency away.
    images = noise(6, 0, side=64) // 2 + 40
    rows, columns = np.indices((64, 64))
    board = np.where((rows + columns) % 2, 30, -30)[:, :, None]
    scores = sliced_wasserstein_images(
        images, (images + board).astype(np.uint8), **SMALL
    )
    assert list(scores) == ["64", "32", "16", "mean"]
    assert scores["64"] > 100
    assert scores["32"] == scores["16"] == 0.0


@pytest.mark.parametrize("count", [256, 2048])
def test_the_floor_of_independent_vectors_is_the_stated_one(count):
    # Two samples of N normal numbers are sqrt(2 / N) B(Φ) apart, B a Brownian
    # bridge, whose mean modulus is sqrt(2 / π) sqrt(Φ (1 - Φ)).
    from scipy import integrate, stats

    area, _ = integrate.quad(
        lambda x: np.sqrt(stats.norm.cdf(x) * stats.norm.sf(x)), -12, 12
    )
    expected = 1e3 * np.sqrt(2 / count) * np.sqrt(2 / np.pi) * area
    assert expected == pytest.approx(1.8e3 / count**0.5, rel=0.05)
    real, fake = (noise(count, seed, side=16) for seed in (0, 1))
    scores = sliced_wasserstein_images(real, fake, patches=1)
    assert scores["mean"] == pytest.approx(expected, rel=0.1)


def test_batches_and_parts_leave_no_trace():
    real, fake = noise(9, 0), noise(9, 1)
    whole = sliced_wasserstein_images(real, fake, **SMALL)
    metric = SlicedWassersteinImages(32, **SMALL)
    for start in range(0, 9, 2):
        metric.update_state(fake[start : start + 2])
        metric.update_state(real[start : start + 2], real=True)
    assert metric.result() == whole


def test_large_batches_are_split_without_a_trace(monkeypatch):
    real, fake = noise(9, 0), noise(9, 1)
    whole = sliced_wasserstein_images(real, fake, **SMALL)
    monkeypatch.setattr(module, "_NUMBERS", 2 * 32 * 32 * 3)
    monkeypatch.setattr(module, "_ROWS", 5)
    monkeypatch.setattr(module, "_DIRECTIONS", 3)
    split = sliced_wasserstein_images(real, fake, **SMALL)
    assert split == pytest.approx(whole, rel=1e-12)


def test_sides_of_different_size_are_refused():
    metric = SlicedWassersteinImages(32, **SMALL)
    metric.update_state(noise(5, 1), real=True)
    metric.update_state(noise(9, 2))
    with pytest.raises(ValueError, match="40 real and 72 fake"):
        metric.result()


def test_memory_stops_at_the_capacity():
    metric = SlicedWassersteinImages(16, capacity=50, **SMALL)
    for seed in range(4):
        metric.update_state(noise(5, seed, side=16))
        metric.update_state(noise(3, seed, side=16), real=True)
    for side in (True, False):
        assert metric._sides[side][0].sample.features.shape == (50, 147)
    assert metric.result()["16"] > 0


def test_scores_are_plain_numbers_of_the_levels():
    scores = sliced_wasserstein_images(
        noise(2, 0, side=64), noise(2, 1, side=64), **SMALL
    )
    assert json.loads(json.dumps(scores)) == scores
    levels = [scores[key] for key in ("64", "32", "16")]
    assert scores["mean"] == pytest.approx(sum(levels) / 3)
    assert min(levels) > 0


@pytest.mark.parametrize(
    ("side", "levels"),
    [(16, [16]), (28, [28]), (34, [34, 17]), (64, [64, 32, 16])],
)
def test_levels_halve_down_to_sixteen_pixels(side, levels):
    assert SlicedWassersteinImages(side).resolutions == levels


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"resolution": 15}, "resolution=15"),
        ({"resolution": 66}, "leads to 33"),
        ({"channels": 4}, "channels=4"),
        ({"patches": 0}, "patches=0"),
        ({"directions": 0}, "directions=0"),
        ({"repeats": 0}, "repeats=0"),
        ({"capacity": 0}, "capacity=0"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        SlicedWassersteinImages(**{"resolution": 32, **settings})


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (noise(2, 0, side=16), r"\(count, 32, 32, 3\).*\(2, 16, 16, 3\)"),
        (noise(2, 0, channels=1), r"shape=\(2, 32, 32, 1\)"),
        (noise(2, 0).astype(np.float32), "dtype=float32"),
    ],
)
def test_other_images_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        SlicedWassersteinImages(32).update_state(images)

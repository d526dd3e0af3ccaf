import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose

from keras_gans.metrics.scores.ms_ssim import ms_ssim

pytestmark = pytest.mark.once

WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
SMALLEST = {1: 11, 2: 21, 3: 41, 4: 81, 5: 161}


def textures(count, height, width, channels=1, seed=0):
    """Images with structure at every scale, uint8."""
    random = np.random.default_rng(seed)
    noise = random.normal(size=(count, height, width, channels))
    smooth = np.cumsum(np.cumsum(noise, axis=1), axis=2)
    smooth -= smooth.min(axis=(1, 2), keepdims=True)
    smooth *= 200 / smooth.max(axis=(1, 2), keepdims=True)
    return np.clip(smooth + 15 * noise, 0, 255).astype(np.uint8)


def related(images, strength, seed=9):
    noise = np.random.default_rng(seed).normal(0, strength, images.shape)
    return np.clip(np.rint(images + noise), 0, 255).astype(np.uint8)


def halved(image):
    """Means of 2 x 2 pixels; an odd last row or column counts twice."""
    height, width = image.shape
    result = np.empty(((height + 1) // 2, (width + 1) // 2))
    for i, j in np.ndindex(*result.shape):
        rows = [2 * i, min(2 * i + 1, height - 1)]
        columns = [2 * j, min(2 * j + 1, width - 1)]
        result[i, j] = image[np.ix_(rows, columns)].mean()
    return result


def by_loops(a, b, levels):
    """Wang et al., eq. 7, of one channel, a place at a time."""
    line = np.array([np.exp(-(i**2) / (2 * 1.5**2)) for i in range(-5, 6)])
    window = np.outer(line, line) / np.outer(line, line).sum()
    a, b = np.float64(a), np.float64(b)
    weights = np.array(WEIGHTS[:levels]) / sum(WEIGHTS[:levels])
    value = 1.0
    for level in range(levels):
        luminance, contrast = [], []
        for i, j in np.ndindex(a.shape[0] - 10, a.shape[1] - 10):
            x, y = a[i : i + 11, j : j + 11], b[i : i + 11, j : j + 11]
            mx, my = (window * x).sum(), (window * y).sum()
            vx = (window * (x - mx) ** 2).sum()
            vy = (window * (y - my) ** 2).sum()
            cov = (window * (x - mx) * (y - my)).sum()
            luminance.append(
                (2 * mx * my + 2.55**2) / (mx**2 + my**2 + 2.55**2)
            )
            contrast.append((2 * cov + 7.65**2) / (vx + vy + 7.65**2))
        if level == levels - 1:
            contrast = np.multiply(luminance, contrast)
        value *= max(np.mean(contrast), 0) ** weights[level]
        a, b = halved(a), halved(b)
    return value


@pytest.mark.parametrize(
    ("height", "width", "levels"),
    [(11, 11, 1), (13, 24, 1), (21, 30, 2), (33, 21, 2), (47, 42, 3)],
)
def test_is_wang_et_al_eq_7(height, width, levels):
    a = textures(2, height, width)
    b = np.stack([related(a, 20)[0], related(a, 70)[1]])
    result = ms_ssim(a, b)
    assert result["levels"] == levels
    expected = [
        by_loops(x[..., 0], y[..., 0], levels)
        for x, y in zip(a, b, strict=True)
    ]
    assert 0 < expected[1] < expected[0] < 1
    assert_allclose(result["values"], expected, rtol=1e-10)
    assert_allclose(result["mean"], np.mean(expected), rtol=1e-10)


@pytest.mark.parametrize(
    ("height", "width", "levels"),
    [(176, 168, 5), (161, 163, 5), (128, 128, 4), (64, 64, 3), (32, 32, 2)],
)
def test_equals_tensorflow_where_the_window_fits(height, width, levels):
    a = textures(2, height, width, channels=3)
    b = related(a, 30)
    weights = np.array(WEIGHTS[:levels]) / sum(WEIGHTS[:levels])
    expected = tf.image.ssim_multiscale(
        a, b, max_val=255, power_factors=weights.tolist()
    )
    result = ms_ssim(a, b)
    assert result["levels"] == levels
    assert_allclose(result["values"], expected.numpy(), atol=1e-5)


def test_channels_are_averaged_at_the_end():
    a = textures(3, 24, 24, channels=3)
    b = related(a, 40)
    by_channel = [ms_ssim(a[..., [c]], b[..., [c]])["values"] for c in range(3)]
    assert_allclose(
        ms_ssim(a, b)["values"], np.mean(by_channel, axis=0), rtol=1e-12
    )


def test_equal_images_score_exactly_one():
    for side in (11, 45, 170):
        a = textures(2, side, side, channels=3)
        assert ms_ssim(a, a)["values"] == [1.0, 1.0]
    black = np.zeros((1, 30, 30, 1), np.uint8)
    assert ms_ssim(black, black)["mean"] == 1.0


def test_is_symmetric():
    a, b = textures(3, 50, 50), textures(3, 50, 50, seed=1)
    assert ms_ssim(a, b) == ms_ssim(b, a)


def test_negative_factors_count_as_zero():
    a = textures(1, 64, 64)
    assert ms_ssim(a, 255 - a)["values"] == [0.0]


def test_falls_as_noise_grows():
    a = textures(4, 64, 64)
    means = [ms_ssim(a, related(a, s))["mean"] for s in (0, 5, 20, 60)]
    assert means[0] == 1.0
    assert means == sorted(means, reverse=True)
    assert means[-1] < 0.9


def test_many_pairs_are_each_pair():
    a, b = textures(30, 64, 64, 3), textures(30, 64, 64, 3, seed=1)
    values = ms_ssim(a, b)["values"]
    singles = [ms_ssim(a[[i]], b[[i]])["values"][0] for i in (0, 4, 5, 6, 29)]
    assert [values[i] for i in (0, 4, 5, 6, 29)] == singles


def test_floats_are_grey_levels_too():
    a, b = textures(2, 30, 30), textures(2, 30, 30, seed=1)
    tensor = keras.ops.convert_to_tensor(b.astype("float32"))
    assert ms_ssim(a.astype(np.float64), tensor) == ms_ssim(a, b)


def test_results_are_ready_for_json():
    a = textures(2, 30, 30)
    result = ms_ssim(a, related(a, 9))
    assert json.loads(json.dumps(result)) == result


@pytest.mark.parametrize(("levels", "side"), SMALLEST.items())
def test_a_level_needs_its_whole_window(levels, side):
    a = textures(1, side, 200)
    assert ms_ssim(a, a)["levels"] == levels
    assert ms_ssim(a, a, levels=levels)["levels"] == levels
    message = f"levels={levels}.*at least {side} pixels.*{side - 1} x 200"
    with pytest.raises(ValueError, match=message):
        ms_ssim(a[:, 1:], a[:, 1:], levels=levels)


def test_fewer_levels_can_be_asked_for():
    a = textures(1, 200, 200)
    b = related(a, 50)
    values = [ms_ssim(a, b, levels=m)["mean"] for m in range(1, 6)]
    assert len(set(values)) == 5


def test_unusable_images_are_refused():
    a = textures(2, 30, 30)
    with pytest.raises(ValueError, match="at least 11 pixels.*10 x 30"):
        ms_ssim(a[:, :10], a[:, :10])
    for levels in (0, 6, 2.0):
        with pytest.raises(ValueError, match="levels"):
            ms_ssim(a, a, levels=levels)
    with pytest.raises(ValueError, match="of one shape"):
        ms_ssim(a, a[:, :20])
    with pytest.raises(ValueError, match="there must be some"):
        ms_ssim(a[:0], a[:0])
    wrong = (
        a.astype(int),
        a / 127.5 - 1.0,
        a + 0.5 * np.nan,
        a + 200.0,
        a[0],
        a[..., :0],
    )
    for images in wrong:
        with pytest.raises(ValueError, match=r"uint8.*\[0, 255\]"):
            ms_ssim(images, images)

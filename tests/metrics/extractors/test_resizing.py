import math

import keras
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from torch.nn import functional

from keras_gans.metrics.extractors.resizing import METHODS, resize_images
from tests.metrics.extractors.inception_oracle import tf1_bilinear

ALL = pytest.mark.parametrize("method", METHODS)
# Growing, shrinking, both, and from a single pixel.
SIZES = pytest.mark.parametrize(
    ("height", "width", "size"),
    [(32, 32, 75), (96, 70, 43), (40, 97, 64), (1, 1, 5), (299, 13, 299)],
)


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def bicubic_matrix(length, size):
    """Keys's kernel with a = -1/2, widened when shrinking, rows of sum 1."""
    matrix = np.zeros((size, length))
    width = max(length / size, 1)
    for i in range(size):
        centre = (i + 0.5) * length / size
        for j in range(length):
            t = abs(j + 0.5 - centre) / width
            if t < 1:
                matrix[i, j] = 1.5 * t**3 - 2.5 * t**2 + 1
            elif t < 2:
                matrix[i, j] = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return matrix / matrix.sum(axis=1, keepdims=True)


def bicubic(images, size, rounded):
    _, height, width, _ = images.shape
    finish = np.round if rounded else np.asarray
    across = bicubic_matrix(width, size)
    down = bicubic_matrix(height, size)
    images = finish(np.einsum("ow,nhwc->nhoc", across, images.astype(float)))
    if rounded:
        images = np.clip(images, 0, 255)
    images = finish(np.einsum("oh,nhwc->nowc", down, images))
    return np.clip(images, 0, 255)


@SIZES
def test_tf1_bilinear_follows_its_rule(height, width, size):
    images = noise(2, height, width, 3)
    resized = resize_images(images, size, "tf1_bilinear")
    expected = tf1_bilinear(images, size)
    # float32 places the samples to 1e-5 of a pixel.
    assert_allclose(resized, expected, rtol=0, atol=5e-3)


@pytest.mark.once
@SIZES
def test_tf1_bilinear_is_that_of_tensorflow(height, width, size):
    import tensorflow as tf

    images = noise(2, height, width, 3)
    resized = resize_images(images, size, "tf1_bilinear")
    expected = tf.compat.v1.image.resize_bilinear(images, (size, size))
    assert_allclose(resized, expected, rtol=0, atol=1e-4)


@SIZES
def test_torch_bilinear_is_that_of_torch(height, width, size):
    images = noise(2, height, width, 3)
    resized = resize_images(images, size, "torch_bilinear")
    channels_first = torch.tensor(images).permute(0, 3, 1, 2).float()
    expected = functional.interpolate(
        channels_first, (size, size), mode="bilinear", align_corners=False
    )
    expected = expected.permute(0, 2, 3, 1).numpy()
    assert_allclose(resized, expected, rtol=0, atol=1e-3)


@pytest.mark.once
@pytest.mark.parametrize("channels", [1, 3])
@SIZES
def test_clean_is_that_of_pillow(height, width, size, channels):
    images = noise(2, height, width, channels)
    resized = resize_images(images, size, "clean")
    for image, result in zip(images, resized, strict=True):
        image = Image.fromarray(image.squeeze(-1) if channels == 1 else image)
        expected = image.resize((size, size), Image.Resampling.BICUBIC)
        expected = np.asarray(expected).reshape(size, size, channels)
        assert_array_equal(result, expected)


@pytest.mark.once
@SIZES
def test_clean_is_bicubic_and_rounds_after_either_axis(height, width, size):
    images = noise(2, height, width, 3)
    resized = resize_images(images, size, "clean")
    difference = np.abs(resized - bicubic(images, size, rounded=True))
    # Pillow's fixed-point weights decide a few halves otherwise.
    assert difference.max() <= 1
    assert np.mean(difference > 0) < 0.01


@pytest.mark.once
@SIZES
def test_clean_float_is_bicubic_without_rounding(height, width, size):
    images = noise(2, height, width, 3)
    resized = resize_images(images, size, "clean_float")
    expected = bicubic(images, size, rounded=False)
    assert_allclose(resized, expected, rtol=0, atol=1e-3)
    assert resized.min() >= 0
    assert resized.max() <= 255


@ALL
def test_images_of_the_size_stay_as_they_are(method):
    images = noise(2, 20, 20, 3)
    assert_array_equal(resize_images(images, 20, method), images)


@ALL
def test_results_are_float32_of_the_shape(method):
    for count, channels in ((2, 1), (0, 3)):
        images = noise(count, 8, 9, channels)
        resized = resize_images(images, 5, method)
        assert resized.dtype == np.float32
        assert resized.shape == (count, 5, 5, channels)


@ALL
def test_tensors_of_the_backend_are_taken(method):
    images = noise(2, 9, 8, 3)
    tensor = keras.ops.convert_to_tensor(images, "uint8")
    assert_array_equal(
        resize_images(tensor, 5, method), resize_images(images, 5, method)
    )


@ALL
def test_only_clean_methods_average_what_they_leave_out(method):
    # Columns in turn black and white: their mean is grey.
    stripes = np.zeros((1, 64, 64, 1), np.uint8)
    stripes[:, :, ::2] = 255
    resized = resize_images(stripes, 16, method)[:, 2:-2, 2:-2]
    expected = {
        "tf1_bilinear": 255.0,
        "torch_bilinear": 127.5,
        "clean": 127.5,
        "clean_float": 127.5,
    }
    assert_allclose(resized, expected[method], atol=1)
    # Of four columns, the two in the middle of each four are seen by torch.
    stripes = np.zeros((1, 64, 64, 1), np.uint8)
    stripes[:, :, 0::4] = stripes[:, :, 3::4] = 255
    resized = resize_images(stripes, 16, method)[:, 2:-2, 2:-2]
    expected["torch_bilinear"] = 0.0
    assert_allclose(resized, expected[method], atol=1)


@pytest.mark.parametrize("size", [0, 2.5, "8"])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(ValueError, match=r"`size`.*Received: size="):
        resize_images(noise(1, 4, 4, 3), size, "clean")


def test_unknown_methods_are_refused():
    with pytest.raises(ValueError, match=r"`method`.*clean.*'nearest'"):
        resize_images(noise(1, 4, 4, 3), 8, "nearest")


@ALL
def test_images_that_are_not_uint8_are_refused(method):
    with pytest.raises(ValueError, match=r"uint8.*float64"):
        resize_images(noise(1, 4, 4, 3) / 255, 8, method)


def test_the_rule_of_this_file_reproduces_straight_lines():
    # Bicubic interpolation is exact on them, away from the border.
    line = np.arange(20.0)
    grown = bicubic_matrix(20, 50) @ line
    places = (np.arange(50) + 0.5) * 20 / 50 - 0.5
    inside = slice(math.ceil(50 / 20 * 3), -math.ceil(50 / 20 * 3))
    assert_allclose(grown[inside], places[inside], atol=1e-9)

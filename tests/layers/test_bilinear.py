"""Bilinear resampling against the published filter, in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.layers import BilinearDownsample2D, BilinearUpsample2D
from tests.layers.derivatives import as_float64, images_of

# R3GAN's code: the filter [1, 2, 1], and repeated pixels or the mean of two.
KERNEL = np.convolve([1.0, 2.0, 1.0], [1.0, 1.0])
SIZES = pytest.mark.parametrize("size", [(4, 6), (2, 8), (16, 16)])


def matrix(length):
    """The filter's matrix from so many pixels to half as many."""
    down = np.zeros((length // 2, length))
    for row in range(length // 2):
        for tap, weight in enumerate(KERNEL / KERNEL.sum()):
            column = 2 * row - 1 + tap
            if 0 <= column < length:
                down[row, column] = weight
    return down


def along_axes(images, rows, columns):
    return np.einsum("oh,pw,nhwc->nopc", rows, columns, images)


@SIZES
def test_downsampling_is_the_published_filter(size):
    images = images_of(size)
    expected = along_axes(images, *map(matrix, size))
    outputs = as_float64(BilinearDownsample2D()(images))
    assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)


@SIZES
def test_upsampling_is_four_times_the_way_back(size):
    # A transposed convolution by the filter times 4.
    images = images_of(size)
    expected = along_axes(images, *(2 * matrix(2 * n).T for n in size))
    outputs = as_float64(BilinearUpsample2D()(images))
    assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)


def test_within_a_slope_upsampling_is_linear_interpolation():
    slope = np.arange(8.0)[None, :, None, None] * np.ones((1, 8, 8, 1))
    outputs = as_float64(BilinearUpsample2D()(slope.astype("float32")))
    inner = outputs[0, 2:-2, 4, 0]
    assert_allclose(inner, np.arange(12) / 2 + 0.75, rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "scale"), [(BilinearUpsample2D, 1), (BilinearDownsample2D, 0)]
)
def test_derivatives_are_those_of_the_matrix(make, scale):
    size = (4, 6)
    rows, columns = (
        (2 * matrix(2 * n).T if scale else matrix(n)) for n in size
    )
    images, layer = images_of(size), make()

    def quartic(x):
        return ops.sum(ops.square(ops.square(layer(x))))

    def norm(x):
        return ops.sum(ops.square(backend.input_gradients(quartic, x, [])))

    x = ops.convert_to_tensor(images)
    first = as_float64(backend.input_gradients(quartic, x, []))
    y = along_axes(images, rows, columns)
    by_images = along_axes(4 * y**3, rows.T, columns.T)
    assert_allclose(first, by_images, rtol=1e-4, atol=1e-4)
    # ∇‖g‖² = 2 J g, with g = Wᵀ 4 y³ and J = Wᵀ diag(12 y²) W.
    pushed = along_axes(by_images, rows, columns) * 12 * y**2
    expected = 2 * along_axes(pushed, rows.T, columns.T)
    second = as_float64(backend.input_gradients(norm, x, []))
    assert_allclose(second, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("make", [BilinearUpsample2D, BilinearDownsample2D])
def test_sizes_may_be_open_and_types_stay(make):
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, make()(inputs))
    for size in ((4, 6), (2, 2)):
        expected = make().compute_output_shape((2, *size, 3))
        assert tuple(model(images_of(size)).shape) == expected
    outputs = make(dtype="bfloat16")(ops.cast(images_of((4, 4)), "bfloat16"))
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"

"""Grouped convolutions against float64 sums and Keras's own layer."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_gans import backend
from keras_gans.backend.grouped import block_diagonal, joined_groups
from keras_gans.layers import Conv2D
from tests.layers.derivatives import (
    as_float64,
    assert_close,
    assert_same_function,
    derivatives,
)

# Channels of a group, groups, filters of a group: on CPUs one convolution of
# joined groups, one a group, and several of two groups each.
CASES = [(2, 3, 4), (1, 6, 2), (16, 3, 16), (8, 4, 5)]
BOTH = pytest.mark.parametrize(("channels", "groups", "filters"), CASES)


def images_of(channels, size=(5, 4)):
    random = np.random.default_rng(0)
    return random.normal(size=(2, *size, channels)).astype("float32")


def summed(images, kernel, groups):
    """Convolves group by group, tap by tap, in float64."""
    rows, columns, channels, filters = kernel.shape
    above, beside = (rows - 1) // 2, (columns - 1) // 2
    around = (above, rows - 1 - above), (beside, columns - 1 - beside)
    padded = np.pad(images.astype("float64"), ((0, 0), *around, (0, 0)))
    count, height, width, _ = images.shape
    own = filters // groups
    outputs = np.zeros((count, height, width, filters))
    for group in range(groups):
        taken = slice(group * channels, (group + 1) * channels)
        given = slice(group * own, (group + 1) * own)
        for row in range(rows):
            for column in range(columns):
                seen = padded[:, row : row + height, column : column + width]
                weights = kernel[row, column, :, given]
                outputs[..., given] += seen[..., taken] @ weights
    return outputs


@BOTH
@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_group_of_filters_sees_its_own_channels(
    channels, groups, filters, size
):
    images = images_of(channels * groups)
    layer = Conv2D(filters * groups, size, padding="same", groups=groups)
    layer.build(images.shape)
    random = np.random.default_rng(1)
    kernel, bias = (random.normal(size=w.shape) for w in layer.weights)
    assert kernel.shape == (size, size, channels, filters * groups)
    layer.set_weights([kernel, bias])
    assert_close(
        as_float64(layer(images)), summed(images, kernel, groups) + bias
    )


@BOTH
def test_both_derivatives_are_those_of_the_groups_apart(
    channels, groups, filters
):
    # As many plain layers of Keras, each of which has one group's kernel.
    images = images_of(channels * groups)
    random = np.random.default_rng(2)
    ours = Conv2D(filters * groups, 3, padding="same", groups=groups)
    ours.build(images.shape)
    ours.set_weights([random.normal(size=w.shape) for w in ours.weights])
    shape = ours.compute_output_shape(images.shape)
    weights = random.normal(size=shape).astype("float32")
    outputs, by_images, kernel, bias, kernel_2, bias_2 = derivatives(
        ours, images, ops.convert_to_tensor(weights)
    )
    for group in (0, groups - 1):
        taken = slice(group * channels, (group + 1) * channels)
        given = slice(group * filters, (group + 1) * filters)
        apart = layers.Conv2D(filters, 3, padding="same")
        part = images[..., taken]
        apart.build(part.shape)
        apart.set_weights(
            [ops.convert_to_numpy(w)[..., given] for w in ours.weights]
        )
        expected = derivatives(
            apart, part, ops.convert_to_tensor(weights[..., given])
        )
        for value, target in zip(
            (
                outputs[..., given],
                by_images[..., taken],
                kernel[..., given],
                bias[..., given],
                kernel_2[..., given],
                bias_2[..., given],
            ),
            expected,
            strict=True,
        ):
            assert_close(value, target)


def test_other_strides_and_paddings_go_the_way_of_keras():
    options = {"kernel_size": 3, "groups": 3, "padding": "valid"}
    assert_same_function(
        Conv2D(6, **options), layers.Conv2D(6, **options), images_of(3)
    )


def test_images_stay_bfloat16():
    images = images_of(6)
    exact = Conv2D(6, 3, padding="same", groups=3)
    expected = as_float64(exact(images))
    layer = Conv2D(6, 3, padding="same", groups=3, dtype="mixed_bfloat16")
    layer.build(images.shape)
    layer.set_weights(exact.get_weights())
    outputs = layer(images)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    scale = np.abs(expected).max()
    assert np.abs(as_float64(ops.cast(outputs, "float32")) - expected).max() < (
        0.02 * scale
    )


@pytest.mark.once
def test_a_block_diagonal_kernel_is_zero_between_groups():
    kernel = np.random.default_rng(0).normal(size=(1, 2, 2, 6))
    dense = as_float64(block_diagonal(ops.array(kernel, "float32"), 3))
    assert dense.shape == (1, 2, 6, 6)
    for channel in range(6):
        for filter in range(6):
            own = channel // 2 == filter // 2
            expected = kernel[:, :, channel % 2, filter] if own else 0.0
            assert_close(
                dense[:, :, channel, filter],
                np.broadcast_to(expected, (1, 2)),
            )


@pytest.mark.once
@pytest.mark.parametrize(
    ("channels", "groups"), [(1, 7), (4, 6), (16, 96), (32, 96), (3, 1)]
)
def test_convolutions_are_of_16_channels_and_no_more_than_48(channels, groups):
    together = joined_groups(channels, groups)
    assert groups % together == 0
    assert channels * together >= 16 or together == groups
    assert groups // together <= 48


def test_one_group_is_a_plain_convolution():
    images = ops.convert_to_tensor(images_of(4))
    random = np.random.default_rng(1)
    kernel = ops.array(random.normal(size=(3, 3, 4, 5)), "float32")
    assert_close(
        as_float64(backend.convolve_grouped(images, kernel, None, 1)),
        as_float64(backend.convolve(images, kernel)),
    )

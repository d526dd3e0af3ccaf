"""Fused convolutions against Keras's own layers, one after the other."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.layers import (
    AveragePool2D,
    Conv2DAveragePool,
    Upsample2D,
    UpsampleConv2D,
)
from tests.layers.derivatives import (
    as_float64,
    assert_close,
    assert_same_function,
    images_of,
)

FOLDING = pytest.mark.parametrize("folding", [False, True])
SIZES = pytest.mark.parametrize("size", [(4, 6), (5, 3), (1, 1), (3, 4)])


def upsample_then_convolve():
    return keras.Sequential(
        [
            layers.UpSampling2D(interpolation="nearest"),
            layers.Conv2D(5, 3, padding="same"),
        ]
    )


def convolve_then_average():
    return keras.Sequential(
        [layers.Conv2D(5, 3, padding="same"), layers.AveragePooling2D(2)]
    )


@SIZES
def test_upsampling_repeats_pixels(size):
    oracle = layers.UpSampling2D(interpolation="nearest")
    assert_same_function(Upsample2D(), oracle, images_of(size))


@pytest.mark.parametrize("size", [(4, 6), (5, 3), (2, 3)])
def test_pooling_is_the_mean_of_four(size):
    oracle = layers.AveragePooling2D(2)
    assert_same_function(AveragePool2D(), oracle, images_of(size))


@pytest.mark.parametrize("make", [Upsample2D, AveragePool2D])
def test_sizes_may_be_open(make):
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, make()(inputs))
    for size in ((4, 6), (2, 2)):
        expected = make().compute_output_shape((2, *size, 3))
        assert tuple(model(images_of(size)).shape) == expected


@SIZES
def test_plain_upsampling_convolution(size):
    layer = UpsampleConv2D(5, folding=False)
    assert_same_function(layer, upsample_then_convolve(), images_of(size))


@SIZES
def test_folded_upsampling_convolution(size):
    layer = UpsampleConv2D(5)
    assert_same_function(layer, upsample_then_convolve(), images_of(size))


@FOLDING
@pytest.mark.parametrize("size", [(4, 6), (5, 3), (2, 3), (3, 4)])
def test_pooled_convolution(size, folding):
    layer = Conv2DAveragePool(5, folding=folding)
    assert_same_function(layer, convolve_then_average(), images_of(size))


@pytest.mark.parametrize("size", [(4, 6), (1, 3)])
def test_neighbours_are_averaged(size):
    images = images_of(size)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for padding, values in (("full", padded), ("valid", padded[:, 1:, 1:])):
        expected = (
            sum(
                values[:, row or None : row - 1 or None][
                    :, :, column or None : column - 1 or None
                ]
                for row in (0, 1)
                for column in (0, 1)
            )
            / 4
        )
        inputs = images if padding == "full" else padded[:, 1:, 1:]
        means = backend.box_filter(ops.convert_to_tensor(inputs), padding)
        assert_close(as_float64(means), expected)


@pytest.mark.parametrize("make", [UpsampleConv2D, Conv2DAveragePool])
class TestBoth:
    @FOLDING
    def test_bfloat16_runs(self, make, folding):
        images = images_of((4, 4))
        exact = make(5, folding=False)
        expected = as_float64(exact(images))
        layer = make(5, folding=folding, dtype="mixed_bfloat16")
        layer.build(images.shape)
        layer.set_weights(exact.get_weights())
        outputs = layer(images)
        assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
        outputs = as_float64(ops.cast(outputs, "float32"))
        scale = np.abs(expected).max()
        assert_allclose(outputs, expected, atol=0.02 * scale)

    def test_the_variable_is_the_3x3_kernel(self, make):
        layer = make(5, use_bias=False)
        layer.build((None, 4, 4, 3))
        assert [tuple(w.shape) for w in layer.weights] == [(3, 3, 3, 5)]

    def test_the_config_makes_an_equal_layer(self, make):
        layer = make(
            5,
            use_bias=False,
            folding=False,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.02),
        )
        copy = make.from_config(layer.get_config())
        assert copy.get_config() == layer.get_config()
        assert (copy.filters, copy.use_bias, copy.folding) == (5, False, False)
        assert copy.kernel_initializer.stddev == 0.02

    def test_filters_must_be_positive(self, make):
        with pytest.raises(ValueError, match="filters=0"):
            make(0)

    def test_inputs_must_be_images(self, make):
        with pytest.raises(ValueError, match="expected ndim=4"):
            make(5)(np.ones((2, 3), "float32"))


@pytest.fixture
def channels_first():
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format("channels_last")


@pytest.mark.usefixtures("channels_first")
@pytest.mark.parametrize(
    "make",
    [
        Upsample2D,
        AveragePool2D,
        lambda: UpsampleConv2D(5),
        lambda: Conv2DAveragePool(5),
    ],
    ids=["upsample", "pool", "upsample_conv", "conv_pool"],
)
def test_channels_must_come_last(make):
    with pytest.raises(ValueError, match="channels_first"):
        make()

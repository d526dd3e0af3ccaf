"""Convolutions against Keras's own layers, and dense float64 sums."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.layers import Conv2D, Conv2DTranspose, SpectralNormalization
from tests.layers.derivatives import (
    as_float64,
    assert_close,
    assert_same_function,
    derivatives,
    images_of,
)

SIZES = pytest.mark.parametrize("size", [(5, 4)])
CONVOLUTIONS = [
    {"kernel_size": 3, "padding": "same"},
    {"kernel_size": 1},
    {"kernel_size": (1, 2), "padding": "same", "activation": "tanh"},
    {"kernel_size": 4, "padding": "same", "use_bias": False},
    {"kernel_size": 3, "strides": 2, "padding": "same"},
    {"kernel_size": 4, "strides": 2, "padding": "same"},
    {"kernel_size": 5, "strides": 2, "padding": "same"},
    {"kernel_size": 2, "strides": 3, "padding": "same"},
    {"kernel_size": 3, "strides": (1, 2), "padding": "same"},
    {"kernel_size": 2, "dilation_rate": 2, "padding": "same"},
]
TRANSPOSED = [
    {"kernel_size": 2, "strides": 2, "padding": "same"},
    {"kernel_size": 3, "strides": 2, "padding": "same"},
    {"kernel_size": 4, "strides": 2, "padding": "same", "use_bias": False},
    {"kernel_size": 5, "strides": 2, "padding": "same", "activation": "tanh"},
    {"kernel_size": 6, "strides": 2, "padding": "same"},
    {"kernel_size": 4, "strides": 2, "padding": "valid"},
    {"kernel_size": (3, 4), "strides": 2, "padding": "same"},
    {"kernel_size": 3, "strides": 1, "padding": "same"},
    {"kernel_size": 3, "strides": 3, "padding": "same"},
]


@SIZES
@pytest.mark.parametrize("options", CONVOLUTIONS)
def test_a_convolution_is_keras_s_with_both_derivatives(options, size):
    assert_same_function(
        Conv2D(5, **options), layers.Conv2D(5, **options), images_of(size)
    )


@pytest.mark.parametrize("filters", [1, 3])
def test_from_many_channels_to_few_filters_derivatives_are_keras_s(filters):
    # A form of its own on TensorFlow; widened images have so many channels.
    options = {"kernel_size": 3, "padding": "same"}
    ours, theirs = (
        keras.Sequential([layers.Conv2D(64, 1), of(filters, **options)])
        for of in (Conv2D, layers.Conv2D)
    )
    assert_same_function(ours, theirs, images_of((5, 4)))


@SIZES
@pytest.mark.parametrize("options", TRANSPOSED)
def test_a_transposed_convolution_is_keras_s(options, size):
    assert_same_function(
        Conv2DTranspose(5, **options),
        layers.Conv2DTranspose(5, **options),
        images_of(size),
    )


@pytest.mark.parametrize("size", [3, 4, 5])
def test_transposing_is_the_way_back_of_a_convolution(size):
    # <conv(x), y> = <x, conv_transposed(y)>, summed in float64.
    random = np.random.default_rng(2)
    kernel = random.normal(size=(size, size, 3, 5)).astype("float32")
    small = random.normal(size=(2, 4, 3, 5)).astype("float32")
    large = random.normal(size=(2, 8, 6, 3)).astype("float32")
    kernel, small, large = map(ops.convert_to_tensor, (kernel, small, large))
    down = as_float64(backend.convolve(large, kernel, None, 2))
    up = as_float64(backend.convolve_transposed(small, kernel))
    assert_allclose(
        (down * as_float64(small)).sum(), (up * as_float64(large)).sum(), 1e-5
    )


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize(("count", "narrow"), [(6, 0), (6, 8), (7, 8)])
def test_batches_that_are_worked_off_in_parts(
    monkeypatch, strides, count, narrow
):
    # 3 images a part, 1 where the batch is prime.
    if keras.backend.backend() == "jax":
        products = "keras_gans.backend.jax_products"
        monkeypatch.setattr(f"{products}._PART", 3 * 8 * 8 * 3)
        monkeypatch.setattr(f"{products}._NARROW", narrow)
    options = {"kernel_size": 4, "strides": strides, "padding": "same"}
    images = images_of((6, 6), count)
    assert_same_function(
        Conv2D(5, **options), layers.Conv2D(5, **options), images
    )
    options["strides"] = 2
    assert_same_function(
        Conv2DTranspose(5, **options),
        layers.Conv2DTranspose(5, **options),
        images,
    )


@pytest.mark.parametrize("make", [Conv2D, Conv2DTranspose])
class TestBoth:
    def test_images_stay_bfloat16(self, make):
        images = images_of((4, 4))
        exact = make(5, 4, strides=2, padding="same")
        expected = as_float64(exact(images))
        layer = make(5, 4, strides=2, padding="same", dtype="mixed_bfloat16")
        layer.build(images.shape)
        layer.set_weights(exact.get_weights())
        outputs = layer(images)
        assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
        outputs = as_float64(ops.cast(outputs, "float32"))
        scale = np.abs(expected).max()
        assert_allclose(outputs, expected, atol=0.02 * scale)

    @pytest.mark.parametrize(
        ("multiplies", "narrow"), [(True, 0), (True, 8), (False, 8)]
    )
    def test_gradients_in_bfloat16_are_close(
        self, monkeypatch, make, multiplies, narrow
    ):
        # Whatever this CPU has: instructions for bfloat16 products, or none.
        if keras.backend.backend() == "jax":
            name = "keras_gans.backend.jax_{}.multiplies_bfloat16"
            for module in ("convolution", "products"):
                monkeypatch.setattr(name.format(module), lambda: multiplies)
            products = "keras_gans.backend.jax_products"
            monkeypatch.setattr(f"{products}._NARROW", narrow)
            monkeypatch.setattr(f"{products}._PART", 16 * 5)
        images = images_of((4, 4), 4)
        exact = make(5, 3, strides=2, padding="same")
        layer = make(5, 3, strides=2, padding="same", dtype="mixed_bfloat16")
        for one in (exact, layer):
            one.build(images.shape)
        layer.set_weights(exact.get_weights())
        shape = exact.compute_output_shape(images.shape)
        random = np.random.default_rng(3)
        weights = ops.array(random.normal(size=shape), dtype="float32")
        # The outputs, and gradients for images, kernel and bias.
        for value, expected in zip(
            derivatives(layer, images, weights)[:4],
            derivatives(exact, images, weights)[:4],
            strict=True,
        ):
            scale = np.abs(expected).max()
            assert_allclose(value, expected, atol=0.02 * scale)

    def test_the_normalized_kernel_is_used(self, make):
        images = images_of((4, 4))
        layer = make(5, 4, strides=2, padding="same", use_bias=False)
        normalized = SpectralNormalization(layer)
        normalized.build(images.shape)
        expected = as_float64(layer(images)) / as_float64(normalized.sigma())
        assert_close(as_float64(normalized(images)), expected)

    def test_a_saved_layer_is_an_equal_one(self, make):
        layer = make(5, 4, strides=2, padding="same", name="conv")
        copy = keras.saving.deserialize_keras_object(
            keras.saving.serialize_keras_object(layer)
        )
        assert type(copy) is make
        assert copy.get_config() == layer.get_config()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv2D(5, 3, data_format="channels_last"),
        lambda: Conv2DTranspose(
            5, 4, 2, padding="same", data_format="channels_last"
        ),
    ],
    ids=["convolution", "transposed"],
)
def test_a_layer_s_own_data_format_counts(make):
    layer, images = make(), images_of((6, 4), 3)
    expected = ops.convert_to_numpy(layer(images))
    keras.config.set_image_data_format("channels_first")
    try:
        again = ops.convert_to_numpy(layer(images))
        assert_allclose(again, expected, rtol=1e-6)
    finally:
        keras.config.set_image_data_format("channels_last")

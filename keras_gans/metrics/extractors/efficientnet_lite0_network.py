"""The convolutional networks of EfficientNet-Lite."""

from typing import Any

import keras

from keras_gans.metrics.extractors.base import (
    channel_axis,
    convolution,
    feature_network,
    image_data_format,
    zeros,
)
from keras_gans.pretrained.efficientnet import (
    DIMENSION,
    LITE0,
    STEM_CHANNELS,
    EfficientNetLite,
)


@keras.saving.register_keras_serializable("keras_gans")
class EfficientNetLite0Scaling(keras.layers.Layer):
    """Resizes images in [0, 255] and scales them to (x - 127) / 128.

    Args:
        resolution: Side of the output in pixels.

    Input shape: `(batch, height, width, 3)`, any dtype.
    Output shape: `(batch, resolution, resolution, 3)`.
    """

    def __init__(self, resolution: int, **kwargs: Any):
        super().__init__(autocast=False, **kwargs)
        self.resolution = resolution

    def call(self, images: Any) -> Any:
        images = keras.ops.image.resize(
            keras.ops.cast(images, "float32"),
            (self.resolution, self.resolution),
            interpolation="bilinear",
            antialias=False,
            data_format="channels_last",
        )
        return (images - 127.0) / 128.0

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], self.resolution, self.resolution, 3)

    def get_config(self) -> dict:
        return {**super().get_config(), "resolution": self.resolution}


@keras.saving.register_keras_serializable("keras_gans")
class EfficientNetLite0Depthwise(keras.layers.DepthwiseConv2D):
    """A "same" depthwise convolution that is quick on JAX's CPU as well.

    There the grouped convolution is some 20 times slower than the sum over
    kernel positions (i, j) of the input shifted by (i, j) times w[i, j],
    which XLA fuses into one loop.
    """

    def call(self, inputs: Any) -> Any:
        if keras.backend.backend() != "jax":
            return super().call(inputs)
        (size, _), (stride, _) = self.kernel_size, self.strides
        lengths, padding = [], []
        for length in inputs.shape[1:3]:
            steps = -(-length // stride)
            missing = max((steps - 1) * stride + size - length, 0)
            lengths.append((steps - 1) * stride + 1)
            padding.append((missing // 2, missing - missing // 2))
        inputs = keras.ops.pad(inputs, [(0, 0), *padding, (0, 0)])
        height, width = lengths
        return self.bias + sum(
            inputs[:, i : i + height : stride, j : j + width : stride]
            * self.kernel[i, j, :, 0]
            for i in range(size)
            for j in range(size)
        )


def build_network(
    resolution: int, variant: EfficientNetLite = LITE0
) -> keras.Model:
    """Returns the network with zero weights, batch normalization folded in.

    Args:
        resolution: Side at which the images are seen.
        variant: Which network of the family.

    Returns:
        A `keras.Model` from images `(batch, height, width, 3)` in [0, 255] to
        features `(batch, 1280)`. Its convolutions are named after the
        original's modules, as `blocks-0-project_conv`.
    """
    images = keras.Input((None, None, 3), dtype="uint8")
    x = EfficientNetLite0Scaling(resolution, dtype="float32")(images)
    if image_data_format() == "channels_first":
        x = keras.ops.transpose(x, (0, 3, 1, 2))
    x = _convolution(x, "conv_stem", STEM_CHANNELS, 3, strides=2)
    for block in variant.blocks:
        x = _block(x, block)
    x = _convolution(x, "conv_head", DIMENSION, 1)
    return feature_network(images, x, variant.name)


def _block(x, block):
    """Expansion, depthwise convolution, projection; a skip where it fits."""
    inputs, name = x, block.name
    if block.expansion != 1:
        expanded = block.expansion * x.shape[channel_axis()]
        x = _convolution(x, name + "expand_conv", expanded, 1)
    x = EfficientNetLite0Depthwise(
        block.kernel_size,
        block.strides,
        padding="same",
        depthwise_initializer=zeros,
        bias_initializer=zeros,
        data_format=image_data_format(),
        dtype="float32",
        name=name + "depthwise_conv",
    )(x)
    x = keras.ops.relu6(x)
    x = _convolution(
        x, name + "project_conv", block.channels, 1, activation="linear"
    )
    return x + inputs if inputs.shape == x.shape else x


def _convolution(x, name, channels, kernel_size, strides=1, activation="relu6"):
    options = {"strides": strides, "activation": activation}
    return convolution(
        x, name, channels, kernel_size, padding="same", **options
    )

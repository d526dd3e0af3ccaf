"""The convolutional network of EfficientNet-Lite0."""

from typing import Any

import keras

from keras_gans.metrics.extractors.base import (
    channel_axis,
    convolution,
    feature_network,
    image_data_format,
    zeros,
)

# Tan and Le (2019), Table 1, in its Lite form: (repeats, kernel size, stride
# of the first block, expansion, output channels).
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_STEM_CHANNELS = 32
DIMENSION = 1280


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


def build_network(resolution: int) -> keras.Model:
    """Returns the network with zero weights, batch normalization folded in.

    Args:
        resolution: Side at which the images are seen.

    Returns:
        A `keras.Model` from images `(batch, height, width, 3)` in [0, 255] to
        features `(batch, 1280)`. Its convolutions are named after the
        original's modules, as `blocks-0-project_conv`.
    """
    images = keras.Input((None, None, 3), dtype="uint8")
    x = EfficientNetLite0Scaling(resolution, dtype="float32")(images)
    if image_data_format() == "channels_first":
        x = keras.ops.transpose(x, (0, 3, 1, 2))
    x = _convolution(x, "conv_stem", _STEM_CHANNELS, 3, strides=2)
    index = 0
    for repeats, kernel_size, strides, expansion, channels in _STAGES:
        for repeat in range(repeats):
            x = _block(
                x,
                f"blocks-{index}-",
                kernel_size,
                strides if repeat == 0 else 1,
                expansion,
                channels,
            )
            index += 1
    x = _convolution(x, "conv_head", DIMENSION, 1)
    return feature_network(images, x, "efficientnet_lite0")


def _block(x, name, kernel_size, strides, expansion, channels):
    """Expansion, depthwise convolution, projection; a skip where it fits."""
    inputs = x
    if expansion != 1:
        expanded = expansion * x.shape[channel_axis()]
        x = _convolution(x, name + "expand_conv", expanded, 1)
    x = EfficientNetLite0Depthwise(
        kernel_size,
        strides,
        padding="same",
        depthwise_initializer=zeros,
        bias_initializer=zeros,
        data_format=image_data_format(),
        dtype="float32",
        name=name + "depthwise_conv",
    )(x)
    x = keras.ops.relu6(x)
    x = _convolution(x, name + "project_conv", channels, 1, activation="linear")
    return x + inputs if inputs.shape == x.shape else x


def _convolution(x, name, channels, kernel_size, strides=1, activation="relu6"):
    options = {"strides": strides, "activation": activation}
    return convolution(
        x, name, channels, kernel_size, padding="same", **options
    )

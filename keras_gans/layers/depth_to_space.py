"""Rearranges channels into pixels."""

from typing import Any

import keras
from keras import ops

from keras_gans.layers.resampling import scaled


@keras.saving.register_keras_serializable(package="keras_gans")
class DepthToSpace(keras.layers.Layer):
    """Doubles height and width with a quarter of the channels.

    For features x of shape (N, H, W, 4C),

        out[n, 2i + p, 2j + q, c] = x[n, i, j, (2p + q) C + c],

    the second half of a sub-pixel convolution.

    Input shape: `(batch, height, width, 4 * channels)`.
    Output shape: `(batch, 2 height, 2 width, channels)`.

    Raises:
        ValueError: When the number of channels is no multiple of 4.

    Example:
    >>> DepthToSpace().compute_output_shape((2, 4, 4, 12))
    (2, 8, 8, 3)

    Reference: [Shi et al., 2016](https://arxiv.org/abs/1609.05158).
    """

    def build(self, input_shape: tuple) -> None:
        if input_shape[-1] % 4:
            raise ValueError(
                "Four channels become 2x2 pixels, so their number must be a "
                f"multiple of 4. Received: input shape {tuple(input_shape)}."
            )

    def call(self, inputs: Any) -> Any:
        height, width, channels = inputs.shape[1:]
        blocks = ops.reshape(inputs, (-1, height, width, 2, 2, channels // 4))
        blocks = ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
        return ops.reshape(blocks, (-1, 2 * height, 2 * width, channels // 4))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return scaled(input_shape, 2, input_shape[-1] // 4)

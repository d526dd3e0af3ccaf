"""Depthwise convolutions, in the form that is fast on each backend."""

from typing import Any

from keras import ops


def depthwise(inputs: Any, kernel: Any, strides: int = 1) -> Any:
    """Returns a depthwise convolution; see `keras_gans.backend`."""
    return ops.depthwise_conv(
        inputs, kernel, strides, "same", data_format="channels_last"
    )


def depthwise_by_taps(inputs: Any, kernel: Any, strides: int = 1) -> Any:
    """The same as a sum over the kernel's places of shifted inputs.

    On JAX's CPU a grouped convolution takes some 20 times as long as this,
    which XLA makes one loop of.
    """
    size = kernel.shape[0]
    lengths, padding = [], []
    for length in inputs.shape[1:3]:
        steps = -(-length // strides)
        missing = max((steps - 1) * strides + size - length, 0)
        lengths.append((steps - 1) * strides + 1)
        padding.append((missing // 2, missing - missing // 2))
    inputs = ops.pad(inputs, [(0, 0), *padding, (0, 0)])
    height, width = lengths
    return sum(
        inputs[:, i : i + height : strides, j : j + width : strides]
        * kernel[i, j, :, 0]
        for i in range(size)
        for j in range(size)
    )

"""Grouped convolutions made of a few plain ones, whatever the backend.

On CPUs, XLA's own, by which TensorFlow computes them too where gradients are
wanted, take 20 to 200 times as long: docs/r3gan.md has the times.
"""

from collections.abc import Callable
from typing import Any

from keras import ops

# Channels that a convolution has at least, and how many there are at most.
# Narrow groups are put together with zeros between them: more multiplications,
# of which CPUs do 16 at once, and fewer operations to compile.
_CHANNELS, _MOST = 16, 48


def convolve_in_parts(
    convolve: Callable, inputs: Any, kernel: Any, groups: int
) -> Any:
    """Returns a grouped convolution of stride 1, 'same', of NHWC images.

    Args:
        convolve: Plain convolution, a function of images and a kernel.
        inputs: Images `(batch, height, width, groups * channels)`.
        kernel: `(rows, columns, channels, groups * filters)`.
        groups: Positive int.
    """
    together = joined_groups(kernel.shape[2], groups)
    parts = groups // together
    if parts == 1:
        return convolve(inputs, block_diagonal(kernel, together))
    pairs = zip(
        ops.split(inputs, parts, axis=3),
        ops.split(kernel, parts, axis=3),
        strict=True,
    )
    outputs = [
        convolve(part, block_diagonal(own, together)) for part, own in pairs
    ]
    return ops.concatenate(outputs, axis=3)


def joined_groups(channels: int, groups: int) -> int:
    """Returns how many groups of so many channels one convolution has.

    Example:
    >>> joined_groups(4, 12), joined_groups(16, 8), joined_groups(16, 96)
    (4, 1, 2)
    """
    for together in range(1, groups):
        fits = together * channels >= _CHANNELS and groups <= _MOST * together
        if groups % together == 0 and fits:
            return together
    return groups


def block_diagonal(kernel: Any, groups: int) -> Any:
    """Returns the kernel of the plain convolution that a grouped one is.

    Channels of one group do not reach filters of another: zeros.
    """
    if groups == 1:
        return kernel
    rows, columns, channels, filters = kernel.shape
    own = filters // groups
    blocks = ops.reshape(kernel, (rows, columns, 1, channels, groups, own))
    diagonal = ops.reshape(
        ops.eye(groups, dtype=kernel.dtype), (1, 1, groups, 1, groups, 1)
    )
    return ops.reshape(
        blocks * diagonal, (rows, columns, groups * channels, filters)
    )

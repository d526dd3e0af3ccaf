"""Batch normalization as part of the convolution before it."""

from typing import Any

import numpy as np


def fold_normalization(
    kernel: Any,
    scale: Any,
    shift: Any,
    mean: Any,
    variance: Any,
    epsilon: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns kernel and bias of a convolution and its normalization in one.

    γ (W∗x - μ) / sqrt(σ² + ε) + β, with the scale γ, the shift β, the mean μ
    and the variance σ² of shape `(out,)`, is one convolution, of kernel s W
    and bias β - s μ with s = γ / sqrt(σ² + ε). Computed in float64. W has
    PyTorch's shape `(out, in, height, width)`, the result Keras's `(height,
    width, in, out)`.
    """
    scale, shift, mean, variance = (
        np.asarray(values, np.float64)
        for values in (scale, shift, mean, variance)
    )
    factor = scale / np.sqrt(variance + epsilon)
    kernel = np.transpose(np.asarray(kernel, np.float64), (2, 3, 1, 0))
    return kernel * factor, shift - factor * mean

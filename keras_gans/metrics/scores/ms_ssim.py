"""Structural similarity of pairs of images, at several scales."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.statistics.arrays import as_array

_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_RADIUS, _DEVIATION = 5, 1.5
_RANGE = 255.0
# Numbers of a batch of images at once, so that they stay in the cache.
_NUMBERS = 2**16


def ms_ssim(a: Any, b: Any, *, levels: int | None = None) -> dict:
    """Returns the multi-scale structural similarity of pairs of images.

    With M levels, level 1 the images and each next one the means of 2 x 2
    pixels of the one before (an odd last row or column repeated), in each
    channel

        MS-SSIM = l_M^w_M Π_j cs_j^w_j,

        l = (2 μ_a μ_b + C₁) / (μ_a² + μ_b² + C₁),
        cs = (2 σ_ab + C₂) / (σ_a² + σ_b² + C₂),

    means over the places where an 11 x 11 Gaussian window of deviation 1.5
    fits whole (at level M, of the product l cs), of the moments under the
    window; C₁ = (0.01 · 255)², C₂ = (0.03 · 255)². The weights w are the
    first M of 0.0448, 0.2856, 0.3001, 0.2363, 0.1333, divided by their sum.
    Negative factors, of which no root exists, count as 0. The value is the
    mean over the channels: 1 for equal images.

    Level M needs a side of 10 · 2^(M-1) + 1 pixels: 161 for 5, 81 for 4, 41
    for 3, 21 for 2, 11 for 1. Values of different levels do not compare, nor
    do those of codes that shrink the window of small images instead.

    Args:
        a: Images of shape `(count, height, width, channels)`; uint8, or
            floats in [0, 255].
        b: As many, of the same shape.
        levels: M, from 1 to 5; None takes as many as fit.

    Returns:
        `values`, a list of one number a pair, in [0, 1]; their `mean`; and
        the `levels` used.

    Raises:
        ValueError: Other shapes, types or ranges, or images that are too
            small.

    Example:
    >>> image = np.arange(0, 144, dtype=np.uint8).reshape(1, 12, 12, 1)
    >>> ms_ssim(image, image)
    {'values': [1.0], 'mean': 1.0, 'levels': 1}

    Reference: [Wang et al., 2003](https://doi.org/10.1109/ACSSC.2003.1292216),
    eq. 7.
    """
    a, b = as_pixels(a), as_pixels(b)
    if a.shape != b.shape or not len(a):
        raise ValueError(
            "Pairs of images must be of one shape, and there must be some. "
            f"Received: shapes {a.shape} and {b.shape}."
        )
    levels = usable_levels(a.shape, levels)
    values = similarities(a, b, levels)
    return {
        "values": values.tolist(),
        "mean": float(values.mean()),
        "levels": levels,
    }


def similarities(a: np.ndarray, b: np.ndarray, levels: int) -> np.ndarray:
    """Returns the MS-SSIM of each pair, mean over the channels."""
    size = max(1, _NUMBERS // math.prod(a.shape[1:]))
    values = [
        _batch_similarities(
            a[start : start + size], b[start : start + size], levels
        )
        for start in range(0, len(a), size)
    ]
    return np.concatenate(values)


def _batch_similarities(a, b, levels):
    a, b = a.astype(np.float64), b.astype(np.float64)
    weights = _WEIGHTS[:levels] / _WEIGHTS[:levels].sum()
    values = 1.0
    for level, weight in enumerate(weights):
        if level:
            a, b = _halved(a), _halved(b)
        luminance, contrast = _comparisons(a, b)
        if level == levels - 1:
            contrast = luminance * contrast
        factor = contrast.mean(axis=(1, 2))
        values = values * np.maximum(factor, 0.0) ** weight
    return values.mean(axis=1)


def _comparisons(a, b):
    """Returns l and cs at every place of the window."""
    c1, c2 = (0.01 * _RANGE) ** 2, (0.03 * _RANGE) ** 2
    mean_a, mean_b = _windowed(a), _windowed(b)
    product = mean_a * mean_b
    squares = mean_a * mean_a + mean_b * mean_b
    covariance = _windowed(a * b) - product
    variances = _windowed(a * a + b * b) - squares
    luminance = (2 * product + c1) / (squares + c1)
    return luminance, (2 * covariance + c2) / (variances + c2)


def _windowed(images):
    """Returns the means under the window, along height, then width."""
    offsets = np.arange(-_RADIUS, _RADIUS + 1)
    window = np.exp(-(offsets**2) / (2 * _DEVIATION**2))
    window /= window.sum()
    for axis in (1, 2):
        size = images.shape[axis] - 2 * _RADIUS
        shifted = [
            images[(slice(None),) * axis + (slice(k, k + size),)]
            for k in range(2 * _RADIUS + 1)
        ]
        # The window is symmetric: this halves the products.
        means = window[_RADIUS] * shifted[_RADIUS]
        for k in range(_RADIUS):
            means += window[k] * (shifted[k] + shifted[-1 - k])
        images = means
    return images


def _halved(images):
    odd = [(0, size % 2) for size in images.shape[1:3]]
    x = np.pad(images, [(0, 0), *odd, (0, 0)], mode="edge")
    rows = x[:, ::2] + x[:, 1::2]
    return (rows[:, :, ::2] + rows[:, :, 1::2]) / 4


def usable_levels(shape: Sequence[int], levels: int | None) -> int:
    """Returns the number of levels to use for images of this shape."""
    side = min(shape[1:3])
    if levels is None:
        fitting = [m for m in range(1, 6) if side >= _smallest_side(m)]
        levels = max(fitting, default=1)
    integer("levels", levels, maximum=len(_WEIGHTS))
    if side < _smallest_side(levels):
        raise ValueError(
            f"MS-SSIM of levels={levels} needs images of at least "
            f"{_smallest_side(levels)} pixels a side. Received: {shape[1]} x "
            f"{shape[2]}. Enlarge the images, or take fewer levels."
        )
    return int(levels)


def _smallest_side(levels):
    """Returns the side whose half, halved `levels` - 1 times, is 11."""
    return 2 * _RADIUS * 2 ** (levels - 1) + 1


def as_pixels(images: Any) -> np.ndarray:
    """Returns images as an array, checked; any number of channels."""
    images = as_array(images)
    right = images.dtype == np.uint8 or (
        images.dtype.kind == "f" and np.all((images >= 0) & (images <= _RANGE))
    )
    if not right or images.ndim != 4 or 0 in images.shape[1:]:
        raise ValueError(
            "Images must be uint8, or finite floats in [0, 255], of shape "
            "(count, height, width, channels). Received: "
            f"dtype={images.dtype}, shape={images.shape}. Images in [-1, 1] "
            "become uint8 with `keras_gans.images.to_uint8`."
        )
    return images

"""Checks of the arrays that scores are computed from."""

from typing import Any

import keras
import numpy as np


def as_array(values: Any, dtype: Any = None) -> np.ndarray:
    """Returns an array or a tensor of any backend as a NumPy array."""
    if keras.ops.is_tensor(values):
        values = keras.ops.convert_to_numpy(values)
    return np.asarray(values, dtype)


def as_features(features: Any, dimension: int | None = None) -> np.ndarray:
    """Returns `features` as float64 of shape `(count, dimension)`, checked.

    A `dimension` of None takes any.

    Raises:
        ValueError: Another shape, or a number that is not finite.
    """
    features = as_array(features, np.float64)
    if features.ndim != 2 or dimension not in (None, features.shape[1]):
        raise ValueError(
            f"Features must have shape (count, {dimension or 'dimension'}). "
            f"Received: shape={features.shape}."
        )
    return _finite("Features", "vectors", features)


def as_logits(logits: Any, classes: int | None = None) -> np.ndarray:
    """Returns `logits` as float64 of shape `(count, classes)`, checked.

    Classes are 2 at least; None takes any number of them.

    Raises:
        ValueError: Another shape, or a number that is not finite.
    """
    logits = as_array(logits, np.float64)
    if (
        logits.ndim != 2
        or logits.shape[1] < 2
        or classes not in (None, logits.shape[1])
    ):
        raise ValueError(
            f"Logits must have shape (count, {classes or 'classes'}), of at "
            f"least 2 classes. Received: shape={logits.shape}."
        )
    return _finite("Logits", "samples", logits)


def _finite(name, items, rows):
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise ValueError(
            f"{name} must be finite. Received: NaN or infinity in {len(bad)} "
            f"of {len(rows)} {items}, the first at index {bad[0]}. Check the "
            "images they were computed from."
        )
    return rows


def as_labels(labels: Any, count: int) -> np.ndarray:
    """Returns `labels` as int64 of shape `(count,)`, checked.

    Raises:
        ValueError: Another shape, no integers, or a negative one.
    """
    labels = as_array(labels)
    integers = labels.dtype.kind in "iu" or not labels.size
    if labels.shape != (count,) or not integers or np.any(labels < 0):
        raise ValueError(
            "Labels must be integers of at least 0, one a sample. Received: "
            f"dtype={labels.dtype}, shape={labels.shape} for {count} samples"
            f"{f', the least {labels.min()}' if integers and count else ''}."
        )
    return labels.astype(np.int64)


def as_images(images: Any) -> np.ndarray:
    """Returns `images` as a NumPy array, checked.

    Raises:
        ValueError: They are not uint8 `(count, height, width, 1 or 3)`.
    """
    images = as_array(images)
    if (
        images.dtype != np.uint8
        or images.ndim != 4
        or images.shape[-1] not in (1, 3)
        or 0 in images.shape[1:3]
    ):
        raise ValueError(
            "Images must be uint8 in [0, 255], of shape (count, height, width, "
            f"channels) with 1 or 3 channels. Received: dtype={images.dtype}, "
            f"shape={images.shape}. Images in [-1, 1] become uint8 with "
            "`keras_gans.images.to_uint8`."
        )
    return images

"""Keeps the features of reference sets on disk."""

import hashlib
import json
from pathlib import Path

import numpy as np

from keras_gans import files
from keras_gans.metrics.statistics.feature_sample import KEPT_FEATURES
from keras_gans.metrics.statistics.moments import Moments
from keras_gans.pretrained.torch_weights import READING_ERRORS

_CLASSES = tuple(f"class_{name}" for name in ("labels", *Moments.ARRAYS))


def cache_path(
    directory: str | Path,
    certificate: dict,
    content_hash: str,
    count: int | None,
    by_class: bool,
) -> Path:
    """Returns the file for one image set, count and extractor."""
    identity = [certificate, content_hash, count, by_class, KEPT_FEATURES]
    digest = hashlib.sha256(json.dumps(identity).encode()).hexdigest()
    return Path(directory) / f"{certificate['extractor']}-{digest[:32]}.npz"


def write_cache(
    path: Path,
    moments: Moments,
    features: np.ndarray,
    class_moments: dict[int, Moments] | None,
) -> None:
    """Stores what `read_cache` returns, whole or not at all."""
    arrays = {**moments.to_arrays(), "features": features}
    if class_moments is not None:
        parts = [moments.to_arrays() for moments in class_moments.values()]
        arrays["class_labels"] = np.asarray(list(class_moments), np.int64)
        for name in Moments.ARRAYS:
            arrays[f"class_{name}"] = np.stack([part[name] for part in parts])
    arrays["checksum"] = _checksum(arrays.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    # A file, since NumPy would add a suffix to a path.
    with files.replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def read_cache(
    path: Path, dimension: int, count: int | None, by_class: bool
) -> tuple[Moments, np.ndarray, dict[int, Moments] | None] | None:
    """Returns what is stored, or None where it must be computed.

    That is moments, kept features, and, where asked for, moments by label.
    """
    keys = (*Moments.ARRAYS, "features", *(_CLASSES if by_class else ()))
    try:
        # Opened here, since NumPy leaves a damaged file that it opened open.
        with path.open("rb") as file, np.load(file) as archive:
            arrays = {key: archive[key] for key in keys}
            if str(archive["checksum"]) != _checksum(arrays.values()):
                return None
        moments = Moments.from_arrays(arrays)
        class_moments = _class_moments(arrays) if by_class else None
    except READING_ERRORS:
        return None
    features = arrays["features"]
    if (
        moments.dimension != dimension
        or moments.count < 2
        or (count is not None and moments.count != count)
        or features.shape
        != (min(moments.count, KEPT_FEATURES), moments.dimension)
    ):
        return None
    return moments, features, class_moments


def _class_moments(arrays):
    labels = arrays["class_labels"].tolist()
    columns = [arrays[f"class_{name}"] for name in Moments.ARRAYS]
    return {
        label: Moments.from_arrays(
            dict(zip(Moments.ARRAYS, values, strict=True))
        )
        for label, *values in zip(labels, *columns, strict=True)
    }


def _checksum(arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()

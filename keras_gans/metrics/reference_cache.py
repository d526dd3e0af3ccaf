"""Keeps the features of reference sets on disk."""

import hashlib
import json
from pathlib import Path

import numpy as np

from keras_gans.metrics.moments import Moments, read_arrays, write_arrays

# Real feature vectors kept for the kernel distance: 26 MB at 1,280 numbers.
KEPT_FEATURES = 5_000


def cache_path(directory, key: dict, content_hash: str, count) -> Path:
    """Returns the file for one image set, count and extractor."""
    identity = json.dumps([key, content_hash, count, KEPT_FEATURES])
    digest = hashlib.sha256(identity.encode()).hexdigest()
    return Path(directory) / f"{key['extractor']}-{digest[:32]}.npz"


def write_cache(path: Path, moments: Moments, features: np.ndarray) -> None:
    """Stores what `read_cache` returns, whole or not at all."""
    arrays = {**moments.to_arrays(), "features": features}
    write_arrays(path, **arrays, checksum=_checksum(arrays.values()))


def read_cache(
    path: Path, dimension: int, count: int | None
) -> tuple[Moments, np.ndarray] | None:
    """Returns moments and features, or None where they must be computed."""
    try:
        arrays = read_arrays(path, (*Moments.ARRAYS, "features", "checksum"))
        checksum = str(arrays.pop("checksum"))
        if checksum != _checksum(arrays.values()):
            return None
        moments = Moments.from_arrays(arrays, path)
    except (ValueError, OSError):
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
    return moments, features


def _checksum(arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()

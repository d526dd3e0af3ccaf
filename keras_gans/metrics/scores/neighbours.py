"""Nearest neighbours among references that need not fit into memory."""

from typing import Any

import keras
import numpy as np

from keras_gans.checks import integer, one_of
from keras_gans.metrics.statistics.arrays import as_array
from keras_gans.metrics.statistics.distances import (
    distance_blocks,
    squared_differences,
)

# Numbers of the differences held at once, so that they stay in the cache.
_NUMBERS = 2**16
# Larger numbers overflow when squared.
_LARGEST = 1e150


def nearest_neighbours(
    queries: Any,
    references: Any,
    k: int = 1,
    distance: str = "l2",
    block: int = 1024,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the k nearest references of each query, exactly.

    With the numbers x of a query and y of a reference,

        l1 = Σ |x - y|,    l2 = sqrt(Σ (x - y)²),

    sums in float64. Of equal distances the lower index comes first, so that
    the result is the same for each `block`.

    Args:
        queries: Finite numbers `(n, ...)`: features, or images as pixels.
        references: Likewise `(m, ...)`, m >= k, items of the same shape. Both
            are uint8, or neither is.
        k: Neighbours of a query, at least 1.
        distance: `"l1"` or `"l2"`.
        block: References compared at once; sets the memory, `block` numbers
            for each of 256 queries.

    Returns:
        Indices, int64, and distances, float64 and in the unit of the inputs,
        both `(n, k)`, nearest first.

    Raises:
        ValueError: Other shapes, types or settings, fewer than k references,
            or numbers that are not finite.

    Example:
    >>> indices, distances = nearest_neighbours(
    ...     [[0.0, 0.0]], [[5.0, 5.0], [3.0, 4.0]], k=2
    ... )
    >>> indices.tolist(), distances.round(3).tolist()
    ([[1, 0]], [[5.0, 7.071]])
    """
    integer("block", block)
    integer("k", k)
    one_of("distance", distance, ("l1", "l2"))
    queries = _as_items("queries", queries)
    if not len(queries):
        raise ValueError(
            "Neighbours are searched for one query at least. Received: "
            f"queries of shape {queries.shape}."
        )
    if not keras.ops.is_tensor(references):
        references = np.asarray(references)
    search = _absolute if distance == "l1" else _euclidean
    indices = np.full((len(queries), k), -1, np.int64)
    distances = np.full((len(queries), k), np.inf)
    x = queries.reshape(len(queries), -1)
    # An empty set is looked at too, for its shape.
    for start in range(0, max(len(references), 1), block):
        part = _as_items("references", references[start : start + block])
        _require_alike(queries, part)
        if not len(part):
            break
        y = part.reshape(len(part), -1)
        for rows, columns, found in search(x, y, distances[:, -1:], k):
            _insert(indices, distances, rows, start + columns, found)
    if len(references) < k:
        raise ValueError(
            f"{k} neighbours need as many references. Received: "
            f"{len(references)}. Add some, or take a smaller k."
        )
    return indices, distances


def _require_alike(queries, references):
    kinds = {items.dtype == np.uint8 for items in (queries, references)}
    if queries.shape[1:] != references.shape[1:] or len(kinds) > 1:
        raise ValueError(
            "Queries and references must be items of one shape, and both "
            "uint8 or neither. Received: queries "
            f"{queries.dtype}{queries.shape}, references "
            f"{references.dtype}{references.shape}."
        )


def _insert(kept_indices, kept_distances, rows, indices, distances):
    """Keeps the k nearest of those kept and of the given ones."""
    k = kept_indices.shape[1]
    touched, rows = np.unique(rows, return_inverse=True)
    rows = np.concatenate([np.repeat(np.arange(len(touched)), k), rows])
    # Places not filled yet have infinite distances, hence come last.
    indices = np.concatenate([kept_indices[touched].ravel(), indices])
    distances = np.concatenate([kept_distances[touched].ravel(), distances])
    order = np.lexsort((indices, distances, rows))
    starts = np.searchsorted(rows[order], np.arange(len(touched)))
    chosen = order[starts[:, None] + np.arange(k)]
    kept_indices[touched] = indices[chosen]
    kept_distances[touched] = distances[chosen]


def _absolute(x, y, farthest, k):
    """Yields rows, columns and distances of the candidates for neighbours."""
    pixels = x.dtype == np.uint8
    step = max(1, _NUMBERS // x.shape[1])
    distances = np.empty(len(y))
    for row, query in enumerate(x):
        for start in range(0, len(y), step):
            part = y[start : start + step]
            if pixels:
                # Unsigned bytes have no negative differences.
                gaps = np.maximum(part, query) - np.minimum(part, query)
                sums = gaps.sum(axis=1, dtype=np.uint64)
            else:
                sums = np.abs(part - query).sum(axis=1)
            distances[start : start + step] = sums
        bound = min(_kth_smallest(distances, k), farthest[row, 0])
        columns = np.flatnonzero(distances <= bound)
        yield np.full(len(columns), row), columns, distances[columns]


def _euclidean(x, y, farthest, k):
    """Yields rows, columns and distances of the candidates for neighbours."""
    x, y = x.astype(np.float64, copy=False), y.astype(np.float64, copy=False)
    for block, squares, error in distance_blocks(x, y):
        bound = _kth_smallest(squares, k)[:, None]
        # The estimates of the k nearest are within twice their error of it.
        # The farthest one kept is a root, rounded, of an exact square.
        bound = np.minimum(bound, np.square(farthest[block]) * (1 + 1e-12))
        rows, columns = np.nonzero(squares <= bound + 2 * error)
        rows += block.start
        squares = squared_differences(x, y, rows, columns)
        yield rows, columns, np.sqrt(squares)


def _kth_smallest(values, k):
    """Returns the k-th smallest of the last axis, infinity if shorter."""
    if values.shape[-1] < k:
        return np.full(values.shape[:-1], np.inf)
    return np.partition(values, k - 1)[..., k - 1]


def _as_items(name, items):
    """Returns `items`, uint8 as they are and others in float64, checked."""
    items = as_array(items)
    if items.dtype != np.uint8:
        items = items.astype(np.float64)
    if items.ndim < 2 or 0 in items.shape[1:]:
        raise ValueError(
            f"The {name} must have shape (count, ...), with numbers in each "
            f"item. Received: shape={items.shape}."
        )
    if items.dtype == np.uint8:
        return items
    # False for NaN too.
    within = np.abs(items) <= _LARGEST
    if not within.all():
        bad = np.flatnonzero(~within.reshape(len(items), -1).all(axis=1))
        raise ValueError(
            f"The {name} must be finite, and at most {_LARGEST:g}. Received: "
            f"other numbers in {len(bad)} of {len(items)} items, the first at "
            f"index {bad[0]}."
        )
    return items

"""Nearest neighbours among references that need not fit into memory."""

import keras
import numpy as np

from keras_gans.checks import integer, one_of
from keras_gans.metrics.statistics.distances import distance_blocks

DISTANCES = ("l1", "l2")
# Numbers of the differences held at once, so that they stay in the cache.
_NUMBERS = 2**16
# Larger numbers overflow when squared.
_LARGEST = 1e150


def nearest_neighbours(
    queries, references, k: int = 1, distance: str = "l2", block: int = 1024
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
    integer("block", block, minimum=1)
    neighbours = NearestNeighbours(queries, k, distance)
    if not keras.ops.is_tensor(references):
        references = np.asarray(references)
    # An empty set is looked at too, for its shape.
    for start in range(0, max(len(references), 1), block):
        neighbours.update_state(references[start : start + block])
    return neighbours.result()


class NearestNeighbours:
    """Streaming `nearest_neighbours`: the references come in batches.

    References are numbered as they come, from 0. Memory is the queries and
    k neighbours of each, whatever the number of references.

    Args:
        queries: Finite numbers `(n, ...)`.
        k: Neighbours of a query, at least 1.
        distance: `"l1"` or `"l2"`.

    Attributes:
        count: Number of references seen.

    Example:
    >>> neighbours = NearestNeighbours([[0.0], [7.0]], distance="l1")
    >>> neighbours.update_state([[9.0], [4.0]])
    >>> neighbours.update_state([[1.0]])
    >>> indices, distances = neighbours.result()
    >>> indices.tolist(), distances.tolist()
    ([[2], [0]], [[1.0], [2.0]])
    """

    def __init__(self, queries, k: int = 1, distance: str = "l2"):
        integer("k", k, minimum=1)
        one_of("distance", distance, DISTANCES)
        self.queries = _as_items("queries", queries)
        if not len(self.queries):
            raise ValueError(
                "Neighbours are searched for one query at least. Received: "
                f"queries of shape {self.queries.shape}."
            )
        self.k = k
        self.distance = distance
        self.reset_state()

    def reset_state(self) -> None:
        """Forgets the references; the queries stay."""
        self.count = 0
        shape = (len(self.queries), self.k)
        self._indices = np.full(shape, -1, np.int64)
        self._distances = np.full(shape, np.inf)

    def update_state(self, references) -> None:
        """Adds references of shape `(count, ...)`, finite."""
        references = _as_items("references", references)
        kinds = [a.dtype == np.uint8 for a in (self.queries, references)]
        if (
            self.queries.shape[1:] != references.shape[1:]
            or len(set(kinds)) > 1
        ):
            raise ValueError(
                "Queries and references must be items of one shape, and both "
                "uint8 or neither. Received: queries "
                f"{self.queries.dtype}{self.queries.shape}, references "
                f"{references.dtype}{references.shape}."
            )
        if not len(references):
            return
        x = self.queries.reshape(len(self.queries), -1)
        y = references.reshape(len(references), -1)
        search = _absolute if self.distance == "l1" else _euclidean
        for candidates in search(x, y, self._distances[:, -1:], self.k):
            self._insert(*candidates)
        self.count += len(references)

    def _insert(self, rows, indices, distances):
        """Keeps the k nearest of those kept and of the given ones."""
        touched, rows = np.unique(rows, return_inverse=True)
        kept = np.repeat(np.arange(len(touched)), self.k)
        rows = np.concatenate([kept, rows])
        # Places not filled yet have infinite distances, hence come last.
        indices = np.concatenate(
            [self._indices[touched].ravel(), self.count + indices]
        )
        distances = np.concatenate(
            [self._distances[touched].ravel(), distances]
        )
        order = np.lexsort((indices, distances, rows))
        starts = np.searchsorted(rows[order], np.arange(len(touched)))
        chosen = order[starts[:, None] + np.arange(self.k)]
        self._indices[touched] = indices[chosen]
        self._distances[touched] = distances[chosen]

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns indices and distances; needs k references."""
        if self.count < self.k:
            raise ValueError(
                f"{self.k} neighbours need as many references. Received: "
                f"{self.count}. Add some, or take a smaller k."
            )
        return self._indices.copy(), self._distances.copy()


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
        yield rows, columns, _differences(x, y, rows, columns)


def _differences(x, y, rows, columns):
    distances = np.empty(len(rows))
    step = max(1, _NUMBERS // x.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        difference = x[rows[part]] - y[columns[part]]
        distances[part] = np.einsum("nd,nd->n", difference, difference)
    return np.sqrt(distances)


def _kth_smallest(values, k):
    """Returns the k-th smallest of the last axis, infinity if shorter."""
    if values.shape[-1] < k:
        return np.full(values.shape[:-1], np.inf)
    return np.partition(values, k - 1)[..., k - 1]


def _as_items(name, items):
    """Returns `items`, uint8 as they are and others in float64, checked."""
    if keras.ops.is_tensor(items):
        items = keras.ops.convert_to_numpy(items)
    items = np.asarray(items)
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

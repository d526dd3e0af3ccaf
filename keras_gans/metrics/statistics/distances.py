"""Squared distances between features, exact where they are compared."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from keras_gans.metrics.statistics.arrays import as_features

# Rows of the matrix of distances held at once.
_BLOCK = 256
# Numbers of the differences held at once, so that they stay in the cache.
_NUMBERS = 2**16


class FeatureSet:
    """Features, and those among them that differ.

    Copies have one radius and lie in the same balls. Without this, a
    collapsed generator would cost a sum of differences for every pair.

    Attributes:
        count: Number of features.
        dimension: Length of a vector.
        distinct: The features without repetitions, float64.
        counts: How often each of these occurs.
    """

    def __init__(
        self, name: str, features: Any, k: int, dimension: int | None = None
    ):
        features = as_features(features, dimension)
        if len(features) <= k:
            raise ValueError(
                f"The {name} set must have more than {k} feature vectors. "
                f"Received: {len(features)}. Add some, or take a smaller k."
            )
        # Rows of one piece of memory, which can be hashed.
        features = np.ascontiguousarray(features)
        hashes = [hashlib.sha256(row).digest() for row in features]
        first = {}
        firsts = [first.setdefault(h, i) for i, h in enumerate(hashes)]
        self._first, self.counts = np.unique(firsts, return_counts=True)
        self._features = self.distinct = features
        if len(self._first) < len(features):
            self.distinct = features[self._first]
        self.count, self.dimension = features.shape

    def radii(self, ks: Sequence[int]) -> np.ndarray:
        """Returns, for each k, the squared distances to k-th neighbours."""
        radii = np.empty((len(ks), len(self.distinct)))
        last = max(ks)
        for rows, squares, error in distance_blocks(
            self.distinct, self._features
        ):
            # No vector is its own neighbour, but a copy of it is.
            squares[np.arange(len(squares)), self._first[rows]] = np.inf
            # The k-th smallest estimate is within `error` of the distance.
            bound = np.partition(squares, last - 1)[:, last - 1 : last]
            chosen = squares <= bound + 2 * error
            squares[chosen] = squared_differences(
                self.distinct[rows], self._features, *np.nonzero(chosen)
            )
            nearest = np.partition(squares, last - 1)[:, :last]
            nearest.sort(axis=1)
            radii[:, rows] = nearest[:, np.subtract(ks, 1)].T
        return radii

    def share(self, chosen: np.ndarray) -> float:
        """Returns the share of the features that are among the chosen."""
        return int(self.counts[chosen].sum()) / self.count


def distance_blocks(x: np.ndarray, y: np.ndarray) -> Iterator[tuple]:
    """Yields rows, their squared distances to y, and a bound on the error.

    |x - y|² = |x|² + |y|² - 2 x·y is a product of matrices, so quick, but
    loses digits. To first order in ε these and the sum of d squared
    differences part by at most (2 d + 5) ε (|x|² + |y|²), centring included;
    the bound, of shape `(rows, 1)`, is twice that and more.
    """
    centre = y.mean(axis=0)
    y = y - centre
    y_squares = np.einsum("nd,nd->n", y, y)
    relative = 4 * (x.shape[1] + 2) * np.finfo(np.float64).eps
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(x)))
        block = x[rows] - centre
        x_squares = np.einsum("nd,nd->n", block, block)[:, None]
        squares = block @ y.T
        squares *= -2
        squares += x_squares
        squares += y_squares
        yield rows, squares, relative * (x_squares + y_squares.max())


def squared_differences(
    x: np.ndarray, y: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Returns Σ (x - y)² of each pair of a row of x and one of y."""
    squares = np.empty(len(rows))
    step = max(1, _NUMBERS // x.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        difference = x[rows[part]] - y[columns[part]]
        squares[part] = np.einsum("nd,nd->n", difference, difference)
    return squares

"""Mean and covariance of a stream of feature vectors."""

from typing import Any

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.statistics.arrays import as_features


class Moments:
    """Streaming mean and covariance, in float64.

    Batches A and B are joined without loss of digits (Chan et al., 1979): with
    counts n, means μ and scatters M = Σ (x - μ)(x - μ)ᵀ,

        μ = μ_A + δ n_B / n,    M = M_A + M_B + δ δᵀ n_A n_B / n,
        δ = μ_B - μ_A,          Σ = M / (n - 1).

    Args:
        dimension: Length d of a feature vector, at least 1.

    Attributes:
        count: Number of vectors seen.

    Example:
    >>> moments = Moments(2)
    >>> moments.update_state([[0.0, 0.0], [2.0, 4.0]])
    >>> moments.mean.tolist(), moments.covariance.tolist()
    ([1.0, 2.0], [[2.0, 4.0], [4.0, 8.0]])

    Reference: Chan, Golub and LeVeque, 1979, "Updating formulae and a
    pairwise algorithm for computing sample variances".
    """

    ARRAYS = ("count", "mean", "scatter")

    def __init__(self, dimension: int):
        self.dimension = integer("dimension", dimension)
        self.count = 0
        self._mean = np.zeros(self.dimension)
        self._scatter = np.zeros((self.dimension, self.dimension))

    def update_state(self, features: Any) -> None:
        """Adds a batch.

        Args:
            features: Finite numbers of shape `(count, dimension)`.

        Raises:
            ValueError: Another shape, or a number that is not finite.
        """
        features = as_features(features, self.dimension)
        if len(features) == 0:
            return
        mean = features.mean(axis=0)
        centred = features - mean
        self._join(len(features), mean, centred.T @ centred)

    def merge(self, other: "Moments") -> None:
        """Adds everything that `other` has seen; `other` is unchanged."""
        if other.dimension != self.dimension:
            raise ValueError(
                "Moments of one dimension only can be merged. Received: "
                f"{self.dimension} and {other.dimension}."
            )
        if other.count:
            self._join(other.count, other._mean, other._scatter)

    def _join(self, count, mean, scatter):
        total = self.count + count
        delta = mean - self._mean
        self._scatter += scatter
        self._scatter += np.outer(delta, delta * (self.count * count / total))
        self._mean = self._mean + delta * (count / total)
        self.count = total

    @property
    def mean(self) -> np.ndarray:
        """float64 of shape `(dimension,)`; needs one vector."""
        self._require(1)
        return self._mean.copy()

    @property
    def covariance(self) -> np.ndarray:
        """Unbiased, float64, `(dimension, dimension)`; needs two vectors."""
        self._require(2)
        covariance = self._scatter / (self.count - 1)
        return (covariance + covariance.T) / 2

    def _require(self, count):
        if self.count < count:
            raise ValueError(
                f"A mean needs 1 vector and a covariance 2. Received: "
                f"{self.count}. Call `update_state` first."
            )

    def to_arrays(self) -> dict:
        """Returns the state as the arrays that `from_arrays` takes."""
        return {
            "count": np.asarray(self.count, np.int64),
            "mean": self._mean,
            "scatter": self._scatter,
        }

    @classmethod
    def from_arrays(cls, arrays: dict) -> "Moments":
        """Returns the moments stored in `arrays`."""
        count, mean, scatter = (arrays[key] for key in cls.ARRAYS)
        moments = cls(len(mean))
        moments.count = int(count)
        moments._mean, moments._scatter = mean, scatter
        return moments

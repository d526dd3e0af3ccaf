"""A uniform sample of a stream of feature vectors."""

from typing import Any

import numpy as np

from keras_gans.metrics.statistics.arrays import as_features

# Vectors kept for kernels and neighbours: 51 MB at 1,280 numbers.
KEPT_FEATURES = 10_000


class FeatureSample:
    """A uniform sample, of bounded size, of a stream of feature vectors.

    Vector number t > `capacity` takes the place of a kept one with
    probability capacity / t (Vitter's algorithm R, 1985), so that each of
    the vectors seen is kept with equal probability, in whatever order.

    Args:
        dimension: Length of a vector.
        capacity: Vectors kept.
        seed: Fixes the choice.

    Attributes:
        count: Number of vectors seen.

    Example:
    >>> sample = FeatureSample(1, capacity=2)
    >>> sample.update_state([[1.0], [2.0], [3.0]])
    >>> sample.count, len(sample.features)
    (3, 2)

    Reference: [Vitter, 1985](https://doi.org/10.1145/3147.3165).
    """

    def __init__(self, dimension: int, capacity: int, seed: int = 0):
        self.dimension = dimension
        self.capacity = capacity
        self.count = 0
        self._random = np.random.default_rng(seed)
        self._room = self._kept = np.empty((0, self.dimension), np.float32)

    def update_state(self, features: Any) -> None:
        """Adds features of shape `(count, dimension)`, finite."""
        features = as_features(features, self.dimension)
        free = self.capacity - len(self._kept)
        if free:
            self._fill(features[:free])
            features = features[free:]
        seen = self.count + 1 + np.arange(len(features))
        for slot, vector in zip(
            self._random.integers(0, seen), features, strict=True
        ):
            if slot < self.capacity:
                self._kept[slot] = vector
        self.count += len(features)

    def _fill(self, added):
        size = len(self._kept) + len(added)
        if size > len(self._room):
            # Twice as much each time, so that each vector is copied once or
            # twice, however many come in however small batches.
            room = min(self.capacity, max(size, 2 * len(self._room)))
            self._room = np.empty((room, self.dimension), np.float32)
            self._room[: len(self._kept)] = self._kept
        self._room[len(self._kept) : size] = added
        self._kept = self._room[:size]
        self.count += len(added)

    @property
    def features(self) -> np.ndarray:
        """The kept vectors, float32 of shape `(kept, dimension)`."""
        return self._kept.copy()

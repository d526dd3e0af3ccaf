"""The kernel distance (KID) between two sets of features."""

import numpy as np

from keras_gans.metrics.moments import as_features

# Rows of the kernel matrix held at once.
_BLOCK = 1024


def kernel_distance(
    real, fake, *, subset_size: int = 1000, subsets: int = 20, seed: int = 0
) -> tuple[float, float]:
    """Returns mean and standard deviation of MMD² over random subsets.

    For subsets X of the real and Y of the fake features, of m vectors each,
    and the kernel k(x, y) = (x·y / d + 1)³ in d dimensions,

        MMD² = Σ_{i≠j} [k(xᵢ, xⱼ) + k(yᵢ, yⱼ)] / (m (m - 1))
               - 2 Σ_{ij} k(xᵢ, yⱼ) / m²,

    which is unbiased: 0 in the mean for equal distributions, and sometimes
    negative.

    Args:
        real: Features of shape `(count, dimension)`, at least two.
        fake: Likewise, of the same dimension.
        subset_size: Vectors m of a subset, at least 2; at most the smaller
            set is used. Subsets are drawn without replacement.
        subsets: Number of subsets, at least 1.
        seed: Fixes the subsets.

    Returns:
        Mean and (population) standard deviation over the subsets.

    Raises:
        ValueError: Fewer than two vectors, different dimensions, or numbers
            that are not finite.

    Example:
    >>> kernel_distance([[0.0], [1.0]], [[0.0], [1.0]], subsets=1)
    (-3.5, 0.0)

    Reference: [Bińkowski et al., 2018](https://arxiv.org/abs/1801.01401), §4.
    """
    _require_at_least("subset_size", subset_size, 2)
    _require_at_least("subsets", subsets, 1)
    real = as_features(real)
    fake = as_features(fake, real.shape[1])
    size = min(subset_size, len(real), len(fake))
    if size < 2:
        raise ValueError(
            "A kernel distance needs at least 2 feature vectors on each side. "
            f"Received: {len(real)} real and {len(fake)} fake."
        )
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(subsets):
        x = real[generator.choice(len(real), size, replace=False)]
        y = fake[generator.choice(len(fake), size, replace=False)]
        values.append(_squared_discrepancy(x, y))
    return float(np.mean(values)), float(np.std(values))


class KernelDistance:
    """Streaming kernel distance of features to fixed reference features.

    See `kernel_distance`. At most `capacity` of the features are kept, a
    uniform sample of all that were seen, so memory stays flat.

    Args:
        reference: Real features of shape `(count, dimension)`.
        subset_size: As in `kernel_distance`.
        subsets: As in `kernel_distance`.
        seed: Fixes the subsets and the sample that is kept.
        capacity: Vectors kept, at least 2.
    """

    def __init__(
        self,
        reference,
        *,
        subset_size: int = 1000,
        subsets: int = 20,
        seed: int = 0,
        capacity: int = 10_000,
    ):
        _require_at_least("subset_size", subset_size, 2)
        _require_at_least("subsets", subsets, 1)
        _require_at_least("capacity", capacity, 2)
        self.reference = as_features(reference)
        self.subset_size = subset_size
        self.subsets = subsets
        self.seed = seed
        self._sample = FeatureSample(
            self.reference.shape[1], capacity=capacity, seed=seed
        )

    def update_state(self, features) -> None:
        """Adds features of shape `(count, dimension)`, finite."""
        self._sample.update_state(features)

    def reset_state(self) -> None:
        """Forgets the features; the reference stays."""
        self._sample.reset_state()

    def result(self) -> tuple[float, float]:
        """Returns mean and standard deviation; needs two vectors."""
        return kernel_distance(
            self.reference,
            self._sample.features,
            subset_size=self.subset_size,
            subsets=self.subsets,
            seed=self.seed,
        )


class FeatureSample:
    """A uniform sample, of bounded size, of a stream of feature vectors.

    Vector number t ≥ `capacity` takes the place of a kept one with
    probability capacity / t (Vitter's algorithm R, 1985), so that each of
    the vectors seen is kept with equal probability, in whatever order.

    Args:
        dimension: Length of a vector.
        capacity: Vectors kept.
        seed: Fixes the choice.

    Attributes:
        count: Number of vectors seen.
    """

    def __init__(self, dimension: int, capacity: int, seed: int = 0):
        self.dimension = dimension
        self.capacity = capacity
        self.seed = seed
        self.reset_state()

    def reset_state(self) -> None:
        """Forgets every vector."""
        self.count = 0
        self._generator = np.random.default_rng(self.seed)
        self._kept = np.empty((0, self.dimension), np.float32)

    def update_state(self, features) -> None:
        """Adds features of shape `(count, dimension)`, finite."""
        features = as_features(features, self.dimension)
        free = self.capacity - len(self._kept)
        if free:
            added = features[:free].astype(np.float32)
            self._kept = np.concatenate([self._kept, added])
            self.count += len(added)
            features = features[free:]
        seen = self.count + 1 + np.arange(len(features))
        for slot, vector in zip(
            self._generator.integers(0, seen), features, strict=True
        ):
            if slot < self.capacity:
                self._kept[slot] = vector
        self.count += len(features)

    @property
    def features(self) -> np.ndarray:
        """The kept vectors, float32 of shape `(kept, dimension)`."""
        return self._kept.copy()


def _squared_discrepancy(x, y):
    size = len(x)
    within = sum(_kernel_sum(z, z) - _kernel(z, z).sum() for z in (x, y))
    between = _kernel_sum(x, y)
    return within / (size * (size - 1)) - 2 * between / size**2


def _kernel_sum(x, y):
    """Returns the sum of the kernel over all pairs, block by block."""
    total = 0.0
    for start in range(0, len(x), _BLOCK):
        products = x[start : start + _BLOCK] @ y.T
        total += _cubed(products / x.shape[1] + 1).sum()
    return total


def _kernel(x, y):
    """Returns the kernel of each row of x with the same row of y."""
    return _cubed(np.einsum("nd,nd->n", x, y) / x.shape[1] + 1)


def _cubed(values):
    # Far quicker than `values**3`.
    return values * values * values


def _require_at_least(name, value, minimum):
    if not isinstance(value, int | np.integer) or value < minimum:
        raise ValueError(
            f"`{name}` must be an integer of at least {minimum}. "
            f"Received: {name}={value!r}."
        )

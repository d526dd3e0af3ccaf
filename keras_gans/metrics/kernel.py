"""The kernel distance (KID) between two sets of features."""

import itertools

import numpy as np

from keras_gans.metrics.feature_sample import FeatureSample
from keras_gans.metrics.intervals import jackknife_interval
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
    real, fake = _two_sets(real, fake)
    size = min(subset_size, len(real), len(fake))
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(subsets):
        x = real[generator.choice(len(real), size, replace=False)]
        y = fake[generator.choice(len(fake), size, replace=False)]
        values.append(_squared_discrepancy(x, y))
    return float(np.mean(values)), float(np.std(values))


def kernel_distance_unbiased(real, fake) -> float:
    """Returns MMD² over all pairs of two sets, unbiased.

    For n real features x and m fake ones y, with the kernel of
    `kernel_distance`,

        MMD² = Σ_{i≠j} k(xᵢ, xⱼ) / (n (n - 1)) + Σ_{i≠j} k(yᵢ, yⱼ) / (m (m - 1))
               - 2 Σ_{ij} k(xᵢ, yⱼ) / (n m).

    No subset is drawn, so that nothing but the features decides the value.
    The kernel is summed in blocks of 1,024 rows: memory grows with the
    features, not with their squares.

    Args:
        real: Features of shape `(n, dimension)`, n >= 2.
        fake: Features of shape `(m, dimension)`, m >= 2.

    Raises:
        ValueError: Fewer than two vectors, different dimensions, or numbers
            that are not finite.

    Example:
    >>> kernel_distance_unbiased([[0.0], [1.0]], [[0.0], [1.0]])
    -3.5

    Reference: [Gretton et al., 2012](https://jmlr.org/papers/v13/gretton12a),
    equation 3; [Bińkowski et al., 2018](https://arxiv.org/abs/1801.01401), §4.
    """
    real, fake = _two_sets(real, fake)
    n, m = len(real), len(fake)
    return _combined(
        (_kernel_sum(real, real) - _kernel(real, real).sum()) / (n * (n - 1)),
        _kernel_sum(fake, fake) - _kernel(fake, fake).sum(),
        _kernel_sum(real, fake),
        n,
        m,
    )


def kernel_interval(
    real,
    fake,
    *,
    groups: int = 10,
    seed: int = 0,
    within_real: float | None = None,
) -> dict[str, float]:
    """Returns `kernel_distance_unbiased` with its 95 % interval.

    The fake vectors are dealt at random into G groups of nearly equal size;
    with the values vᵢ without group i, s² = (G - 1) / G Σ (vᵢ - mean v)² and
    the interval is value ± t s, as in `FrechetWithInterval`. It covers the
    luck of the draw of the samples; the real features count as given.

    Args:
        real: Features of shape `(n, dimension)`, n >= 2.
        fake: Features of shape `(m, dimension)`, m >= 2 G.
        groups: G, at least 2.
        seed: Fixes who is in which group.
        within_real: The first of the three terms, which no fake vector
            changes; None computes it. It has no part in `standard_error`.

    Returns:
        `value`, `standard_error`, `low` and `high`.

    Raises:
        ValueError: Too few vectors, different dimensions, or numbers that are
            not finite.
    """
    _require_at_least("groups", groups, 2)
    real, fake = _two_sets(real, fake)
    if len(fake) < 2 * groups:
        raise ValueError(
            "An interval needs two vectors a group. Received: "
            f"{len(fake)} fake vectors, groups={groups}."
        )
    order = np.random.default_rng(seed).permutation(len(fake))
    parts = [fake[order[start::groups]] for start in range(groups)]
    sizes = np.array([len(part) for part in parts])
    pairs = np.empty((groups, groups))
    for g, h in itertools.combinations_with_replacement(range(groups), 2):
        pairs[g, h] = pairs[h, g] = _kernel_sum(parts[g], parts[h])
    pairs[np.diag_indices(groups)] -= [_kernel(p, p).sum() for p in parts]
    between = np.array([_kernel_sum(real, part) for part in parts])
    n = len(real)
    if within_real is None:
        within_real = _kernel_sum(real, real) - _kernel(real, real).sum()
        within_real /= n * (n - 1)

    def without(kept):
        return _combined(
            within_real,
            pairs[np.ix_(kept, kept)].sum(),
            between[kept].sum(),
            n,
            int(sizes[kept].sum()),
        )

    value = without(np.ones(groups, bool))
    values = [without(np.arange(groups) != g) for g in range(groups)]
    return jackknife_interval(value, values)


def _combined(within_real, fake_pairs, cross_pairs, n, m):
    within_fake = fake_pairs / (m * (m - 1))
    return float(within_real + within_fake - 2 * cross_pairs / (n * m))


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

    def merge(self, other: "KernelDistance") -> None:
        """Adds the features that `other` has seen; `other` is unchanged."""
        self._sample.merge(other._sample)

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


def _two_sets(real, fake):
    real = as_features(real)
    fake = as_features(fake, real.shape[1])
    if min(len(real), len(fake)) < 2:
        raise ValueError(
            "A kernel distance needs at least 2 feature vectors on each side. "
            f"Received: {len(real)} real and {len(fake)} fake."
        )
    return real, fake


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

"""The kernel distance between two sets of features: KID."""

import itertools
from typing import Any

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.registry import Metric
from keras_gans.metrics.statistics.arrays import as_features
from keras_gans.metrics.statistics.intervals import (
    jackknife_interval,
    student_interval,
)

# Rows of the kernel matrix held at once.
_BLOCK = 1024


def kernel_distance(
    real: Any,
    fake: Any,
    *,
    subset_size: int = 1000,
    subsets: int = 20,
    seed: int = 0,
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
    integer("subset_size", subset_size, minimum=2)
    integer("subsets", subsets)
    real, fake = _two_sets(real, fake)
    size = min(subset_size, len(real), len(fake))
    random = np.random.default_rng(seed)
    values = []
    for _ in range(subsets):
        x = real[random.choice(len(real), size, replace=False)]
        y = fake[random.choice(len(fake), size, replace=False)]
        values.append(_squared_discrepancy(x, y))
    return float(np.mean(values)), float(np.std(values))


def kernel_interval(
    real: Any,
    fake: Any,
    *,
    groups: int = 10,
    seed: int = 0,
    within_real: float | None = None,
) -> dict[str, float]:
    """Returns MMD² over all pairs of two sets with its 95 % interval.

    For n real features x and m fake ones y, with the kernel of
    `kernel_distance`,

        MMD² = Σ_{i≠j} k(xᵢ, xⱼ) / (n (n - 1)) + Σ_{i≠j} k(yᵢ, yⱼ) / (m (m - 1))
               - 2 Σ_{ij} k(xᵢ, yⱼ) / (n m),

    unbiased and, with no subset drawn, decided by the features alone. The
    kernel is summed in blocks of 1,024 rows: memory grows with the features,
    not with their squares.

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

    Reference: [Gretton et al., 2012](https://jmlr.org/papers/v13/gretton12a),
    equation 3; [Bińkowski et al., 2018](https://arxiv.org/abs/1801.01401), §4.
    """
    integer("groups", groups, minimum=2)
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
    pairs[np.diag_indices(groups)] -= [_kernel_of_each(p) for p in parts]
    between = np.array([_kernel_sum(real, part) for part in parts])
    n = len(real)
    if within_real is None:
        within_real = _sum_of_pairs(real) / (n * (n - 1))

    def of_groups(kept):
        m = int(sizes[kept].sum())
        within_fake = pairs[np.ix_(kept, kept)].sum() / (m * (m - 1))
        cross = 2 * between[kept].sum() / (n * m)
        return float(within_real + within_fake - cross)

    value = of_groups(np.ones(groups, bool))
    values = [of_groups(np.arange(groups) != g) for g in range(groups)]
    return jackknife_interval(value, values)


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
    within = _sum_of_pairs(x) + _sum_of_pairs(y)
    between = _kernel_sum(x, y)
    return within / (size * (size - 1)) - 2 * between / size**2


def _kernel_sum(x, y):
    """Returns the sum of the kernel over all pairs, block by block."""
    total = 0.0
    for start in range(0, len(x), _BLOCK):
        products = x[start : start + _BLOCK] @ y.T
        total += _cubed(products / x.shape[1] + 1).sum()
    return total


def _kernel_of_each(x):
    """Returns the sum of the kernel of each row with itself."""
    return _cubed(np.einsum("nd,nd->n", x, x) / x.shape[1] + 1).sum()


def _sum_of_pairs(x):
    """Returns the sum of the kernel over all pairs of different rows."""
    return _kernel_sum(x, x) - _kernel_of_each(x)


def _cubed(values):
    # Far quicker than `values**3`.
    return values * values * values


class KID(Metric):
    """The kernel distance to the reference, and its spread over subsets.

    The interval is that of `kernel_interval`, around the mean of the subsets.
    """

    names = ("kid",)
    scores = ("kid", "kid_std")
    needs = frozenset({"sample"})
    depends_on = ("kid_subset_size", "kid_subsets", "fid_groups")

    def result(self) -> dict[str, dict]:
        settings, fake = self.inputs.settings, self.inputs.sample.features
        real = self.inputs.reference.features
        mean, deviation = kernel_distance(
            real,
            fake,
            subset_size=settings.kid_subset_size,
            subsets=settings.kid_subsets,
            seed=settings.seed,
        )
        result = {"value": mean}
        if len(fake) >= 2 * settings.fid_groups:
            # The real features' own term changes no difference of groups.
            error = kernel_interval(
                real,
                fake,
                groups=settings.fid_groups,
                seed=settings.seed,
                within_real=0.0,
            )["standard_error"]
            result = student_interval(mean, error, settings.fid_groups - 1)
        return {"kid": result, "kid_std": {"value": deviation}}

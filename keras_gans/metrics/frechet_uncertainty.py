"""How far a Fréchet distance can be trusted: intervals, extrapolation, ties."""

from collections.abc import Sequence

import numpy as np

from keras_gans.metrics.frechet import FrechetDistance
from keras_gans.metrics.intervals import (
    compare_intervals,
    jackknife_interval,
    student_quantile,
)
from keras_gans.metrics.moments import Moments, as_features

__all__ = ["FrechetWithInterval", "compare_intervals", "frechet_infinity"]

# Waiting vectors of a group: few updates of large matrices are quicker.
_WAITING = 256


class FrechetWithInterval:
    """Streaming Fréchet distance to a reference, with a 95 % interval.

    The samples are dealt at random into G groups of nearly equal size. With
    the distance d of all and dᵢ of all but group i (the delete-a-group
    jackknife),

        s² = (G - 1) / G Σ (dᵢ - mean d)²,    d ± t s,

    t the 97.5 % quantile of Student's distribution with G - 1 degrees of
    freedom. The interval is for the mean distance of samples of this size: it
    covers the luck of this draw of samples, neither that of training nor the
    bias of a finite sample, which `frechet_infinity` estimates. The reference
    counts as given.

    Memory is that of G covariances, 8 G d² bytes: 131 MB for 1,280 features
    and 10 groups, 336 MB for 2,048, whatever the number of samples. A result
    decomposes G + 1 matrices.

    Args:
        reference: `Moments` of at least two real feature vectors; or their
            `FrechetDistance`, whose factor then serves several objects.
        groups: Groups G, at least 2.
        seed: Fixes who is in which group.

    Example:
    >>> reference = Moments(1)
    >>> reference.update_state([[-1.0], [0.0], [1.0]])
    >>> metric = FrechetWithInterval(reference, groups=2)
    >>> metric.update_state([[1.0], [3.0], [5.0], [3.0]])
    >>> result = metric.result()
    >>> result["low"] < result["value"] < result["high"]
    True

    Reference: `keras_gans.metrics.intervals.jackknife_interval`.
    """

    def __init__(
        self,
        reference: Moments | FrechetDistance,
        groups: int = 10,
        seed: int = 0,
    ):
        if not isinstance(groups, int | np.integer) or groups < 2:
            raise ValueError(
                "`groups` must be an integer of at least 2. Received: "
                f"groups={groups!r}."
            )
        if isinstance(reference, Moments):
            reference = FrechetDistance(reference)
        self._distance = reference
        self.reference = reference.reference
        self.groups = int(groups)
        self.seed = seed
        self.reset_state()

    def reset_state(self) -> None:
        """Forgets the features; the reference stays."""
        dimension = self.reference.dimension
        self._moments = [Moments(dimension) for _ in range(self.groups)]
        self._waiting = []
        self._generator = np.random.default_rng(self.seed)
        self._turn = np.empty(0, np.int64)

    @property
    def count(self) -> int:
        """Number of vectors seen."""
        waiting = sum(map(len, self._waiting))
        return sum(group.count for group in self._moments) + waiting

    def update_state(self, features) -> None:
        """Adds features of shape `(count, dimension)`, finite."""
        features = as_features(features, self.reference.dimension)
        self._waiting.append(features.astype(np.float32))
        if sum(map(len, self._waiting)) >= _WAITING * self.groups:
            self._deal()

    def merge(self, other: "FrechetWithInterval") -> None:
        """Adds everything that `other` has seen.

        Raises:
            ValueError: Another number of groups or features.
        """
        if other.groups != self.groups:
            raise ValueError(
                "Distances with equally many groups only can be merged. "
                f"Received: {self.groups} and {other.groups} groups."
            )
        self._deal()
        other._deal()
        for group, others in zip(self._moments, other._moments, strict=True):
            group.merge(others)

    def moments(self) -> Moments:
        """Returns the `Moments` of all features seen."""
        self._deal()
        total = Moments(self.reference.dimension)
        for group in self._moments:
            total.merge(group)
        return total

    def result(self) -> dict[str, float | None]:
        """Returns `value`, `standard_error`, `low` and `high`.

        With fewer than two vectors a group there is no interval: the latter
        three are None.

        Raises:
            ValueError: Fewer than two feature vectors.
        """
        total = self.moments()
        if total.count < 2:
            raise ValueError(
                "A Fréchet distance needs at least 2 feature vectors. "
                f"Received: {total.count}."
            )
        mean, covariance = total.mean, total.covariance
        value = self._distance.distance_to(mean, covariance)
        if min(group.count for group in self._moments) < 2:
            none = dict.fromkeys(("standard_error", "low", "high"))
            return {"value": value, **none}
        without = [
            self._distance.distance_to(
                *_without(group, total.count, mean, covariance)
            )
            for group in self._moments
        ]
        result = jackknife_interval(value, without)
        return {**result, "low": max(0.0, result["low"])}

    def _deal(self):
        """Puts what waits into groups."""
        if not self._waiting:
            return
        features = np.concatenate(self._waiting)
        self._waiting = []
        turns = self._turns(len(features))
        for index, group in enumerate(self._moments):
            group.update_state(features[turns == index])

    def _turns(self, count):
        # Rounds in random order: labels that come in turn are not dealt one
        # class a group.
        rounds = -(-(count - len(self._turn)) // self.groups)
        orders = [self._turn] + [
            self._generator.permutation(self.groups) for _ in range(rounds)
        ]
        turns = np.concatenate(orders)
        self._turn = turns[count:]
        return turns[:count]


def _without(group, count, mean, covariance):
    """Returns mean and covariance of all vectors but those of a group."""
    rest = count - group.count
    rest_mean = (count * mean - group.count * group.mean) / rest
    difference = group.mean - rest_mean
    scatter = (
        (count - 1) * covariance
        - (group.count - 1) * group.covariance
        - np.outer(difference, difference * (rest * group.count / count))
    )
    return rest_mean, scatter / (rest - 1)


def frechet_infinity(
    reference: Moments,
    features,
    *,
    sizes: Sequence[int] | None = None,
    repeats: int = 1,
    seed: int = 0,
) -> dict[str, float]:
    """Returns the Fréchet distance that endless samples would have.

    The distance of N samples exceeds that of infinitely many by about c / N.
    A line is fitted to distances d(N) of random subsets,

        d(N) = d∞ + c / N,

    and its intercept is the estimate. The reference's own size stays: against
    few real images a bias remains.

    Args:
        reference: `Moments` of at least two real feature vectors.
        features: Of the samples, `(count, dimension)`, at least 20.
        sizes: Sizes N of the subsets, three at least; by default 15 from a
            tenth of the samples to all of them, at equal distances in N as in
            the paper.
        repeats: Subsets of each size.
        seed: Fixes the subsets.

    Returns:
        `value` (d∞), `standard_error` of the intercept of the least-squares
        line, `slope` (c), and `low` and `high`, the 95 % interval of
        Student's distribution. Subsets overlap, so that the interval is
        somewhat too narrow.

    Raises:
        ValueError: Too few samples, or sizes that do not fit.

    Reference: [Chong & Forsyth, 2020](https://arxiv.org/abs/1911.07023), §4.
    """
    features = as_features(features, reference.dimension)
    sizes = _subset_sizes(sizes, len(features))
    distance = FrechetDistance(reference)
    generator = np.random.default_rng(seed)
    shares, values = [], []
    for size in np.repeat(sizes, repeats):
        distance.reset_state()
        chosen = generator.choice(len(features), size, replace=False)
        distance.update_state(features[chosen])
        shares.append(1 / size)
        values.append(distance.result())
    return _intercept(np.array(shares), np.array(values))


def _subset_sizes(sizes, count):
    if sizes is None:
        if count < 20:
            raise ValueError(
                "An extrapolation needs at least 20 samples. Received: "
                f"{count}."
            )
        sizes = np.linspace(max(2, count // 10), count, 15).astype(int)
    sizes = np.asarray(sizes)
    if len(set(sizes.tolist())) < 3 or sizes.min() < 2 or sizes.max() > count:
        raise ValueError(
            "An extrapolation needs three different sizes from 2 to the "
            f"number of samples. Received: sizes={sizes.tolist()} of {count} "
            "samples."
        )
    return sizes


def _intercept(x, y):
    """Fits y = value + slope x by least squares."""
    centred = x - x.mean()
    slope = centred @ y / (centred @ centred)
    value = y.mean() - slope * x.mean()
    degrees = len(x) - 2
    residual = y - value - slope * x
    variance = residual @ residual / degrees
    error = float(
        np.sqrt(variance * (1 / len(x) + x.mean() ** 2 / (centred @ centred)))
    )
    reach = error * student_quantile(degrees)
    return {
        "value": float(value),
        "standard_error": error,
        "low": float(value - reach),
        "high": float(value + reach),
        "slope": float(slope),
    }

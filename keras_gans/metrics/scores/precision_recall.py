"""Precision, recall, density and coverage: whose manifold covers whom."""

from typing import Any

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.registry import Inputs, Metric, MetricSettings
from keras_gans.metrics.statistics.distances import (
    FeatureSet,
    distance_blocks,
    squared_differences,
)


def precision_recall(real: Any, fake: Any, k: int = 3) -> dict[str, float]:
    """Returns the improved precision and recall of fake features.

    A set covers a vector ψ when |ψ - φ| ≤ r(φ) for one of its vectors φ, with
    r(φ) the distance from φ to the k-th nearest other vector of the set.

        precision = share of the fake vectors that the real set covers,
        recall = share of the real vectors that the fake set covers.

    Comparisons come out as they do with differences summed in float64, equal
    distances included: a set compared with itself scores exactly 1. Memory
    is three copies of the features in float64 and a block of distances. Both
    shares depend on the counts, so compare at equal ones.

    Args:
        real: Finite features of shape `(count, dimension)`, more than k.
        fake: Likewise, of the same dimension.
        k: Which neighbour gives the radius, at least 1.

    Returns:
        `precision` and `recall`, in [0, 1].

    Raises:
        ValueError: At most k vectors in a set, different dimensions, or
            numbers that are not finite.

    Example:
    >>> precision_recall([[0.0], [1.0], [2.0], [3.0]], [[1.0], [9.0]], k=1)
    {'precision': 0.5, 'recall': 1.0}

    Reference: [Kynkäänniemi et al., 2019](https://arxiv.org/abs/1904.06991),
    eqs. 1 and 2.
    """
    integer("k", k, minimum=1)
    real = FeatureSet("real", real, k)
    fake = FeatureSet("fake", fake, k, real.dimension)
    return _measured(real, fake, precision_k=k)


def density_coverage(real: Any, fake: Any, k: int = 5) -> dict[str, float]:
    """Returns the density and coverage of fake features.

    With the balls B(φ) = {ψ : |ψ - φ| < r(φ)} around the real vectors, r(φ)
    the distance to the k-th nearest other real vector, and M fake vectors,

        density = number of pairs of a ball and a fake vector in it / (k M),
        coverage = share of the balls with a fake vector in them.

    Balls are open, as in the published code. Unlike precision, density is
    not fooled by the large ball of one outlier; unlike recall, coverage does
    not depend on the fakes' own radii. Both are near 1 for equal
    distributions: coverage 1 - 2⁻ᵏ in the mean, at equal counts.

    Precision, memory and the dependence on the counts: see
    `precision_recall`.

    Args:
        real: Finite features of shape `(count, dimension)`, more than k.
        fake: Likewise, of the same dimension, at least one.
        k: Which neighbour gives the radius, at least 1.

    Returns:
        `density`, at least 0 and possibly above 1, and `coverage` in [0, 1].

    Raises:
        ValueError: Too few vectors, different dimensions, or numbers that
            are not finite.

    Example:
    >>> density_coverage([[0.0], [1.0], [2.0], [4.0]], [[0.5], [9.0]], k=1)
    {'density': 1.0, 'coverage': 0.5}

    Reference: [Naeem et al., 2020](https://arxiv.org/abs/2002.09797),
    eqs. 5 and 6.
    """
    integer("k", k, minimum=1)
    real = FeatureSet("real", real, k)
    fake = FeatureSet("fake", fake, 0, real.dimension)
    return _measured(real, fake, density_k=k)


def _measured(real, fake, precision_k=None, density_k=None):
    """Returns the measures whose k is given, from one pass over the pairs."""
    ks = [k for k in (precision_k, density_k) if k is not None]
    radii = dict(zip(ks, real.radii(ks), strict=True))
    limits = [fake.radii([precision_k])[0]] if precision_k else []
    inside = np.empty(len(real.distinct), np.int64)
    in_fake = np.zeros(len(real.distinct), bool)
    in_real = np.zeros(len(fake.distinct), bool)
    for rows, squares, error in distance_blocks(real.distinct, fake.distinct):
        unsure = np.zeros(squares.shape, bool)
        for limit in [radii[k][rows, None] for k in ks] + limits:
            unsure |= np.abs(squares - limit) <= error
        squares[unsure] = squared_differences(
            real.distinct[rows], fake.distinct, *np.nonzero(unsure)
        )
        if precision_k:
            in_fake[rows] = (squares <= limits[0]).any(axis=1)
            in_real |= (squares <= radii[precision_k][rows, None]).any(axis=0)
        if density_k:
            balls = squares < radii[density_k][rows, None]
            inside[rows] = balls @ fake.counts
    result = {}
    if precision_k:
        result["precision"] = fake.share(in_real)
        result["recall"] = real.share(in_fake)
    if density_k:
        pairs = int(inside @ real.counts)
        result["density"] = pairs / (density_k * fake.count)
        result["coverage"] = real.share(inside > 0)
    return result


class PrecisionRecall(Metric):
    """Precision, recall, density and coverage, from one pass over the pairs.

    See `precision_recall` and `density_coverage`.
    """

    names = ("precision", "recall", "density", "coverage")
    needs = frozenset({"sample"})

    def __init__(self, inputs: Inputs):
        super().__init__(inputs)
        self._ks = inputs.settings.precision_k, inputs.settings.density_k
        features = inputs.reference.features
        self._real = FeatureSet("real", features, max(self._ks))

    @classmethod
    def least_samples(cls, settings: MetricSettings) -> int:
        return settings.precision_k + 1

    def result(self) -> dict[str, dict]:
        fake = FeatureSet("fake", self.inputs.sample.features, self._ks[0])
        values = _measured(self._real, fake, *self._ks)
        return {name: {"value": value} for name, value in values.items()}

    def certificate(self, score: str) -> dict:
        of_precision = score in ("precision", "recall")
        k = "precision_k" if of_precision else "density_k"
        return super().certificate(score) | {
            k: getattr(self.inputs.settings, k)
        }

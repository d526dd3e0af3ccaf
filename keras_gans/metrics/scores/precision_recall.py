"""Precision, recall, density and coverage: whose manifold covers whom."""

from typing import Any

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.registry import Inputs, Metric, MetricSettings
from keras_gans.metrics.statistics.distances import (
    FeatureSet,
    distance_blocks,
    sum_differences,
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
    (real_radii,), (fake_radii,) = real.radii([k]), fake.radii([k])
    return _measured(real, fake, [_PrecisionRecall(real_radii, fake_radii)])


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
    (radii,) = real.radii([k])
    return _measured(real, fake, [_DensityCoverage(radii, fake.counts, k)])


class _PrecisionRecall:
    """Counts who is covered, from blocks of squared distances.

    Attributes:
        real_radii: Squares of the distinct real vectors' radii.
        fake_radii: Of the distinct fake vectors'; None if they have none.
    """

    def __init__(self, real_radii, fake_radii):
        self.real_radii, self.fake_radii = real_radii, fake_radii
        self._real = np.zeros(len(real_radii), bool)
        self._fake = np.zeros(len(fake_radii), bool)

    def add(self, rows, squares):
        self._real[rows] = (squares <= self.fake_radii).any(axis=1)
        self._fake |= (squares <= self.real_radii[rows, None]).any(axis=0)

    def result(self, real: Any, fake: Any):
        return {
            "precision": fake.share(self._fake),
            "recall": real.share(self._real),
        }


class _DensityCoverage:
    """Counts who is in the real balls; see `_PrecisionRecall`."""

    fake_radii = None

    def __init__(self, real_radii, fake_counts, k):
        self.real_radii, self._k = real_radii, k
        self._fake_counts = fake_counts
        self._fakes_inside = []

    def add(self, rows, squares):
        inside = squares < self.real_radii[rows, None]
        self._fakes_inside.append(inside @ self._fake_counts)

    def result(self, real: Any, fake: Any):
        inside = np.concatenate(self._fakes_inside)
        pairs = int(inside @ real.counts)
        return {
            "density": pairs / (self._k * fake.count),
            "coverage": real.share(inside > 0),
        }


def _measured(real, fake, measures):
    """Returns the results of all `measures`, from one pass over the pairs."""
    for rows, squares, error in distance_blocks(real.distinct, fake.distinct):
        unsure = np.zeros(squares.shape, bool)
        for measure in measures:
            unsure |= np.abs(squares - measure.real_radii[rows, None]) <= error
            if measure.fake_radii is not None:
                unsure |= np.abs(squares - measure.fake_radii) <= error
        sum_differences(squares, unsure, real.distinct[rows], fake.distinct)
        for measure in measures:
            measure.add(rows, squares)
    result = {}
    for measure in measures:
        result.update(measure.result(real, fake))
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
        precision_k, density_k = self._ks
        fake = FeatureSet("fake", self.inputs.sample.features, precision_k)
        of_precision, of_density = self._real.radii(self._ks)
        (fake_radii,) = fake.radii([precision_k])
        measures = [
            _PrecisionRecall(of_precision, fake_radii),
            _DensityCoverage(of_density, fake.counts, density_k),
        ]
        values = _measured(self._real, fake, measures)
        return {name: {"value": value} for name, value in values.items()}

    def certificate(self, score: str) -> dict:
        of_precision = score in ("precision", "recall")
        k = "precision_k" if of_precision else "density_k"
        return super().certificate(score) | {
            k: getattr(self.inputs.settings, k)
        }

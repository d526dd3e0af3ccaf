"""The Fréchet distance that endless samples would have: FID infinity."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_gans.metrics.registry import Metric, MetricSettings
from keras_gans.metrics.scores.fid import FrechetDistance
from keras_gans.metrics.statistics.arrays import as_features
from keras_gans.metrics.statistics.intervals import student_interval
from keras_gans.metrics.statistics.moments import Moments

_LEAST = 20


def frechet_infinity(
    reference: Moments,
    features: Any,
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
    random = np.random.default_rng(seed)
    shares, values = [], []
    for size in np.repeat(sizes, repeats):
        chosen = random.choice(len(features), size, replace=False)
        moments = Moments(reference.dimension)
        moments.update_state(features[chosen])
        shares.append(1 / size)
        values.append(distance.distance_to(moments.mean, moments.covariance))
    return _intercept(np.array(shares), np.array(values))


def _subset_sizes(sizes, count):
    if sizes is None:
        if count < _LEAST:
            raise ValueError(
                f"An extrapolation needs at least {_LEAST} samples. "
                f"Received: {count}."
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
    error = np.sqrt(
        variance * (1 / len(x) + x.mean() ** 2 / (centred @ centred))
    )
    return student_interval(value, error, degrees) | {"slope": float(slope)}


class FIDInfinity(Metric):
    """See `frechet_infinity`."""

    names = ("fid_infinity",)
    needs = frozenset({"sample"})
    on_request = True

    @classmethod
    def least_samples(cls, settings: MetricSettings) -> int:
        return _LEAST

    def result(self) -> dict[str, dict]:
        inputs = self.inputs
        result = frechet_infinity(
            inputs.reference.moments,
            inputs.sample.features,
            seed=inputs.settings.seed,
        )
        del result["slope"]
        return {"fid_infinity": result}

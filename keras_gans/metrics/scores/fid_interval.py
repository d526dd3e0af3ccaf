"""FID with its 95 % interval."""

from typing import Any

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.registry import Described, Inputs, Metric
from keras_gans.metrics.scores.fid import FrechetDistance, require_two
from keras_gans.metrics.statistics.arrays import as_features
from keras_gans.metrics.statistics.intervals import jackknife_interval
from keras_gans.metrics.statistics.moments import Moments
from keras_gans.metrics.statistics.random_groups import RandomGroups

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

    Reference: `keras_gans.metrics.statistics.intervals.jackknife_interval`.
    """

    def __init__(
        self,
        reference: Moments | FrechetDistance,
        groups: int = 10,
        seed: int = 0,
    ):
        if isinstance(reference, Moments):
            reference = FrechetDistance(reference)
        self._distance = reference
        self.reference = reference.reference
        self.groups = integer("groups", groups, minimum=2)
        dimension = self.reference.dimension
        self._moments = [Moments(dimension) for _ in range(self.groups)]
        self._waiting = []
        self._groups = RandomGroups(self.groups, seed)

    def update_state(self, features: Any) -> None:
        """Adds features of shape `(count, dimension)`, finite."""
        features = as_features(features, self.reference.dimension)
        self._waiting.append(features.astype(np.float32))
        if sum(map(len, self._waiting)) >= _WAITING * self.groups:
            self._deal()

    def result(self) -> dict[str, float | None]:
        """Returns `value`, `standard_error`, `low` and `high`.

        With fewer than two vectors a group there is no interval: the latter
        three are None.

        Raises:
            ValueError: Fewer than two feature vectors.
        """
        self._deal()
        total = Moments(self.reference.dimension)
        for group in self._moments:
            total.merge(group)
        require_two("samples", total)
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
        turns = self._groups.next(len(features))
        for index, group in enumerate(self._moments):
            group.update_state(features[turns == index])


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


class FID(Metric):
    """The Fréchet distance to the reference, see `FrechetWithInterval`."""

    names = ("fid",)
    depends_on = ("fid_groups",)

    def __init__(self, inputs: Inputs):
        super().__init__(inputs)
        settings = inputs.settings
        self._distance = FrechetWithInterval(
            inputs.reference.frechet, settings.fid_groups, settings.seed
        )

    def update_state(self, samples: Described) -> None:
        self._distance.update_state(samples.features)

    def result(self) -> dict[str, dict]:
        return {"fid": self._distance.result()}

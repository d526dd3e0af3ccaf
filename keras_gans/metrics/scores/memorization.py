"""Whether generated features are nearer to the training set than due."""

import math
from typing import Any

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.evaluation.certificate import differences
from keras_gans.metrics.registry import Described, Inputs, Metric
from keras_gans.metrics.scores.fid import FrechetDistance
from keras_gans.metrics.scores.neighbours import nearest_neighbours
from keras_gans.metrics.statistics.arrays import as_features
from keras_gans.metrics.statistics.moments import Moments


def memorization(
    train: Any,
    held_out: Any,
    fake: Any,
    *,
    duplicate_quantile: float = 0.01,
    seed: int = 0,
) -> dict[str, float | int]:
    """Returns signs of training images that a generator repeats.

    Held-out real images say how near to the training set an image falls that
    was not made from it. With d(x) the L2 distance of a vector to the nearest
    of all training vectors, held-out vectors p and fake ones q,

        frechet_gap = FD(train, fake) - FD(held_out, fake),
        duplicate_rate = share of the q with d(q) ≤ θ,
        neighbour_percentile = P[d(q) < d(p)] + P[d(q) = d(p)] / 2,

    FD the Fréchet distance to equally many training and held-out vectors (a
    random part of the larger set), θ the `duplicate_quantile` of the d(p),
    the smallest with that share of them at or below it.

    Fake vectors from the distribution of the held-out ones have a gap of 0 in
    the mean, a duplicate rate near `duplicate_quantile` and a percentile near
    0.5. Copies of training vectors have a negative gap, a rate of 1 and a
    percentile near 1. A percentile below 0.5 says that fake vectors are
    farther away than real ones, as those of a poor generator. A generator
    that copies few images moves the rate before it moves the rest.

    `z_score` is that of the percentile under equal distributions: with n fake
    and m held-out vectors, N = n + m, and t vectors at each distance,

        z = n m (percentile - 1/2) / σ,
        σ² = n m / 12 (N + 1 - Σ (t³ - t) / (N (N - 1))),

    the statistic of Mann and Whitney: above 3, chance is ruled out. It is 0 if
    all distances are equal. Meehan et al. take the other sign and average
    over cells of the feature space; here the space is one cell.

    Args:
        train: Features that the generator was trained on, `(count, dimension)`.
        held_out: Features of the same source that it was not trained on; at
            least 2 and 1 / `duplicate_quantile`.
        fake: Generated features, at least 2.
        duplicate_quantile: In (0, 1).
        seed: Fixes the part of the larger set in the gap.

    Returns:
        `frechet_train`, `frechet_held_out`, `frechet_gap`, `duplicate_rate`,
        `duplicate_threshold` (θ), `neighbour_percentile`, `z_score`, and
        `train_count`, `held_out_count`, `fake_count`, `frechet_count`.

    Raises:
        ValueError: Too few vectors, different dimensions, numbers that are
            not finite, or a quantile out of range.

    Example:
    >>> train, held_out = [[0.0], [10.0]], [[1.0], [12.0]]
    >>> scores = memorization(train, held_out, train, duplicate_quantile=0.5)
    >>> scores["duplicate_rate"], scores["neighbour_percentile"]
    (1.0, 1.0)

    Reference: [Meehan et al., 2020](https://arxiv.org/abs/2004.05675), §3.
    """
    metric = Memorization(
        train, held_out, duplicate_quantile=duplicate_quantile, seed=seed
    )
    metric.update_state(fake)
    return metric.result()


class Memorization:
    """Streaming `memorization`: the generated features come in batches.

    The distances of the held-out vectors and the moments are computed once.
    Memory is the training vectors in float64, and for each fake vector its
    distance, 8 bytes. The arguments are those of `memorization`.
    """

    def __init__(
        self,
        train: Any,
        held_out: Any,
        *,
        duplicate_quantile: float = 0.01,
        seed: int = 0,
    ):
        integer("seed", seed, minimum=0)
        if not 0 < duplicate_quantile < 1:
            raise ValueError(
                "`duplicate_quantile` must be in (0, 1). "
                f"Received: duplicate_quantile={duplicate_quantile}."
            )
        self.train = as_features(train)
        held_out = as_features(held_out, self.train.shape[1])
        # With fewer, the smallest distance stands above the quantile.
        needed = max(2, math.ceil(1 / duplicate_quantile - 1e-9))
        if len(self.train) < 2 or len(held_out) < needed:
            raise ValueError(
                "Memorization needs 2 training vectors and, with "
                f"duplicate_quantile={duplicate_quantile}, {needed} held-out "
                f"ones. Received: {len(self.train)} and {len(held_out)}. Add "
                "some, or take a larger quantile."
            )
        self.duplicate_quantile = duplicate_quantile
        self.seed = seed
        self._held_out = np.sort(self._nearest(held_out))
        place = math.ceil(duplicate_quantile * len(held_out) - 1e-9)
        self._threshold = self._held_out[place - 1]
        self._frechet_count = min(len(self.train), len(held_out))
        self._references = [self._reference(s) for s in (self.train, held_out)]
        self._moments = Moments(self.train.shape[1])
        self._distances = []

    def update_state(self, features: Any) -> None:
        """Adds fake features of shape `(count, dimension)`, finite."""
        features = as_features(features, self.train.shape[1])
        if len(features):
            self._distances.append(self._nearest(features))
            self._moments.update_state(features)

    def result(self) -> dict[str, float | int]:
        """Returns the scores; needs two fake vectors."""
        count = self._moments.count
        if count < 2:
            raise ValueError(
                "Memorization needs at least 2 fake feature vectors. "
                f"Received: {count}."
            )
        fake = np.concatenate(self._distances)
        percentile, z_score = _mann_whitney(fake, self._held_out)
        mean, covariance = self._moments.mean, self._moments.covariance
        to_train, to_held_out = (
            reference.distance_to(mean, covariance)
            for reference in self._references
        )
        return {
            "frechet_train": to_train,
            "frechet_held_out": to_held_out,
            "frechet_gap": to_train - to_held_out,
            "duplicate_rate": float(np.mean(fake <= self._threshold)),
            "duplicate_threshold": float(self._threshold),
            "neighbour_percentile": percentile,
            "z_score": z_score,
            "train_count": len(self.train),
            "held_out_count": len(self._held_out),
            "fake_count": count,
            "frechet_count": self._frechet_count,
        }

    def _nearest(self, features):
        return nearest_neighbours(features, self.train)[1][:, 0]

    def _reference(self, features):
        if len(features) > self._frechet_count:
            random = np.random.default_rng(self.seed)
            chosen = random.choice(
                len(features), self._frechet_count, replace=False
            )
            features = features[chosen]
        moments = Moments(features.shape[1])
        moments.update_state(features)
        return FrechetDistance(moments)


def _mann_whitney(fake, held_out):
    """Returns the chance that fake < held-out, and its z-score.

    The distances `held_out` are in ascending order.
    """
    n, m = len(fake), len(held_out)
    at_most = np.searchsorted(held_out, fake, side="right")
    below = np.searchsorted(held_out, fake, side="left")
    # Python's integers do not overflow.
    doubled = 2 * n * m - int(at_most.sum()) - int(below.sum())
    percentile = doubled / (2 * n * m)
    _, ties = np.unique(np.concatenate([fake, held_out]), return_counts=True)
    total = n + m
    tied = sum(int(t) ** 3 - int(t) for t in ties if t > 1)
    variance = n * m / 12 * (total + 1 - tied / (total * (total - 1)))
    if len(ties) == 1:
        return percentile, 0.0
    return percentile, (doubled - n * m) / 2 / math.sqrt(variance)


class MemorizationSigns(Metric):
    """See `memorization`; the reference counts as the training set."""

    names = ("memorization",)
    scores = (
        "frechet_gap",
        "duplicate_rate",
        "neighbour_percentile",
        "z_score",
    )
    needs = frozenset({"features", "held_out"})
    on_request = True

    def __init__(self, inputs: Inputs):
        super().__init__(inputs)
        reference, held_out = inputs.reference, inputs.held_out
        here, there = (
            images.extractor.certificate for images in (reference, held_out)
        )
        if here != there:
            raise ValueError(
                "`memorization` needs held-out real images, described by the "
                "extractor of the reference. Received: "
                f"{'; '.join(differences(here, there))}."
            )
        if held_out.content_hash == reference.content_hash:
            raise ValueError(
                "Held-out images must be others than the reference. Received: "
                f"'{held_out.name}' and '{reference.name}', of equal content."
            )
        self._signs = Memorization(
            reference.features, held_out.features, seed=inputs.settings.seed
        )

    def update_state(self, samples: Described) -> None:
        self._signs.update_state(samples.features)

    def result(self) -> dict[str, dict]:
        result = self._signs.result()
        return {name: {"value": result[name]} for name in self.scores}

    def certificate(self, score: str) -> dict:
        held_out = self.inputs.held_out
        return super().certificate(score) | {
            "held_out": held_out.name,
            "held_out_hash": held_out.content_hash,
            "held_out_count": held_out.count,
        }

"""The Inception score of a classifier's outputs."""

from typing import Any

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.registry import (
    Described,
    Inputs,
    Metric,
    MetricSettings,
)
from keras_gans.metrics.statistics.arrays import as_logits
from keras_gans.metrics.statistics.random_groups import RandomGroups

# Rows in float64 at once.
_BLOCK = 4096


def inception_score(
    logits: Any, splits: int = 10, seed: int | None = None
) -> tuple[float, float]:
    """Returns mean and standard deviation over splits of the Inception score.

    For the class probabilities p(y|x) = softmax(logits) of the N samples x of
    a split, and their mean p(y),

        IS = exp( 1/N Σ_x Σ_y p(y|x) log( p(y|x) / p(y) ) ),

    from 1, where every sample looks alike to the classifier, to the number of
    classes. Smaller splits score lower, so scores compare at one N only:
    AC-GAN reports 5 random groups of 5,000, SAGAN all 50,000 without splits.

    Args:
        logits: Finite numbers of shape `(count, classes)`. Logarithms of
            probabilities are logits too.
        splits: Number of splits, from 1 to `count`.
        seed: Draws random splits, whose sizes differ by at most 1. None
            takes consecutive samples, as the first code did: samples sorted
            by class then score far too low.

    Returns:
        Mean and (population) standard deviation over the splits.

    Raises:
        ValueError: Another shape, a number that is not finite, or fewer
            samples than splits.

    Example:
    >>> certain = [[0.0, -800.0], [-800.0, 0.0]]
    >>> inception_score(certain, splits=1)
    (2.0, 0.0)
    >>> inception_score(certain, splits=2)
    (1.0, 0.0)

    Reference: [Salimans et al., 2016](https://arxiv.org/abs/1606.03498), §4.
    """
    integer("splits", splits)
    logits = as_logits(logits)
    count = len(logits)
    if seed is None:
        # The split s with s·count // splits ≤ position that is the last.
        groups = ((np.arange(count) + 1) * splits - 1) // count
    else:
        groups = RandomGroups(splits, seed, count).next(count)
    score = InceptionScore(splits)
    for start in range(0, count, _BLOCK):
        part = slice(start, start + _BLOCK)
        score._add(logits[part], groups[part])
    return score.result()


class InceptionScore:
    """Streaming Inception score, see `inception_score`.

    Of any `splits` samples in succession, each split gets one, in random
    order, since the count is not known. Samples sorted by class are then
    spread evenly, which scores a little higher than drawn splits.

    Keeps sums for each split, in float64, so memory is about `splits *
    classes` numbers however many samples come.

    Args:
        splits: Number of splits, at least 1.
        seed: Fixes the order.

    Example:
    >>> score = InceptionScore(splits=1)
    >>> score.update_state([[0.0, -800.0]])
    >>> score.update_state([[-800.0, 0.0]])
    >>> score.result()
    (2.0, 0.0)
    """

    def __init__(self, splits: int = 10, seed: int = 0):
        self.splits = integer("splits", splits)
        self._groups = RandomGroups(splits, seed)
        self._counts = np.zeros(self.splits, np.int64)
        # Of each split: Σ_x Σ_y p log p, and Σ_x p(y|x), whose shape is
        # known when the first samples come.
        self._negentropies = np.zeros(self.splits)
        self._probabilities = None

    def update_state(self, logits: Any) -> None:
        """Adds logits of shape `(count, classes)`, finite.

        Raises:
            ValueError: Another shape or number of classes, or a number that
                is not finite.
        """
        known = self._probabilities
        logits = as_logits(logits, None if known is None else known.shape[1])
        self._add(logits, self._groups.next(len(logits)))

    def _add(self, logits, groups):
        if self._probabilities is None:
            self._probabilities = np.zeros((self.splits, logits.shape[1]))
        logarithms = log_softmax(logits)
        probabilities = np.exp(logarithms)
        negentropies = np.einsum("nc,nc->n", probabilities, logarithms)
        for group in np.unique(groups):
            members = groups == group
            self._counts[group] += members.sum()
            self._negentropies[group] += negentropies[members].sum()
            self._probabilities[group] += probabilities[members].sum(axis=0)

    def result(self) -> tuple[float, float]:
        """Returns mean and standard deviation over the splits.

        Raises:
            ValueError: A split without samples.
        """
        if not self._counts.all():
            empty = int((self._counts == 0).sum())
            raise ValueError(
                "Every split of an Inception score needs a sample. Received: "
                f"{self._counts.sum()} samples, splits={self.splits}, which "
                f"leave {empty} of {self.splits} splits empty. Add samples, or "
                "take fewer splits."
            )
        mean = self._probabilities / self._counts[:, None]
        # A class of probability 0 adds 0.
        logarithms = np.log(np.where(mean > 0, mean, 1.0))
        information = self._negentropies / self._counts
        information -= np.einsum("sc,sc->s", mean, logarithms)
        # Rounding may leave -1e-16 where all samples are alike.
        scores = np.exp(np.maximum(information, 0.0))
        return float(scores.mean()), float(scores.std())


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Returns the logarithms of the probabilities, row by row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


class InceptionScores(Metric):
    """Mean and deviation of the splits, which `InceptionScore` draws."""

    names = ("inception_score",)
    scores = ("inception_score", "inception_score_std")
    needs = frozenset({"logits"})
    depends_on = ("inception_score_splits",)

    def __init__(self, inputs: Inputs):
        super().__init__(inputs)
        settings = inputs.settings
        self._score = InceptionScore(
            settings.inception_score_splits, settings.seed
        )

    @classmethod
    def least_samples(cls, settings: MetricSettings) -> int:
        return settings.inception_score_splits

    def update_state(self, samples: Described) -> None:
        self._score.update_state(samples.logits)

    def result(self) -> dict[str, dict]:
        values = zip(self.scores, self._score.result(), strict=True)
        return {name: {"value": value} for name, value in values}

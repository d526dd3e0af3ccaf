"""Which metrics there are, and what one of them is made of."""

import dataclasses
from typing import Any

import numpy as np

from keras_gans.checks import did_you_mean, integer, one_of
from keras_gans.metrics.statistics.feature_sample import FeatureSample

# What a metric may need, and what that is.
NEEDS = {
    "features": "features of the samples",
    "sample": "a uniform sample of these, of at most 10,000",
    "logits": "an extractor with `outputs`, which classifies",
    "pixels": "the images themselves: one score, whatever the references",
    "labels": "the classes of the samples",
    "classes": "a reference made with by_class=True, of labelled images",
    "held_out": "held-out real images, a reference for each of `references`",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class MetricSettings:
    """What scores depend on besides features.

    Attributes:
        fid_groups: Groups of samples whose spread gives the intervals of
            FID and KID.
        kid_subset_size: Vectors of a subset, at most the smaller set's.
        kid_subsets: Number of subsets.
        inception_score_splits: Random groups of samples.
        precision_k: Neighbours of precision and recall.
        density_k: Neighbours of density and coverage.
        ms_ssim_pairs: Pairs of images a class.
        seed: Fixes subsets, groups, pairs, and which features are kept.
    """

    fid_groups: int = 10
    kid_subset_size: int = 1000
    kid_subsets: int = 20
    inception_score_splits: int = 10
    precision_k: int = 3
    density_k: int = 5
    ms_ssim_pairs: int = 100
    seed: int = 0

    def __post_init__(self):
        least = {"seed": 0, "fid_groups": 2, "kid_subset_size": 2}
        for name, value in vars(self).items():
            integer(name, value, minimum=least.get(name, 1))


@dataclasses.dataclass(frozen=True)
class Inputs:
    """What a metric is computed from, besides the samples.

    Attributes:
        settings: Of all metrics.
        reference: `Reference` of the real images; None for a metric of pixels.
        held_out: Real images that were not trained on, or None.
        sample: Uniform sample of the features of the samples; empty unless
            the metric needs a `sample`.
    """

    settings: MetricSettings
    reference: Any = None
    held_out: Any = None
    sample: FeatureSample | None = None


@dataclasses.dataclass(frozen=True)
class Described:
    """What an extractor says of some images.

    Attributes:
        images: uint8 `(count, height, width, channels)`.
        features: float32 `(count, dimension)`, or None without extractor.
        logits: float32 `(count, classes)`, or None if not asked for.
        labels: Integers `(count,)`, or None without labels.
    """

    images: np.ndarray
    features: np.ndarray | None
    logits: np.ndarray | None
    labels: np.ndarray | None


class Metric:
    """One evaluation's collector of one or more scores.

    A metric is a subclass in a file of its own, which `register` makes known.

    Attributes:
        names: What it is asked for by; several share one object.
        scores: What it gives, `names` by default. A score that is one of
            `names` is left out unless asked for.
        needs: Some of `NEEDS`.
        depends_on: The settings that its certificates state, besides `seed`.
        on_request: Whether it is computed only if named: it costs minutes, or
            needs labels or held-out images.

    Args:
        inputs: What it is computed from.
    """

    names: tuple[str, ...]
    scores: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset({"features"})
    depends_on: tuple[str, ...] = ()
    on_request: bool = False

    def __init__(self, inputs: Inputs):
        self.inputs = inputs

    @classmethod
    def least_samples(cls, settings: MetricSettings) -> int:
        """Returns how many samples it needs."""
        return 2

    def update_state(self, samples: Described) -> None:
        """Adds images, with the features, logits and labels it needs."""

    def result(self) -> dict[str, dict]:
        """Returns, for each score, the fields of a `Score` that are known.

        These are `value`, and `low`, `high` and `standard_error`.
        """
        raise NotImplementedError

    def certificate(self, score: str) -> dict:
        """Returns what a score depends on besides samples and reference."""
        settings = self.inputs.settings
        names = (*self.depends_on, "seed")
        return {name: getattr(settings, name) for name in names}


# The metrics by name, in the order of their scores.
METRICS: dict[str, type[Metric]] = {}


def register(metric: type[Metric]) -> type[Metric]:
    """Makes a metric known by its names; serves as a decorator.

    Raises:
        ValueError: A name is taken, or a need unknown.

    Example:
    >>> class Brightness(Metric):
    ...     names = ("brightness",)
    ...     needs = frozenset({"pixels"})
    ...     total = count = 0
    ...     def update_state(self, samples):
    ...         self.total += samples.images.sum(dtype="int64")
    ...         self.count += samples.images.size
    ...     def result(self):
    ...         return {"brightness": {"value": float(self.total / self.count)}}
    >>> register(Brightness).names
    ('brightness',)
    >>> del METRICS["brightness"]
    """
    for name in metric.names:
        known = METRICS.get(name, metric)
        # A class that is defined once more, as in a notebook, is the same.
        if (known.__module__, known.__qualname__) != (
            metric.__module__,
            metric.__qualname__,
        ):
            raise ValueError(
                f"Names of metrics are unique. Received: {name!r}, which is "
                f"{known.__qualname__}. Choose another name."
            )
    for need in metric.needs:
        one_of("needs", need, NEEDS)
    METRICS.update(dict.fromkeys(metric.names, metric))
    return metric


def chosen(names: tuple[str, ...]) -> list[type[Metric]]:
    """Returns the metrics of some names, in the order of `METRICS`.

    Raises:
        ValueError: Unknown names, none, or one twice.
    """
    unknown = [name for name in names if name not in METRICS]
    if unknown or not names or len(set(names)) < len(names):
        hint = did_you_mean(str(unknown[0]), METRICS) if unknown else ""
        raise ValueError(
            f"`metrics` must be some of {', '.join(METRICS)}, each once. "
            f"Received: {', '.join(map(str, names)) or 'none'}.{hint}"
        )
    metrics = [metric for name, metric in METRICS.items() if name in names]
    return list(dict.fromkeys(metrics))


def default_metrics() -> tuple[str, ...]:
    """Returns the names of the metrics that are computed unasked."""
    return tuple(n for n, metric in METRICS.items() if not metric.on_request)


def needing(names: tuple[str, ...], need: str) -> list[str]:
    """Returns those of some metrics' names that have a need."""
    return [name for name in names if need in METRICS[name].needs]

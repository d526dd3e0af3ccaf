"""Which scores are computed against which reference, in one pass."""

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np

from keras_gans.metrics.evaluation.certificate import Score, versions
from keras_gans.metrics.evaluation.feature_stream import FeatureStream
from keras_gans.metrics.evaluation.reference import Reference
from keras_gans.metrics.registry import (
    METRICS,
    NEEDS,
    Described,
    Inputs,
    Metric,
    MetricSettings,
    chosen,
    needing,
)
from keras_gans.metrics.statistics.feature_sample import (
    KEPT_FEATURES,
    FeatureSample,
)


@dataclasses.dataclass(frozen=True)
class Task:
    """Metrics that are computed against one reference.

    Attributes:
        metrics: Their names.
        reference: The real images; None for metrics of pixels.
        held_out: Real images that were not trained on, or None.
    """

    metrics: tuple[str, ...]
    reference: Reference | None = None
    held_out: Reference | None = None

    @property
    def scores(self) -> list[str]:
        """The names of the scores, as they are computed."""
        return [
            self.full_name(score)
            for metric in chosen(self.metrics)
            for score in metric.scores or metric.names
            if self.asks_for(score, metric)
        ]

    def asks_for(self, score: str, metric: type[Metric] | Metric) -> bool:
        """Returns whether a score of a metric is wanted."""
        return score in self.metrics or score not in metric.names

    def full_name(self, score: str) -> str:
        """Returns a score's name with the reference: `kid_lite0_std`."""
        if self.reference is None:
            return score
        stem = score.removesuffix("_std")
        return f"{stem}_{self.reference.suffix}{score.removeprefix(stem)}"


def tasks_of(
    metrics: Sequence[str],
    references: Reference | Sequence[Reference],
    held_out: Reference | Sequence[Reference] = (),
) -> list[Task]:
    """Returns which metrics are computed against which reference.

    A metric is computed against every reference that has what it needs.

    Args:
        metrics: Names of metrics.
        references: The real images, one reference for each extractor.
        held_out: References of held-out images, in the order of `references`.

    Raises:
        ValueError: Unknown metrics, one that no reference has the needs of,
            or references that are none or not of different extractors.
    """
    metrics = tuple(metrics)
    references, held_out = (
        [images] if isinstance(images, Reference) else images
        for images in (references, held_out)
    )
    chosen(metrics)
    _check_references(references, held_out)
    of_pixels = tuple(needing(metrics, "pixels"))
    tasks = []
    for reference, real in itertools.zip_longest(references, held_out):
        has = reference.provides | ({"held_out"} if real else set())
        names = [n for n in metrics if METRICS[n].needs <= has]
        tasks.append(Task(tuple(names), reference, real))
    tasks.append(Task(of_pixels))
    computed = {name for task in tasks for name in task.metrics}
    for name in metrics:
        if name not in computed:
            lacking = METRICS[name].needs - references[0].provides
            raise ValueError(
                f"`{name}` needs {', '.join(NEEDS[n] for n in sorted(lacking))}"
                f". Received: {', '.join(repr(r.name) for r in references)} "
                "without. Leave the metric out, or give that."
            )
    return [task for task in tasks if task.metrics]


def _check_references(references, held_out):
    suffixes = [reference.suffix for reference in references]
    if not suffixes or len(set(suffixes)) < len(suffixes):
        raise ValueError(
            "Samples are compared with one reference at least, and with one "
            f"only for each extractor. Received: {suffixes}."
        )
    if len(held_out) > len(references):
        raise ValueError(
            "Held-out images are one for each reference. Received: "
            f"{len(held_out)} for {len(references)}."
        )


class Protocol:
    """Collects what the metrics of one task need of the samples.

    Distances, kernels and neighbours are of the reference's extractor, and
    named after it: `fid_lite0`. Kernels and neighbours see a uniform sample
    of at most 10,000 vectors of each side.

    Args:
        task: Metrics, and what they compare with.
        settings: Of the metrics.
        generator: What certificates say of the generator.

    Attributes:
        count: Number of samples seen.

    Raises:
        ValueError: Real images that are not what a metric needs.
    """

    def __init__(self, task: Task, settings: MetricSettings, generator: dict):
        metrics = chosen(task.metrics)
        needs = frozenset().union(*(metric.needs for metric in metrics))
        self.task = task
        self.count = 0
        self._generator = generator
        self._stream = self._sample = None
        if task.reference is not None:
            extractor = task.reference.extractor
            self._stream = FeatureStream(extractor, logits="logits" in needs)
            self._sample = FeatureSample(
                extractor.dimension, KEPT_FEATURES, settings.seed
            )
        self._sampled = "sample" in needs
        inputs = Inputs(settings, task.reference, task.held_out, self._sample)
        self._metrics = [metric(inputs) for metric in metrics]

    def add(self, images: np.ndarray, labels: np.ndarray | None = None) -> None:
        """Adds a batch of uint8 images and, where needed, labels."""
        if self._stream is None:
            self._collect([Described(images, None, None, labels)])
        else:
            self._collect(self._stream.add(images, labels))

    def end(self) -> None:
        """Takes the images that waited for a full pass of the extractor."""
        if self._stream is not None:
            self._collect(self._stream.end())

    def _collect(self, parts):
        for part in parts:
            self.count += len(part.images)
            if self._sampled:
                self._sample.update_state(part.features)
            for metric in self._metrics:
                metric.update_state(part)

    def scores(self) -> list[Score]:
        """Returns the scores of the samples seen, in the order of `METRICS`."""
        return [
            Score(
                self.task.full_name(name),
                certificate=self._certificate(metric, name),
                **fields,
            )
            for metric in self._metrics
            for name, fields in metric.result().items()
            if self.task.asks_for(name, metric)
        ]

    def _certificate(self, metric, name):
        real, reference = {}, self.task.reference
        if reference is not None:
            real = reference.extractor.certificate | reference.certificate
        return {
            **real,
            "sample_count": self.count,
            **self._generator,
            "versions": versions(),
            **metric.certificate(name),
        }

"""Scores of one set of samples under one protocol or several."""

from collections.abc import Iterable, Sequence
from typing import Any

from keras_gans.checks import integer
from keras_gans.metrics.evaluation.certificate import Score, unknown_generator
from keras_gans.metrics.evaluation.feature_stream import image_batches
from keras_gans.metrics.evaluation.protocol import Protocol, tasks_of
from keras_gans.metrics.evaluation.reference import Reference
from keras_gans.metrics.registry import METRICS, MetricSettings, needing

# What an evaluation in training costs seconds for.
QUICK = ("fid", "kid")


def scores_of_samples(
    sample_batches: Iterable,
    references: Reference | Sequence[Reference],
    *,
    metrics: Sequence[str] = QUICK,
    count: int | None = None,
    settings: MetricSettings | None = None,
    generator: dict | None = None,
    held_out: Reference | Sequence[Reference] = (),
) -> list[Score]:
    """Returns the scores of samples against references, from one pass.

    Every batch goes through the extractor of each reference; no image and no
    feature is kept beyond what a metric states.

    Args:
        sample_batches: Iterable of uint8 images `(n, h, w, 1 or 3)`, or of
            tuples that begin with them and go on with integer labels.
        references: The real images, one reference for each extractor.
        metrics: Some of `METRICS`, each computed against every reference
            that has what it needs. Those of classes need labels, and
            `intra_fid` a reference made with `by_class=True`.
        count: Samples used, the first of `sample_batches`, which may then be
            endless; `None` takes all.
        settings: Of the metrics.
        generator: What the certificates say of the generator, as
            `generator_fields` returns it; unknown by default.
        held_out: Real images that were not trained on, one for each of
            `references`, in their order; needed by `memorization`, whose
            scores are `frechet_gap`, `duplicate_rate`,
            `neighbour_percentile` and `z_score`.

    Returns:
        A `Score` for each metric and reference, with its certificate, and an
        interval where the metric has one.

    Raises:
        ValueError: Unknown metrics, one that no reference has the needs of,
            too few samples for one, fewer samples than `count`, missing
            labels, equal names of two references' scores, or images that an
            extractor refuses.
    """
    settings = settings or MetricSettings()
    generator = unknown_generator() if generator is None else generator
    if count is not None:
        integer("count", count, minimum=2)
    collectors = [
        Protocol(task, settings, generator)
        for task in tasks_of(metrics, references, held_out)
    ]
    if count is not None:
        require_samples(count, metrics, settings)
    labelled = bool(needing(metrics, "labels"))
    seen = 0
    for images, labels in image_batches(
        sample_batches, count, labelled=labelled
    ):
        seen += len(images)
        for collector in collectors:
            collector.add(images, labels)
    require_samples(seen, metrics, settings, count)
    scores = []
    for collector in collectors:
        collector.end()
        scores += collector.scores()
    return scores


def evaluate_samples(
    sample_batches: Iterable,
    references: Reference | Sequence[Reference],
    **options: Any,
) -> dict:
    """Returns `scores_of_samples` as one flat dictionary, ready for JSON.

    The arguments are those of `scores_of_samples`.

    Returns:
        For each score its value under its name, such as `fid_lite0`, and with
        an interval `fid_lite0_low` and `fid_lite0_high` (95 %); `count`; and
        `certificate`: what the numbers depend on besides the samples. With
        several references the certificates stand under their extractors' names.
    """
    scores = scores_of_samples(sample_batches, references, **options)
    one = isinstance(references, Reference) or len(references) == 1
    return flattened(scores, one)


def flattened(scores: Sequence[Score], one_certificate: bool = True) -> dict:
    """Returns scores of one set of samples as `evaluate_samples` does.

    With `one_certificate` all are against one reference.
    """
    result, certificates = {}, {}
    for score in scores:
        result[score.name] = score.value
        if score.low is not None:
            result[f"{score.name}_low"] = score.low
            result[f"{score.name}_high"] = score.high
        of = score.certificate.get("extractor", "pixels")
        if not score.certificate.get("genuine", True):
            of += "_custom"
        certificates.setdefault(of, {}).update(score.certificate)
    result["count"] = scores[0].certificate["sample_count"]
    if one_certificate:
        merged = {}
        for certificate in certificates.values():
            merged |= certificate
        certificates = merged
    return {**result, "certificate": certificates}


def require_samples(
    seen: int,
    metrics: Sequence[str],
    settings: MetricSettings,
    count: int | None = None,
) -> None:
    """Raises a `ValueError` if a metric, or `count`, needs more samples."""
    if count is not None and seen < count:
        raise ValueError(
            f"The evaluation needs at least {count} samples. Received: {seen}."
        )
    for name in metrics:
        needed = METRICS[name].least_samples(settings)
        if seen < needed:
            raise ValueError(
                f"The metric {name} needs at least {needed} samples. Received: "
                f"{seen}. Give more, or leave it out."
            )

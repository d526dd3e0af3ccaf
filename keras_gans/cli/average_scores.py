"""Scores of the averages of a run, computed as its evaluations were."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras

from keras_gans.cli.average_flags import AverageOptions
from keras_gans.cli.recorded_run import RecordedRun
from keras_gans.cli.samples import load_generator, samples_of
from keras_gans.data import ImageSet
from keras_gans.metrics import MetricSettings, Reference, scores_of_samples
from keras_gans.metrics.evaluation.certificate import Score
from keras_gans.metrics.evaluation.evaluate import flattened, require_samples
from keras_gans.metrics.registry import needing
from keras_gans.metrics.statistics.intervals import compare_intervals

FINAL = "final.keras"


@dataclasses.dataclass(frozen=True)
class Row:
    """A generator and its scores.

    Attributes:
        name: Its length, or its file.
        scores: The one that decides among them.
        details: What the JSON file has besides.
        monitor: By which the best is chosen.
    """

    name: str
    scores: list[Score]
    details: dict[str, Any]
    monitor: str

    @property
    def score(self) -> Score:
        """The score that decides."""
        return next(one for one in self.scores if one.name == self.monitor)

    def monitored(self) -> str:
        """Returns that score in words."""
        return f"{self.monitor} {written(self.score)}"

    def record(self, one_certificate: bool) -> dict[str, Any]:
        """Returns details and scores as JSON has them."""
        return self.details | flattened(self.scores, one_certificate)

    def verdict(self, rows: Sequence["Row"]) -> str:
        """Returns in words how this one is among others, by intervals."""
        others = [row for row in rows if row is not self]
        found = "".join(f", {self._compared(row)}" for row in others)
        return f"length {self.name}: {self.monitored()}{found}"

    def _compared(self, other):
        ends = [
            (score.value, score.value)
            if score.low is None
            else (score.low, score.high)
            for score in (self.score, other.score)
        ]
        verdict = compare_intervals(*ends)
        relation = "tied with" if verdict == "tied" else f"{verdict} than"
        return f"{relation} {other.name}"


class Judge:
    """Scores generators as the evaluations of a run did.

    Args:
        recorded: The run.
        options: What the command asks for instead.

    Raises:
        ValueError: A score cannot be computed of such a run.
    """

    def __init__(self, recorded: RecordedRun, options: AverageOptions):
        self.recorded, self.options = recorded, options
        self.metrics = options.metrics or recorded.metrics
        self.count = options.count or recorded.settings["evaluation_samples"]
        require_samples(self.count, self.metrics, MetricSettings())
        held_out = recorded.settings.get("held_out")
        if needing(self.metrics, "held_out") and not held_out:
            raise ValueError(
                "The metric memorization needs a run with --held_out. Leave "
                f"it out. Received: metrics={','.join(self.metrics)}."
            )
        data_dir = options.data_dir or None
        self.images: ImageSet = recorded.load(
            options.reference or None, data_dir
        )
        self.references = self._references(self.images)
        self.held_out: list[Reference] = []
        if needing(self.metrics, "held_out"):
            self.held_out = self._references(recorded.load(held_out, data_dir))

    @property
    def one_certificate(self) -> bool:
        """Whether all scores are against one reference."""
        return len(self.references) == 1

    def _references(self, images):
        by_class = bool(needing(self.metrics, "classes"))
        return self.recorded.references(
            images, by_class, self.options.cache_dir
        )

    def scores(self, generator: keras.Model, averaged: bool) -> list[Score]:
        """Returns the scores of a generator's images.

        Args:
            generator: A functional model.
            averaged: Whether its weights are an average.
        """
        options = self.options
        samples = samples_of(generator, "", self.images.num_classes)
        return scores_of_samples(
            samples.batches(self.count, options.batch_size, options.seed),
            self.references,
            metrics=self.metrics,
            count=self.count,
            settings=MetricSettings(seed=options.seed),
            generator=samples.certificate | {"averaged_generator": averaged},
            held_out=self.held_out,
        )

    def final(self, step: int) -> list[Row]:
        """Returns the run's own generator at the end, to compare with.

        None where the run has none yet, or an earlier step was asked for.
        """
        path = self.recorded.path / FINAL
        if self.options.step is not None or not path.exists():
            return []
        scores = self.scores(load_generator(path), self.recorded.averaged)
        details = {"file": FINAL, "step": step}
        return [Row(FINAL, scores, details, self.recorded.monitor)]


def written(score: Score) -> str:
    """Returns a score with its interval."""
    text = f"{score.value:.4g}"
    if score.low is None:
        return text
    return f"{text} ({score.low:.4g} to {score.high:.4g})"


def table(rows: Sequence[Row]) -> str:
    """Returns a line for each generator, with its scores' 95 % intervals."""
    names = [score.name for score in rows[0].scores]
    cells = [["length", *names]]
    cells += [[row.name, *map(written, row.scores)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in cells
    )

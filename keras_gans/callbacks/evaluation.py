"""Evaluation of the generator while it trains."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from keras_gans.callbacks.at_steps import AtSteps
from keras_gans.callbacks.leaders import Leaders
from keras_gans.callbacks.summary import SummaryWriter
from keras_gans.checks import did_you_mean
from keras_gans.images import to_uint8
from keras_gans.layers import EfficientNetFeatures
from keras_gans.metrics.evaluation.certificate import generator_fields
from keras_gans.metrics.evaluation.evaluate import (
    QUICK,
    flattened,
    require_samples,
    scores_of_samples,
)
from keras_gans.metrics.evaluation.protocol import tasks_of
from keras_gans.metrics.evaluation.reference import Reference
from keras_gans.metrics.registry import MetricSettings, needing

# What a score and the ends of its interval are called.
_ENDS = ("", "_low", "_high")


class Evaluation(AtSteps):
    """Scores generated images every so many steps and keeps the best.

    Images come from the averaged generator if there is one, from latents that
    are the same each time; a conditional model's labels go round the classes.

    With `screening_samples`, an evaluation scores so many images first, and
    all of `samples` only if the 95 % interval of that score does not lie
    above the leader's own screening: most steps of a run are no contenders.

    At the end of an epoch `logs` get the scores and their intervals of the
    latest evaluation of all samples, so that `EarlyStopping`,
    `ReduceLROnPlateau`, `ModelCheckpoint`, `CSVLogger` and `History` see
    them if they come after this callback. Epochs without an evaluation repeat
    them, and epochs before the first have none: with `every` at most the
    steps of an epoch, each epoch has its own, and `CSVLogger`, which takes
    its columns from the first epoch, all of them. What is evaluated when
    training ends comes too late for the last epoch's logs, unless its last
    step is a multiple of `every`.

    Args:
        references: `keras_gans.metrics.Reference` of the real images, or
            several with different extractors.
        every: Steps between evaluations; 0 at the end only.
        samples: Generated images an evaluation, at least 2.
        batch_size: Images generated at once.
        seed: Seed of the latents.
        metrics: Some of `keras_gans.metrics.METRICS`, each computed against
            every reference that has what it needs.
        held_out: References of real images that are not trained on, one for
            each of `references`; with them a full evaluation has the scores
            of `memorization` too.
        record: Function called with each result, a dict of `step`,
            `images_seen`, `seconds` of training, the scores and their
            `certificate`, and `verdict`: whether it is the best, and with
            which step it is tied, the intervals of both overlapping; or None.
            A screening that ended an evaluation stands under `screening`
            instead of scores and certificate.
        best: File that gets the sampling generator whenever `monitor` is
            lower than ever before, or None.
        keep_best: Generators kept; more than one are also in the folder
            `top` beside `best`.
        screening_samples: Images of the first stage, 0 for none.
        monitor: Score that decides.
        best_score: Lowest score so far, for a run that resumes.
        leaders: `Leaders.entries` so far, for a run that resumes.
        images_per_step: Real images of a training step.
        earlier_seconds: Seconds trained before, for a run that resumes.
        log_dir: TensorBoard directory that gets the scores too, or None.

    Attributes:
        results: The results of this run so far.
        leaders: `Leaders`, the best generators so far.

    Raises:
        ValueError: When training begins, a `monitor` that is not computed,
            or by features that the discriminator sees (Lite0's, of a projected
            one), or a metric that no reference or the model has the needs of.
    """

    def __init__(
        self,
        references: Reference | Sequence[Reference] | None,
        every: int = 0,
        samples: int = 2500,
        batch_size: int = 250,
        seed: int = 0,
        metrics: Sequence[str] = QUICK,
        held_out: Reference | Sequence[Reference] = (),
        record: Callable[[dict], None] | None = None,
        best: str | Path | None = None,
        keep_best: int = 1,
        screening_samples: int = 0,
        monitor: str = "fid_lite0",
        best_score: float = math.inf,
        leaders: Sequence[dict] = (),
        images_per_step: int = 0,
        earlier_seconds: float = 0.0,
        log_dir: str | Path | None = None,
    ):
        super().__init__(every)
        self.references = references
        self.samples = samples
        self.batch_size = batch_size
        self.seed = seed
        self.metrics = tuple(metrics)
        self.held_out = held_out
        self.record = record
        self.leaders = Leaders(best, keep_best, leaders, best_score)
        self.screening_samples = screening_samples
        self.monitor = monitor
        self.images_per_step = images_per_step
        self.results = []
        self.writer = SummaryWriter(log_dir)
        self._seconds = earlier_seconds
        self._latest, self._certificates = {}, {}

    @property
    def best_score(self) -> float:
        """Lowest `monitor` so far, infinity before the first."""
        return self.leaders.best_score

    @property
    def seconds(self) -> float:
        """Seconds of training so far, evaluations not counted."""
        return self._seconds + time.monotonic() - self._since

    def on_train_begin(self, logs: dict | None = None) -> None:
        super().on_train_begin(logs)
        _check_judge(self.model, self.monitor)
        # Without references a subclass knows what is scored.
        if self.references is not None:
            self._check(self._asked(None), self.samples)
            if self.screening_samples:
                metrics = self._asked(self.screening_samples)
                self._check(metrics, self.screening_samples)
        self._latest = {}
        self._since = time.monotonic()

    def _check(self, metrics, samples):
        tasks = tasks_of(metrics, self.references, self.held_out)
        require_samples(samples, metrics, MetricSettings())
        of_classes = needing(metrics, "labels")
        if of_classes and not self.model.num_classes:
            raise ValueError(
                f"{', '.join(of_classes)} need a model with classes. Received: "
                "one without. Leave them out of `metrics`."
            )
        names = [name for task in tasks for name in task.scores]
        self._require_monitor([n + e for n in names for e in _ENDS])

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        if logs is not None:
            logs.update(self._latest)

    def at_step(self, step: int, logs: dict) -> None:
        self._seconds = self.seconds
        result = {
            "step": step,
            "images_seen": step * self.images_per_step,
            "seconds": round(self._seconds, 1),
            **self._two_stages(step),
        }
        self.results.append(result)
        if self.record:
            self.record(result)
        numbers = _numbers(result).items()
        self.writer.scalars({f"evaluation/{k}": v for k, v in numbers}, step)
        self._since = time.monotonic()

    def _two_stages(self, step):
        screening = None
        if self.screening_samples:
            scores = self.evaluate(self.screening_samples)
            screening = self._monitored(scores)
            if not self.leaders.admits(screening):
                return {"screening": scores, "verdict": "no contender"}
        scores = self.evaluate()
        self._latest = _numbers(scores)
        verdict = self.leaders.offer(
            self.model.sampling_generator,
            step,
            self._monitored(scores),
            screening,
        )
        return {**scores, "verdict": verdict}

    def _monitored(self, scores):
        self._require_monitor(_numbers(scores))
        score = {
            end.removeprefix("_") or "value": scores[self.monitor + end]
            for end in _ENDS
            if self.monitor + end in scores
        }
        if self.monitor in self._certificates:
            score["certificate"] = self._certificates[self.monitor]
        return score

    def _require_monitor(self, names):
        if self.monitor not in names:
            raise ValueError(
                "`monitor` must be one of the scores. Received: "
                f"monitor={self.monitor!r}, scores: {', '.join(names)}."
                f"{did_you_mean(self.monitor, names)}"
            )

    def _asked(self, samples):
        """Returns the metrics of an evaluation; None stands for all samples."""
        further = ("memorization",) if self.held_out and not samples else ()
        return tuple(dict.fromkeys((*self.metrics, *further)))

    def evaluate(self, samples: int | None = None) -> dict:
        """Returns the scores of the model as it is.

        Args:
            samples: Generated images; `self.samples` by default.
        """
        gan, references = self.model, self.references
        scores = scores_of_samples(
            self.generated(self.samples if samples is None else samples),
            references,
            metrics=self._asked(samples),
            held_out=self.held_out,
            generator=generator_fields(
                gan.sampling_generator, gan.averaged_generator is not None
            ),
        )
        self._certificates = {s.name: s.certificate for s in scores}
        one = isinstance(references, Reference) or len(references) == 1
        return flattened(scores, one)

    def generated(self, samples: int) -> Iterator[tuple]:
        """Yields so many generated images in batches, with labels if any.

        Args:
            samples: Number of images; the same ones for the same number.
        """
        gan = self.model
        random = np.random.default_rng(self.seed)
        for start in range(0, samples, self.batch_size):
            count = min(self.batch_size, samples - start)
            inputs = gan.fixed_latents(count, random)
            labels = ()
            if gan.num_classes:
                labels = np.arange(start, start + count) % gan.num_classes
                inputs = [inputs, labels.astype("int32")]
                labels = (labels,)
            images = gan.sampling_generator.predict(
                inputs, batch_size=self.batch_size, verbose=0
            )
            yield (to_uint8(images), *labels)


def _numbers(scores):
    return {k: v for k, v in scores.items() if isinstance(v, float)}


def _check_judge(gan, monitor):
    """Refuses to choose the best by features that the model has learnt from."""
    discriminator = getattr(gan, "discriminator", None)
    if "lite0" in monitor and any(
        isinstance(layer, EfficientNetFeatures)
        for layer in getattr(discriminator, "layers", ())
    ):
        raise ValueError(
            "A projected discriminator has learnt from the features of "
            "EfficientNet-Lite0, so they cannot judge its generator. Received: "
            f"monitor={monitor!r}. Use references of another extractor, "
            "EfficientNetLite1Features or InceptionFeatures, and their score, "
            "such as monitor='fid_lite1'."
        )

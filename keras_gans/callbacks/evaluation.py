"""Evaluation of the generator while it trains."""

import math
import time

import numpy as np

from keras_gans.callbacks.at_steps import AtSteps
from keras_gans.callbacks.leaders import Leaders
from keras_gans.callbacks.summary import SummaryWriter
from keras_gans.images import to_uint8
from keras_gans.metrics.evaluation.certificate import generator_fields
from keras_gans.metrics.evaluation.evaluate import QUICK, evaluate_samples


class Evaluation(AtSteps):
    """Scores generated images every so many steps and keeps the best.

    Images come from the averaged generator if there is one, from latents that
    are the same each time; a conditional model's labels go round the classes.

    With `screening_samples`, an evaluation scores so many images first, and
    all of `samples` only if the 95 % interval of that score does not lie
    above the leader's own screening: most steps of a run are no contenders.

    Args:
        references: `keras_gans.metrics.Reference` of the real images, or
            several with different extractors.
        every: Steps between evaluations; 0 at the end only.
        samples: Generated images an evaluation, at least 2.
        batch_size: Images generated at once.
        seed: Seed of the latents.
        metrics: Some of `keras_gans.metrics.METRICS`.
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
        best_score: Lowest `monitor` so far, infinity before the first.
    """

    def __init__(
        self,
        references,
        every: int = 0,
        samples: int = 2500,
        batch_size: int = 250,
        seed: int = 0,
        metrics=QUICK,
        held_out=(),
        record=None,
        best=None,
        keep_best: int = 1,
        screening_samples: int = 0,
        monitor: str = "fid_lite0",
        best_score: float = math.inf,
        leaders=(),
        images_per_step: int = 0,
        earlier_seconds: float = 0.0,
        log_dir=None,
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
        self.writer = SummaryWriter(log_dir) if log_dir else None
        self._seconds = earlier_seconds

    @property
    def best_score(self) -> float:
        return self.leaders.best_score

    @property
    def seconds(self) -> float:
        """Seconds of training so far, evaluations not counted."""
        return self._seconds + time.monotonic() - self._since

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._since = time.monotonic()

    def at_step(self, step, logs):
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
        if self.writer:
            scores = {
                f"evaluation/{name}": value
                for name, value in result.items()
                if isinstance(value, float)
            }
            self.writer.scalars(scores, step)
            self.writer.flush()
        self._since = time.monotonic()

    def _two_stages(self, step):
        screening = None
        if self.screening_samples:
            scores = self.evaluate(self.screening_samples)
            screening = self._monitored(scores)
            if not self.leaders.admits(screening):
                return {"screening": scores, "verdict": "no contender"}
        scores = self.evaluate()
        verdict = self.leaders.offer(
            self.model.sampling_generator,
            step,
            self._monitored(scores),
            screening,
        )
        return {**scores, "verdict": verdict}

    def _monitored(self, scores):
        if self.monitor not in scores:
            numbers = (k for k, v in scores.items() if isinstance(v, float))
            raise ValueError(
                "`monitor` must be one of the scores. Received: "
                f"monitor={self.monitor!r}, scores: {', '.join(numbers)}."
            )
        ends = {
            end: scores[f"{self.monitor}_{end}"]
            for end in ("low", "high")
            if f"{self.monitor}_{end}" in scores
        }
        return {"value": scores[self.monitor], **ends}

    def evaluate(self, samples: int | None = None) -> dict:
        """Returns the scores of the model as it is.

        Args:
            samples: Generated images; `self.samples` by default.
        """
        gan, metrics = self.model, self.metrics
        if self.held_out and samples is None:
            metrics = (*metrics, "memorization")
        return evaluate_samples(
            self._samples(self.samples if samples is None else samples),
            self.references,
            metrics=metrics,
            held_out=self.held_out,
            generator=generator_fields(
                gan.sampling_generator, gan.averaged_generator is not None
            ),
        )

    def _samples(self, samples):
        gan = self.model
        generator = np.random.default_rng(self.seed)
        for start in range(0, samples, self.batch_size):
            count = min(self.batch_size, samples - start)
            inputs = gan.fixed_latents(count, generator)
            labels = ()
            if gan.num_classes:
                labels = np.arange(start, start + count) % gan.num_classes
                inputs = [inputs, labels.astype("int32")]
                labels = (labels,)
            images = gan.sampling_generator.predict(
                inputs, batch_size=self.batch_size, verbose=0
            )
            yield (to_uint8(images), *labels)

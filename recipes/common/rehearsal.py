"""A run that trains for some seconds and notes what everything takes."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from keras_gans import GAN
from keras_gans.callbacks import Evaluation
from keras_gans.images import to_uint8
from recipes.common.config import RunConfig
from recipes.common.run_directory import RunDirectory
from recipes.common.subject import Subject

if TYPE_CHECKING:
    import tensorflow as tf

# The first steps are slower; then so many seconds and steps are measured.
WARM_UP = 3
SECONDS = 3.0
STEPS = 4
# Images in the evaluation of a rehearsal: two of its batches.
SAMPLES = 500


class Done(Exception):
    """Ends a rehearsal that is of training only."""


@dataclasses.dataclass
class Times:
    """Seconds of the parts of a rehearsal.

    Attributes:
        tracing: The first step.
        step: One step, once warm.
        trained: All steps.
        grid: Drawing samples, once traced.
        evaluation: A whole evaluation, once traced.
        checkpoint: Writing a checkpoint.
        extra: What the rehearsal did and a run does not.
        missing: What a run does once and the rehearsal did in part.
    """

    tracing: float = 0.0
    step: float = 0.0
    trained: float = 0.0
    grid: float = 0.0
    evaluation: float = 0.0
    checkpoint: float = 0.0
    extra: float = 0.0
    missing: float = 0.0


def timed(function: Callable, *arguments: Any, **options: Any) -> tuple:
    """Returns what a call returns, and its seconds."""
    began = time.perf_counter()
    result = function(*arguments, **options)
    return result, time.perf_counter() - began


class Watch(keras.callbacks.Callback):
    """Stops training when its steps have been measured."""

    def __init__(self, times: Times):
        super().__init__()
        self.times = times
        self._ends = []

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._ends = [time.perf_counter()]

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        # JAX may still be computing; the number waits for it.
        for value in (logs or {}).values():
            float(value)
        self._ends.append(time.perf_counter())
        ends, steps = self._ends, len(self._ends) - 1
        self.times.tracing = ends[1] - ends[0]
        self.times.trained = ends[-1] - ends[0]
        warm = min(WARM_UP, steps - 1)
        if steps > warm:
            self.times.step = (ends[-1] - ends[warm]) / (steps - warm)
        if steps >= WARM_UP + STEPS and ends[-1] - ends[warm] >= SECONDS:
            self.model.stop_training = True


class Rehearsal(Subject):
    """A subject that is trained on for some seconds, under observation.

    Args:
        config: Settings of the run that is rehearsed.
        subject: What it trains on.
        whole: Whether the rehearsal goes on after training.

    Attributes:
        times: What has been measured so far.
    """

    def __init__(self, config: RunConfig, subject: Subject, whole: bool):
        self.rehearsed, self.subject, self.whole = config, subject, whole
        self.config, self.per_step = subject.config, subject.per_step
        self.description = subject.description
        self.kind, self.noun = subject.kind, subject.noun
        self.monitor = subject.monitor
        self.scores_start = subject.scores_start and whole
        self.times = Times()
        self._evaluated = 0.0

    def build(self) -> GAN:
        return self.subject.build()

    def training_batches(self, gan: GAN, start_step: int) -> "tf.data.Dataset":
        return self.subject.training_batches(gan, start_step)

    def evaluation(self, gan: GAN, **options: Any) -> Evaluation:
        # Features of real images are computed once and cached.
        _, first = timed(self.subject.evaluation, gan, **options)
        evaluation, again = timed(self.subject.evaluation, gan, **options)
        self.times.extra += first
        evaluate, act = evaluation.evaluate, evaluation.at_step
        left_out = 0
        if self.kind == "images":
            left_out = max(0, evaluation.samples - SAMPLES)
            evaluation.samples -= left_out

        def watched(samples=None):
            scores, seconds = timed(evaluate, samples)
            if left_out:
                rest, extra = timed(self._seconds_of_samples, gan, left_out)
                self.times.missing = rest
                self.times.extra += extra
            self.times.evaluation = seconds + self.times.missing
            return scores

        def at_step(step, logs):
            act(step, logs)
            self._evaluated = time.perf_counter()

        evaluation.evaluate, evaluation.at_step = watched, at_step
        return evaluation

    def _seconds_of_samples(self, gan, count):
        """Returns how long images take to be generated and looked at."""
        random, batch = np.random.default_rng(0), SAMPLES // 2
        inputs = gan.fixed_latents(batch, random)
        if gan.num_classes:
            labels = np.arange(batch, dtype="int32") % gan.num_classes
            inputs = [inputs, labels]
        images, seconds = timed(
            gan.sampling_generator.predict, inputs, batch_size=batch, verbose=0
        )
        for extractor in self.subject.extractors:
            seconds += timed(extractor, to_uint8(images))[1]
        return count * seconds / batch

    def samples(
        self, gan: GAN, directory: RunDirectory
    ) -> Sequence[keras.callbacks.Callback]:
        watch = Watch(self.times)
        if not self.whole:
            return [watch, keras.callbacks.LambdaCallback(on_train_end=_end)]
        drawing = self.subject.samples(gan, directory)
        for callback in drawing:
            self._draw_twice(callback)
        return [watch, *drawing]

    def _draw_twice(self, callback):
        """The first grid is traced; those of a run after it are not."""
        draw = callback.at_step

        def at_step(step, logs):
            draw(step, logs)
            _, seconds = timed(draw, step, logs)
            self.times.grid += seconds
            self.times.extra += seconds

        callback.at_step = at_step

    def manifest(self, gan: GAN) -> dict[str, Any]:
        self.times.checkpoint = time.perf_counter() - self._evaluated
        return self.subject.manifest(gan)

    def verdict(self, scores: dict[str, Any]) -> str:
        return self.subject.verdict(scores)


def _end(logs=None):
    raise Done

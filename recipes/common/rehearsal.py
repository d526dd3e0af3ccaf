"""A run that trains for some seconds and notes what everything takes."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from keras_gans import GAN
from keras_gans.callbacks import Evaluation
from keras_gans.callbacks.step_timer import StepTimer
from keras_gans.images import to_uint8
from recipes.common.config import RunConfig
from recipes.common.plan import Ending
from recipes.common.run_directory import RunDirectory
from recipes.common.subject import Subject
from recipes.common.timing import Timing

if TYPE_CHECKING:
    import tensorflow as tf

# What a measurement of the step takes.
SECONDS = 5.0
# Images in the evaluation of a rehearsal: two of its batches.
SAMPLES = 500


class Done(Exception):
    """Ends a rehearsal that is of training only."""


@dataclasses.dataclass
class Times:
    """Seconds of the parts of a rehearsal.

    Attributes:
        tracing: The step that was traced and compiled.
        first: The first step of training, if it was traced before.
        step: One step, once warm.
        trained: All steps.
        grid: Drawing samples, once traced.
        evaluation: A whole evaluation, once traced.
        checkpoint: Writing a checkpoint.
        extra: What the rehearsal did and a run does not.
        missing: What a run does once and the rehearsal did in part.
    """

    tracing: float = 0.0
    first: float = 0.0
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


class Watching(Timing):
    """Notes what a run measures before it trains.

    Args:
        whole: Whether what follows training is going to be reached, which
            needs no time of its own if it is not.
    """

    def __init__(self, whole: bool):
        self.times, self.whole = Times(), whole

    def step(
        self, gan: GAN, batches: "tf.data.Dataset", config: RunConfig
    ) -> tuple[float, float]:
        first, seconds = super().step(gan, batches, config)
        self.times.tracing = first
        if len(gan.phases(config.steps)) > 1:
            # The first steps are not like later ones.
            self.times.step = seconds
        return first, seconds

    def ending(self, gan: GAN, evaluation: Evaluation) -> Ending:
        return super().ending(gan, evaluation) if self.whole else Ending()


class Watch(StepTimer):
    """Stops training when its steps have been measured."""

    def __init__(self, times: Times):
        super().__init__(SECONDS)
        self.times = times
        self._began, self._steps = 0.0, 0

    def on_train_begin(self, logs: dict | None = None) -> None:
        super().on_train_begin(logs)
        self._began, self._steps = time.perf_counter(), 0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        # JAX may still be computing; the number waits for it.
        for value in (logs or {}).values():
            float(value)
        super().on_train_batch_end(batch, logs)
        self._steps += 1

    def on_train_end(self, logs: dict | None = None) -> None:
        times = self.times
        times.trained = time.perf_counter() - self._began
        times.first = self.first
        # What is over at once was not timed before.
        times.tracing = times.tracing or self.first
        if times.step:
            return
        try:
            times.step = self.step_seconds
        except ValueError:
            times.step = times.trained / max(self._steps, 1)


class Rehearsal(Subject):
    """A subject that is trained on for some seconds, under observation.

    Args:
        config: Settings of the run that is rehearsed.
        subject: What it trains on.
        timing: What was measured so far, and whether the rehearsal goes on
            after training.
    """

    def __init__(self, config: RunConfig, subject: Subject, timing: Watching):
        self.rehearsed, self.subject = config, subject
        self.times, self.whole = timing.times, timing.whole
        self.config, self.per_step = subject.config, subject.per_step
        self.description = subject.description
        self.kind, self.noun = subject.kind, subject.noun
        self.monitor = subject.monitor
        self.scores_start = subject.scores_start and self.whole
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

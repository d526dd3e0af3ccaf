"""How long a run takes, measured before it begins and without a trace."""

import contextlib
import io
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from recipes.common.announce import announce
from recipes.common.config import RunConfig
from recipes.common.plan import Ending
from recipes.common.run_directory import RunDirectory

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from keras_gans import GAN
    from keras_gans.callbacks import Evaluation

# A measurement takes so long, and at most such a share of the run.
SECONDS, SHARE = 4.0, 0.05
# Calls of the step that a measurement never reaches.
CALLS = 100_000
# Images by which an evaluation's time is estimated.
FEW, MORE = 250, 500
# Seconds of an export: 1.2 for the quickstart's generator on one core of an AMD
# EPYC, and 5.3 where Keras is not on TensorFlow, which then another process
# imports; some more, for slower machines.
EXPORT, EXPORT_ELSEWHERE = 2.0, 8.0


def time_step(
    gan: "GAN",
    batches: "tf.data.Dataset",
    config: RunConfig,
    seconds: float = SECONDS,
) -> tuple[float, float]:
    """Returns seconds until the first step was done, and of a step.

    The step is that of `fit`, which is traced here if it has not been, and is
    not traced anew later. Of a model whose steps differ by the phase of
    training it is the mean over what is left of the run, and the first time
    the sum of all phases'. The model is left as it was.

    Args:
        gan: The compiled model.
        batches: Those that it will be trained on; read from their start.
        config: Settings of the run.
        seconds: What a measurement takes, less where runs are short.
    """
    from keras_gans.callbacks import Throughput
    from keras_gans.callbacks.step_timer import StepTimer

    steps = None
    if config.minutes is None:
        steps = max(int(SHARE * config.steps), 1)
    else:
        seconds = min(seconds, SHARE * 60.0 * config.minutes)
    phases, first, step = gan.phases(config.steps), 0.0, 0.0
    if steps is not None:
        steps = max(steps // len(phases), 1)
    # What is beside the step in training: the bar, which nobody is to see.
    with unchanged(gan), contextlib.redirect_stdout(io.StringIO()):
        gan.image_range = None
        for phase, share in phases:
            timer = StepTimer(seconds / len(phases), steps)
            with gan.in_phase(phase):
                gan.fit(
                    batches,
                    steps_per_epoch=CALLS * gan.steps_per_execution,
                    callbacks=[Throughput(1), timer],
                    shuffle=False,
                )
            first += timer.first
            step += share * timer.step_seconds
    return first, step


class Timing:
    """What a run measures before its training begins.

    Attributes:
        known: What `time_step` returned, if the step was timed before.
    """

    known: tuple[float, float] | None = None

    def step(
        self, gan: "GAN", batches: "tf.data.Dataset", config: RunConfig
    ) -> tuple[float, float]:
        """As `time_step`."""
        return self.known or time_step(gan, batches, config)

    def ending(self, gan: "GAN", evaluation: "Evaluation") -> Ending:
        """As `time_ending`."""
        return time_ending(gan, evaluation)


@contextlib.contextmanager
def unchanged(gan: "GAN") -> Iterator[None]:
    """Gives a compiled model back every variable as it was, to the bit."""
    variables = [
        *gan.variables,
        *gan.metrics_variables,
        *gan.optimizer.variables,
    ]
    # PyTorch's arrays are views.
    values = [np.array(variable.numpy()) for variable in variables]
    yield
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def time_ending(gan: "GAN", evaluation: "Evaluation") -> Ending:
    """Returns how long what follows training will take, from its parts.

    Args:
        gan: The compiled model, which stays as it is.
        evaluation: The callback that scores.
    """
    import keras

    from keras_gans.metrics import MetricSettings

    announce("Timing what follows training ...")
    own = keras.backend.backend() == "tensorflow"
    export = EXPORT if own else EXPORT_ELSEWHERE
    evaluation.set_model(gan)
    if evaluation.references is None:
        return Ending(_timed(evaluation.evaluate), export)
    count = min(evaluation.batch_size, evaluation.samples)
    images, *_ = next(evaluation.generated(count))  # Is traced.
    seconds = _timed(next, evaluation.generated(count)) / count
    distances = MetricSettings().fid_groups + 1
    once = 0.0
    for reference in evaluation.references:
        few = images[: reference.extractor.batch_size]
        reference.extractor(few)  # Is compiled.
        seconds += _timed(reference.extractor, few) / len(few)
        moments = reference.moments
        distance = reference.frechet.distance_to
        once += distances * _timed(distance, moments.mean, moments.covariance)
    return Ending(evaluation.samples * seconds + once, export)


def time_interruptions(
    gan: "GAN",
    config: RunConfig,
    evaluation: "Evaluation",
    samples: Sequence["keras.callbacks.Callback"],
    directory: RunDirectory,
) -> dict[str, float]:
    """Returns seconds of what interrupts training, by its interval's name.

    Args:
        gan: The compiled model, which stays as it is.
        config: Settings of the run; intervals of 0 interrupt nothing.
        evaluation: The callback that scores.
        samples: The callbacks that show samples.
        directory: Where checkpoints will be written.
    """
    costs = {}
    if config.evaluate_every:
        costs["evaluate_every"] = _time_evaluation(gan, evaluation)
    if config.sample_every:
        for callback in samples:
            callback.set_model(gan)
            callback.show(gan)
        costs["sample_every"] = sum(
            _timed(callback.show, gan) for callback in samples
        )
    if config.checkpoint_every:
        costs["checkpoint_every"] = _time_checkpoint(gan, directory)
    return costs


def time_snapshots(
    gan: "GAN", config: RunConfig, directory: RunDirectory
) -> float:
    """Returns seconds of all snapshots of averages of a run, 0 without any."""
    from keras_gans.callbacks import Averages

    if gan.power_averages is None:
        return 0.0
    callback = Averages(directory.averages)
    callback.set_model(gan)
    path = directory.averages / ".timed.npz"
    try:
        return config.average_snapshots * _timed(callback.write, 0, path)
    finally:
        path.unlink(missing_ok=True)


def _time_evaluation(gan, evaluation):
    """Returns seconds of an evaluation, from two of few images.

    The line through both times; the first time of all is not among them. Where
    a score wants all samples, or there are no images, one of all is timed.
    """
    announce("Timing evaluations, for which the plan leaves time ...")
    evaluation.set_model(gan)
    if evaluation.references is None:
        return _timed(evaluation.evaluate)
    few = min(FEW, evaluation.samples)
    more = min(MORE, evaluation.samples)
    try:
        evaluation.evaluate(few)
    except ValueError:
        return _timed(evaluation.evaluate)
    first, second = (_timed(evaluation.evaluate, n) for n in (few, more))
    slope = max(second - first, 0.0) / max(more - few, 1)
    return second + slope * (evaluation.samples - more)


def _time_checkpoint(gan, directory):
    # The name that the next start of a killed run writes over.
    path = directory.checkpoints / ".timed.weights.h5"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _timed(gan.save_weights, path)
    finally:
        path.unlink(missing_ok=True)


def _timed(function, *arguments):
    begin = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - begin

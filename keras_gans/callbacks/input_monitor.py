"""Whether the input pipeline keeps up with training."""

import os
import warnings
from time import perf_counter
from typing import Any

from keras_gans.callbacks.at_steps import AtSteps, Logs
from keras_gans.callbacks.summary import SummaryWriter
from keras_gans.data.waiting import Waiting

# A window has at least so many steps, and lasts at least so many seconds.
_STEPS = 20
_SECONDS = 1.0


class InputMonitor(AtSteps):
    """Warns once when training waits for its input pipeline.

    It measures for how long a training step waits for its batches, w, and how
    long the step takes altogether, t, in windows of at least 20 steps and one
    second; time in callbacks, an evaluation's among them, is left out. It
    warns when the share w / t reaches the threshold in two windows on end. In
    the first window the step is compiled and the pipeline fills its buffers:
    it does not count.

    What a pipeline computes while nobody waits for it is no waiting, though
    it takes time from a step on the same processor.

    It must come before callbacks that take long. It costs about 0.1 ms a
    batch.

    Args:
        batches: `tf.data.Dataset` to train on.
        threshold: Share of a step's time in (0, 1] from which to warn.
        log_dir: TensorBoard directory that gets the share as `train/waiting`,
            or None.

    Attributes:
        batches: What `fit` must be given: the same elements, timed.
        share: Share w / t of the last window, in [0, 1]; None before its end.

    Raises:
        ValueError: When `batches` is no dataset or `threshold` out of range.

    Example:
    >>> from keras_gans.data import PointSet
    >>> points = PointSet("8gaussians").training_batches(64, seed=0)
    >>> monitor = InputMonitor(points)
    >>> next(iter(monitor.batches)).shape
    TensorShape([64, 2])

    With a GAN: `gan.fit(monitor.batches, callbacks=[monitor])`.
    """

    def __init__(
        self,
        batches: Any,
        threshold: float = 0.1,
        log_dir: str | os.PathLike | None = None,
    ):
        super().__init__(at_end=False)
        if not 0.0 < threshold <= 1.0:
            raise ValueError(
                "`threshold` is a share of a step's time in (0, 1]. "
                f"Received: threshold={threshold}."
            )
        self.threshold = threshold
        self.writer = SummaryWriter(log_dir)
        self._waiting = Waiting(batches)
        self.batches = self._waiting.batches
        self._start()

    def on_train_begin(self, logs: Logs = None) -> None:
        super().on_train_begin(logs)
        self._start()

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        self._begin = perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._seconds += perf_counter() - self._begin
        previous = self.step
        super().on_train_batch_end(batch, logs)
        self._steps += self.step - previous
        if self._steps >= _STEPS and self._seconds >= _SECONDS:
            self._end_window()

    def _start(self):
        self.share = None
        self._begin = self._waited_before = self._before = None
        self._warm = self._warned = False
        self._open_window()

    def _open_window(self):
        self._steps, self._seconds = 0, 0.0
        self._waited_before = self._waiting.seconds

    def _end_window(self):
        waited = self._waiting.seconds - self._waited_before
        # Under a strategy a buffer's thread waits, also between the steps.
        waited = min(waited, self._seconds)
        steps, seconds = self._steps, self._seconds
        self._open_window()
        if not self._warm:
            self._warm = True
            return
        self.share = waited / seconds
        self.writer.scalars({"train/waiting": self.share}, self.step)
        before, self._before = self._before, None
        if self.share < self.threshold or self._warned:
            return
        self._before = (waited, seconds, steps)
        if before:
            self._warned = True
            pairs = zip(before, self._before, strict=True)
            warnings.warn(_message(*map(sum, pairs)), stacklevel=2)


def _message(waited, seconds, steps):
    step, wait = 1000 * seconds / steps, 1000 * waited / steps
    return (
        f"Training waits for data: of the {step:.1f} ms that a step takes, "
        f"{wait:.1f} ms ({waited / seconds:.0%}) pass before its batch is "
        f"there; with a pipeline that keeps up it takes {step - wait:.1f} ms. "
        "Use fewer augmentations, images that are stored at the training "
        "resolution, a set that fits in memory, or more processor cores."
    )

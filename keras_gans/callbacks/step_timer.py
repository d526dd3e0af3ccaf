"""How long a training step takes, known before training begins."""

import time
from collections.abc import Callable

import keras
import numpy as np

from keras_gans.callbacks.at_steps import Logs
from keras_gans.checks import integer

# Calls of the step that are not counted: one traces, one fills caches.
_COLD = 2
# Calls that are counted, at least.
_LEAST = 3
# Share of the calls that is left out at either end: what else the machine
# does for a moment.
_TRIMMED = 0.1


class StepTimer(keras.callbacks.Callback):
    """Times training steps and ends training when it has timed enough.

    The first calls of the step, in which it is traced and compiled, are left
    out. Training ends after at least three more that took `seconds`, or
    were of `steps` training steps. What other callbacks do counts, since they
    take their time beside every step.

    Args:
        seconds: Positive float, time after which enough steps are timed.
        steps: Positive int, number after which they are enough; None for any.
        clock: Function that returns seconds.

    Attributes:
        first: Seconds until the first call had returned.

    Raises:
        ValueError: When `steps` is no positive int.
    """

    def __init__(
        self,
        seconds: float = 4.0,
        steps: int | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ):
        super().__init__()
        self.seconds = seconds
        self.steps = None if steps is None else integer("steps", steps)
        self.clock = clock
        self.first = 0.0
        self._ends = []

    @property
    def step_seconds(self) -> float:
        """Mean seconds of a training step, without the extremes.

        The first quarter of the calls is left out, in which the pipeline fills
        its buffers, and of the durations of the others, divided by their
        steps, a tenth at either end.

        Raises:
            ValueError: When fewer than three calls were made.
        """
        warm = max(_COLD - 1, len(self._ends) // 4)
        ends = np.asarray(self._ends[warm:])
        if len(ends) < 2:
            raise ValueError(
                f"A step is timed from {_COLD + 1} calls on. Received: "
                f"{len(self._ends)}. Train longer."
            )
        steps, seconds = np.diff(ends, axis=0).T
        durations = np.sort(seconds / steps)
        cut = int(_TRIMMED * len(durations))
        return float(np.mean(durations[cut : len(durations) - cut]))

    def on_train_begin(self, logs: Logs = None) -> None:
        self._begin, self.first = self.clock(), 0.0
        self._ends = []

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        now = self.clock()
        self.first = self.first or now - self._begin
        if not self.model.step_is_settled:
            # On PyTorch, steps of the first seconds take longer.
            self._ends = []
            return
        self._ends.append((batch, now))
        if len(self._ends) < _COLD + _LEAST:
            return
        before, since = self._ends[_COLD - 1]
        many = self.steps is not None and batch - before >= self.steps
        if many or now - since >= self.seconds:
            self.model.stop_training = True

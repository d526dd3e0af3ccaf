"""The base of callbacks that act at certain training steps."""

from typing import Any

import keras

from keras_gans.checks import integer

# What Keras tells callbacks of the training.
Logs = dict[str, Any] | None


class AtSteps(keras.callbacks.Callback):
    """Calls `at_step(step, logs)` every so many training steps and at the end.

    Steps are generator updates, counted over the whole run: a model that has
    trained before goes on from its own count. Before the call, the model's
    variables hold what the step left in them, on every backend.

    Args:
        every: Non-negative int; 0 acts at the end of training only.
        at_end: Whether to act at the end of training, if the last step was
            not a multiple of `every`.

    Attributes:
        step: The training step that was finished last.

    Raises:
        ValueError: When `every` is no integer of at least 0.
    """

    def __init__(self, every: int = 0, at_end: bool = True):
        super().__init__()
        self.every = integer("every", every, minimum=0)
        self.at_end = at_end
        self.step = 0
        self._epoch_start = 0
        self._last = None

    def at_step(self, step: int, logs: Logs) -> None:
        """Does what the callback is for."""

    def on_train_begin(self, logs: Logs = None) -> None:
        self.step = self._epoch_start = self.model.step
        self._last = None

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch_start = self.step

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        previous, self.step = self.step, self._epoch_start + batch + 1
        # A step of `fit` may be several training steps (steps_per_execution).
        if self.every and self.step // self.every > previous // self.every:
            self._act(logs)

    def on_train_end(self, logs: Logs = None) -> None:
        if self.at_end and self._last != self.step:
            self._act(logs)

    def _act(self, logs):
        self.model.synchronize()
        self._last = self.step
        self.at_step(self.step, logs or {})

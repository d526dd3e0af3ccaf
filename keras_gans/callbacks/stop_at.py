"""The end of training after a number of steps."""

from keras_gans.callbacks.at_steps import AtSteps, Logs
from keras_gans.checks import integer


class StopAt(AtSteps):
    """Stops training after a number of training steps of the whole run.

    Args:
        steps: Positive int, generator updates over the whole run.

    Raises:
        ValueError: When `steps < 1`.
    """

    def __init__(self, steps: int):
        super().__init__(integer("steps", steps), at_end=False)

    def at_step(self, step: int, logs: Logs) -> None:
        self.model.stop_training = True

"""The end of training after a number of steps."""

from keras_gans.callbacks.at_steps import AtSteps


class StopAt(AtSteps):
    """Stops training after a number of training steps of the whole run.

    Args:
        steps: Positive int, generator updates over the whole run.

    Raises:
        ValueError: When `steps < 1`.
    """

    def __init__(self, steps: int):
        if steps < 1:
            raise ValueError(
                f"`steps` must be positive. Received: steps={steps}."
            )
        super().__init__(steps, at_end=False)

    def at_step(self, step, logs):
        self.model.stop_training = True

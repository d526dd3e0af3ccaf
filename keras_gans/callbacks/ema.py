"""Averaging of the generator's weights."""

import keras


class EMA(keras.callbacks.Callback):
    """Switches an exponential moving average of the generator on.

    The average is updated inside every training step (see
    `GAN.average_generator`); evaluation, sample grids, export and `predict`
    use it from then on, through `gan.sampling_generator`.

    Args:
        decay: Float in [0, 1), commonly 0.999 to 0.9999.
        start: Training step before which the average is a plain copy.

    Raises:
        ValueError: When `decay` or `start` is out of range.
    """

    def __init__(self, decay: float = 0.999, start: int = 0):
        super().__init__()
        if not 0.0 <= decay < 1.0 or start < 0:
            raise ValueError(
                "The average needs a decay in [0, 1) and a start step of 0 "
                f"or later. Received: decay={decay}, start={start}."
            )
        self.decay = decay
        self.start = start

    def set_model(self, model):
        # Before the training step is traced: on_train_begin is too late.
        super().set_model(model)
        model.average_generator(self.decay, self.start)

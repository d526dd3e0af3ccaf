"""Averaging of the generator's weights."""

import keras

from keras_gans.models.network_checks import check_average


class EMA(keras.callbacks.Callback):
    """Switches an exponential moving average of the generator on.

    The average is updated inside every training step (see
    `GAN.average_generator`); evaluation, sample grids, export and `predict`
    use it from then on, through `gan.sampling_generator`. A model that has an
    average, from its constructor, an earlier `fit` or a file, goes on with it,
    from now on by this decay and start. Weights are loaded before `fit` into
    a model whose `average_generator` has been called, or the average in the
    file is left out.

    Args:
        decay: Float in [0, 1), commonly 0.999 to 0.9999.
        start: Training step before which the average is a plain copy.

    Raises:
        ValueError: When `decay` or `start` is out of range.
    """

    def __init__(self, decay: float = 0.999, start: int = 0):
        super().__init__()
        check_average(decay, start)
        self.decay = decay
        self.start = start

    def set_model(self, model: keras.Model) -> None:
        # Before the training step is traced: on_train_begin is too late.
        super().set_model(model)
        model.average_generator(self.decay, self.start)

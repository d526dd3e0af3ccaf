"""What Keras users do with a model: done, or refused before any training."""

import inspect
from collections.abc import Callable
from typing import Any, NoReturn

import keras
import numpy as np

from keras_gans.checks import did_you_mean
from keras_gans.models import data_checks
from keras_gans.models.step import AdversarialTrainer

_SCORES = (
    "A GAN's losses do not measure its samples. Score these: in training by "
    "keras_gans.callbacks.Evaluation, afterwards by `keras-gans evaluate`."
)
_INSTEAD = {
    "optimizer": "Give generator_optimizer and discriminator_optimizer.",
    "metrics": _SCORES,
    "weighted_metrics": _SCORES,
    "loss_weights": "Each player has one loss: weigh its terms within it.",
    "auto_scale_loss": "float16 training is not supported. Use the dtype "
    "policy mixed_bfloat16, whose losses need no scale.",
}


def check_compile(unknown: dict[str, Any], method: Callable) -> None:
    """Refuses arguments of `compile`: a TypeError with what to use instead."""
    allowed = list(inspect.signature(method).parameters)[:-1]
    for name in unknown:
        raise TypeError(
            f"`compile` of a GAN takes {', '.join(allowed)}. Received: {name}. "
            f"{_INSTEAD.get(name) or did_you_mean(name, allowed)}"
        )


class GuardedTrainer(AdversarialTrainer):
    """A trainer that is fitted as any Keras model, and says what is not."""

    # Of real and generated images, None for any; see `fit`.
    image_range: tuple[float, float] | None = (-1.0, 1.0)
    # Of real images' labels.
    lowest_label = 0

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        **options: Any,
    ) -> keras.callbacks.History:
        """Trains the model.

        Args:
            x: Real images in `image_range`, floating point: an array; or a
                dataset of images or of `(images, labels)`, in any form that
                Keras takes. Of an array, images at the end that do not fill
                equal parts of a batch (see `n_critic`) are left out.
            y: Integer labels (N,) or (N, 1) of images in an array.
            batch_size: Images of a training step, all `n_critic` parts.
            epochs: See `keras.Model.fit`.
            verbose: See `keras.Model.fit`.
            callbacks: See `keras.Model.fit`.
            **options: Of `keras.Model.fit`, but for validation and weights.

        Raises:
            ValueError: When the model cannot be trained on the data.
        """
        validation = options.get("validation_data")
        if validation is not None or options.get("validation_split"):
            raise ValueError(f"There is no validation data. {_SCORES}")
        weights = options.get("sample_weight")
        weights = options.get("class_weight") if weights is None else weights
        data_checks.check_data(self, x, y, weights)
        x, y = data_checks.whole_batches(self, x, y, batch_size)
        for callback in keras.tree.flatten(callbacks):
            _watch_two_losses(callback)
        return super().fit(
            x, y, batch_size, epochs, verbose, callbacks, **options
        )

    def evaluate(self, *args: Any, **options: Any) -> NoReturn:
        """Refuses: losses do not measure samples."""
        del args, options
        raise NotImplementedError(f"There is no evaluation on data. {_SCORES}")

    test_on_batch = evaluate


def _watch_two_losses(callback):
    """Lets callbacks of Keras that look for `loss` see both players'."""
    if isinstance(callback, keras.callbacks.TerminateOnNaN):
        watch = callback.on_batch_end

        def on_batch_end(batch, logs=None):
            losses = [v for k, v in logs.items() if k.endswith("loss")]
            watch(batch, {"loss": np.sum(losses)})

        callback.on_batch_end = on_batch_end
    monitor = str(getattr(callback, "monitor", ""))
    if monitor.endswith("_loss") and getattr(callback, "mode", "") == "auto":
        # Keras knows the direction of what it has compiled alone.
        callback.mode = "min"

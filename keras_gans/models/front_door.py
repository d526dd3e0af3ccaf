"""What Keras users do with a model: done, or refused before any training."""

from typing import Any, NoReturn

import keras
import numpy as np

from keras_gans.checks import did_you_mean
from keras_gans.models import data_checks
from keras_gans.models.step import AdversarialTrainer

COMPILE = (
    "generator_optimizer",
    "discriminator_optimizer",
    "loss",
    "jit_compile",
    "run_eagerly",
    "steps_per_execution",
)
_SCORES = (
    "Score samples instead: in training by keras_gans.callbacks.Evaluation, "
    "afterwards by `keras-gans evaluate`."
)
_NO_VALIDATION = f"a GAN's losses do not measure its samples. {_SCORES}"
_REFUSED = {
    "optimizer": "A GAN has two optimizers: give generator_optimizer and "
    "discriminator_optimizer.",
    "metrics": f"There are no targets to compare with. {_SCORES}",
    "weighted_metrics": f"There are no targets to compare with. {_SCORES}",
    "loss_weights": "Each player has one loss: weigh its terms within it, or "
    "change the player's learning rate.",
    "auto_scale_loss": "No loss is scaled: float16 training is not supported. "
    "Use the dtype policy mixed_bfloat16.",
}


def check_compile(options: dict[str, Any]) -> None:
    """Checks arguments of `compile` that a GAN's has not.

    Raises:
        TypeError: When there are any.
    """
    for name in options:
        hint = _REFUSED.get(name) or (
            f"There are {', '.join(COMPILE)}.{did_you_mean(name, COMPILE)}"
        )
        raise TypeError(
            f"`compile` of a GAN does not take `{name}`. Received: "
            f"{name}={options[name]!r}. {hint}"
        )


class GuardedTrainer(AdversarialTrainer):
    """A trainer that is fitted as any Keras model, and says what is not."""

    # Of real and generated images, None for any; see `check_values`.
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

        Of arrays, the images that do not fill a last batch's equal parts are
        left out (see `n_critic`).

        Args:
            x: Real images, an array, floating point in [-1, 1] (see
                `image_range`); or a dataset of images or of
                `(images, labels)`, in any form that Keras takes.
            y: Integer labels (N,) or (N, 1) of images in an array.
            batch_size: Images of a training step, all `n_critic` parts.
            epochs: See `keras.Model.fit`.
            verbose: See `keras.Model.fit`.
            callbacks: See `keras.Model.fit`.
            **options: Of `keras.Model.fit`, but for validation and weights.

        Raises:
            ValueError: When the model cannot be trained on the data.
        """
        if options.get("validation_data") is not None or options.get(
            "validation_split"
        ):
            raise ValueError(f"There is no validation: {_NO_VALIDATION}")
        data_checks.check_values(self, x, y)
        x, y = data_checks.whole_batches(self, x, y, batch_size)
        if isinstance(callbacks, (list, tuple)):
            callbacks = list(map(_for_two_losses, callbacks))
        return super().fit(
            x, y, batch_size, epochs, verbose, callbacks, **options
        )

    def evaluate(self, *args: Any, **options: Any) -> NoReturn:
        """Refuses: losses do not measure samples."""
        del args, options
        raise NotImplementedError(f"There is no evaluate: {_NO_VALIDATION}")

    test_on_batch = evaluate


def _for_two_losses(callback):
    """Returns the callback, or what does the same with two players' losses."""
    if isinstance(callback, keras.callbacks.TerminateOnNaN):
        return _TerminateOnNaN(callback.raise_error)
    if getattr(callback, "mode", None) == "auto" and (
        callback.monitor.endswith("_loss")
    ):
        # Keras knows the direction of what it has compiled alone.
        callback.mode = "min"
    return callback


class _TerminateOnNaN(keras.callbacks.TerminateOnNaN):
    """Keras's own looks at `loss` alone, which neither player's is named."""

    def on_batch_end(self, batch, logs=None):
        losses = [
            value
            for name, value in (logs or {}).items()
            if name.endswith("_loss")
        ]
        super().on_batch_end(batch, {"loss": np.sum(losses)})

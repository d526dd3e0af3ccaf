"""A game of two plain functions."""

import inspect
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_gans.losses.adversarial import AdversarialLoss, as_float32


@keras.saving.register_keras_serializable(package="keras_gans")
class Functions(AdversarialLoss):
    """Any game: L_D = g(D(x), D(G(z))) and L_G = f(D(G(z))).

    What takes a loss takes `{"generator": f, "discriminator": g}` as well.
    To be saved, functions must be registered with Keras.

    Args:
        generator: Function f from float32 scores of generated images to a
            scalar; with a second argument, those of real images
            (`relativistic`). With one called `weights`, it goes with a
            `TopK`, see `AdversarialLoss.generator`.
        discriminator: Function g from scores of real and of generated images.

    Raises:
        ValueError: When a function does not take these arguments.

    Example:
    >>> game = Functions(
    ...     generator=lambda fake: -keras.ops.mean(fake),
    ...     discriminator=lambda real, fake: keras.ops.mean(fake - real))
    >>> float(game.generator(keras.ops.ones((2, 1))))
    -1.0
    """

    def __init__(self, generator: Callable, discriminator: Callable):
        self.functions = dict(generator=generator, discriminator=discriminator)
        self.relativistic = not _takes(generator, 1)
        if (self.relativistic and not _takes(generator, 2)) or not _takes(
            discriminator, 2
        ):
            raise ValueError(
                "Of two functions the generator's takes (fake), or (fake, "
                "real), and the discriminator's (real, fake): scores. "
                f"Received: {self.functions}."
            )

    def discriminator(self, real: Any, fake: Any) -> Any:
        return self._loss("discriminator", real, fake)

    def generator(
        self, fake: Any, real: Any = None, weights: Any = None
    ) -> Any:
        scores = (fake, real) if self.relativistic else (fake,)
        options = {} if weights is None else {"weights": weights}
        return self._loss("generator", *scores, **options)

    @property
    def takes_weights(self) -> bool:
        parameters = inspect.signature(self.functions["generator"]).parameters
        return "weights" in parameters

    def _loss(self, player, *scores, **options):
        function = self.functions[player]
        loss = function(*map(as_float32, scores), **options)
        if ops.shape(loss) != ():
            raise ValueError(
                f"The {player}'s loss must be a scalar. Received: the shape "
                f"{tuple(loss.shape)}, for scores {tuple(scores[0].shape)}. "
                "Take the mean, by keras.ops.mean."
            )
        return as_float32(loss)

    def get_config(self) -> dict[str, Any]:
        for function in self.functions.values():
            name = keras.saving.get_registered_name(function)
            if keras.saving.get_registered_object(name) is not function:
                raise ValueError(
                    "Functions are saved by their registered names. Received: "
                    f"{function!r}, which has none. Decorate it with "
                    "keras.saving.register_keras_serializable()."
                )
        return keras.saving.serialize_keras_object(self.functions)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Functions":
        return cls(**keras.saving.deserialize_keras_object(config))


def _takes(function, count):
    try:
        inspect.signature(function).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True

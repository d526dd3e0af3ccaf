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

    Args:
        generator: Function f from float32 scores of generated images to a
            scalar; with a second argument, those of real images
            (`relativistic`).
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
        self.functions = {
            "generator": generator,
            "discriminator": discriminator,
        }
        self.relativistic = not _takes(generator, 1)
        if self.relativistic and not _takes(generator, 2):
            raise ValueError(
                "A generator's loss is a function of the scores of generated "
                "images, f(fake), or of those of real ones too, "
                f"f(fake, real). Received: {generator!r}."
            )
        if not _takes(discriminator, 2):
            raise ValueError(
                "A discriminator's loss is a function of the scores of real "
                f"and of generated images, g(real, fake). Received: "
                f"{discriminator!r}."
            )

    def discriminator(self, real: Any, fake: Any) -> Any:
        return self._loss("discriminator", real, fake)

    def generator(self, fake: Any, real: Any = None) -> Any:
        scores = (fake, real) if self.relativistic else (fake,)
        return self._loss("generator", *scores)

    def _loss(self, player, *scores):
        loss = self.functions[player](*map(as_float32, scores))
        if tuple(ops.shape(loss)):
            raise ValueError(
                f"The {player}'s loss must be a scalar for scores of the shape "
                f"{tuple(scores[0].shape)}. Received: one of the shape "
                f"{tuple(loss.shape)}. Take the mean, by keras.ops.mean."
            )
        return as_float32(loss)

    def check(self, shape: tuple) -> None:
        """Tries both functions on scores of two images, which are 0.

        Args:
            shape: Of an image's scores; None counts as 1.

        Raises:
            ValueError: When a loss is no scalar.
        """
        scores = ops.zeros((2, *(size or 1 for size in shape)))
        self.discriminator(scores, scores)
        self.generator(scores, scores)

    def get_config(self) -> dict[str, Any]:
        for function in self.functions.values():
            name = keras.saving.get_registered_name(function)
            if keras.saving.get_registered_object(name) is not function:
                raise ValueError(
                    "Functions are saved by the names that they are registered "
                    f"by. Received: {function!r}. Decorate it with "
                    "keras.saving.register_keras_serializable()."
                )
        serialize = keras.saving.serialize_keras_object
        return {name: serialize(f) for name, f in self.functions.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Functions":
        load = keras.saving.deserialize_keras_object
        return cls(**{name: load(f) for name, f in config.items()})


def _takes(function, count):
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:  # Written in C, without a signature.
        return callable(function)
    return True

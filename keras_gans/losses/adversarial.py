"""The interface of adversarial losses: both players of one game."""

import abc
from typing import Any

import keras
from keras import ops

from keras_gans.checks import did_you_mean


def as_float32(scores: Any) -> Any:
    """Returns the scores in float32, in which every loss is reduced."""
    return ops.cast(scores, "float32")


class AdversarialLoss(abc.ABC):
    """Both players' objectives, to be minimized, on discriminator scores.

    Scores are raw discriminator outputs of any shape with the batch first;
    objectives are float32 scalars, means over all scores.
    """

    # Whether L_G depends on the scores of real images.
    relativistic = False

    @abc.abstractmethod
    def discriminator(self, real: Any, fake: Any) -> Any:
        """Returns L_D for scores of real and of generated images."""

    @abc.abstractmethod
    def generator(self, fake: Any, real: Any = None) -> Any:
        """Returns L_G for scores of generated images.

        Args:
            fake: Scores of generated images.
            real: Scores of real images, used by relativistic losses alone.
        """

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "AdversarialLoss":
        """Returns the loss with these constructor arguments."""
        return cls(**config)


def get(loss: Any) -> AdversarialLoss:
    """Returns an `AdversarialLoss` from an instance, a name or a config.

    Args:
        loss: An `AdversarialLoss`; one of the names of
            `keras_gans.losses.NAMES`; two functions, a dict with the entries
            `generator` and `discriminator` (see `Functions`); or what
            `keras.saving.serialize_keras_object` made of an instance.

    Raises:
        ValueError: When it is none of these.
    """
    from keras_gans import losses

    if isinstance(loss, dict) and set(loss) == {"generator", "discriminator"}:
        loss = losses.Functions(**loss)
    if isinstance(loss, dict) and "class_name" in loss:
        loss = keras.saving.deserialize_keras_object(loss)
    if isinstance(loss, str) and loss in losses.NAMES:
        loss = losses.NAMES[loss]()
    if not isinstance(loss, AdversarialLoss):
        raise ValueError(
            "`loss` must be a keras_gans.losses.AdversarialLoss, two functions "
            'as {"generator": f, "discriminator": g}, or one of '
            f"{sorted(losses.NAMES)}. Received: loss={loss!r}."
            f"{did_you_mean(str(loss), losses.NAMES)}"
        )
    return loss

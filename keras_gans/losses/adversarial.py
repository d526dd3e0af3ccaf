"""The interface of adversarial losses: both players of one game."""

import abc

import keras
from keras import ops


def as_float32(scores):
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
    def discriminator(self, real, fake):
        """Returns L_D for scores of real and of generated images."""

    @abc.abstractmethod
    def generator(self, fake, real=None):
        """Returns L_G for scores of generated images.

        Args:
            fake: Scores of generated images.
            real: Scores of real images, used by relativistic losses alone.
        """

    def get_config(self):
        """Returns the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Returns the loss with these constructor arguments."""
        return cls(**config)


def get(loss):
    """Returns an `AdversarialLoss` from an instance, a name or a config.

    Args:
        loss: An `AdversarialLoss`, one of the names of
            `keras_gans.losses.NAMES`, or what
            `keras.saving.serialize_keras_object` made of an instance.

    Raises:
        ValueError: When it is none of these.
    """
    from keras_gans import losses

    if isinstance(loss, dict):
        loss = keras.saving.deserialize_keras_object(loss)
    if isinstance(loss, str) and loss in losses.NAMES:
        loss = losses.NAMES[loss]()
    if not isinstance(loss, AdversarialLoss):
        raise ValueError(
            "`loss` must be a keras_gans.losses.AdversarialLoss or one of "
            f"{sorted(losses.NAMES)}. Received: loss={loss!r}."
        )
    return loss

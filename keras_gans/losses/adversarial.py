"""The interface of adversarial losses: both players of one game."""

import abc
from typing import Any

from keras import ops


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

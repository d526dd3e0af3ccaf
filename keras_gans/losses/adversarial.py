"""The interface of adversarial losses: both players of one game."""

import abc
import inspect
from typing import Any

from keras import ops


def as_float32(scores: Any) -> Any:
    """Returns the scores in float32, in which every loss is reduced."""
    return ops.cast(scores, "float32")


def mean_over_images(values: Any, weights: Any = None) -> Any:
    """Returns the mean of values, of which each image's may have a weight.

    Args:
        values: `(N, ...)`; an image's values count alike.
        weights: Float32 `(N,)`, relative to one another; None for equal ones.
    """
    if weights is None:
        return ops.mean(values)
    values = ops.reshape(values, (ops.shape(values)[0], -1))
    total = ops.sum(weights * ops.mean(values, axis=1))
    return total / ops.sum(weights)


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
    def generator(
        self, fake: Any, real: Any = None, weights: Any = None
    ) -> Any:
        """Returns L_G for scores of generated images.

        Args:
            fake: Scores of generated images.
            real: Scores of real images, used by relativistic losses alone.
            weights: Weights of the generated images, float32 `(N,)`, as
                `TopK` gives them; None for equal ones. A loss that does not
                take them does not go with a `TopK`.
        """

    @property
    def takes_weights(self) -> bool:
        """Whether L_G can weigh the generated images."""
        return "weights" in inspect.signature(self.generator).parameters

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "AdversarialLoss":
        """Returns the loss with these constructor arguments."""
        return cls(**config)

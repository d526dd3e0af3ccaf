"""Drift: real images' scores are kept near zero."""

import dataclasses
from typing import Any

import keras
from keras import ops

from keras_gans.penalties.penalty import DiscriminatorUpdate, Penalty
from keras_gans.penalties.weights import check_weight


@keras.saving.register_keras_serializable(package="keras_gans")
@dataclasses.dataclass(eq=False)
class Drift(Penalty):
    """Keeps the scores of real images from drifting away from zero.

        P = ε E[D(x)²]

    The Wasserstein game is that of differences of scores, which a number
    added to all of them does not change. No pass of the discriminator is
    needed. Float32.

    Args:
        weight: Non-negative float ε; 0.001 in the paper.

    Raises:
        ValueError: When it is no such number.

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196),
    Appendix A.1.
    """

    name = "drift"

    weight: float = 0.001

    def __post_init__(self):
        check_weight("weight", self.weight)

    def of(self, update: DiscriminatorUpdate) -> Any:
        """Returns the weighted penalty of an update, a float32 scalar."""
        return self.weight * ops.mean(ops.square(update.scores["real"]))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Drift":
        """Returns the penalty with these constructor arguments."""
        return cls(**config)

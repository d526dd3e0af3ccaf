"""LeCam: scores are pulled to the average of the other side's."""

import dataclasses
from typing import Any

import keras
from keras import ops

from keras_gans.checks import integer
from keras_gans.penalties.penalty import SIDES, DiscriminatorUpdate, Penalty
from keras_gans.penalties.weights import check_weight


@keras.saving.register_keras_serializable(package="keras_gans")
class ScoreAverages(keras.layers.Layer):
    """Moving averages of scores, by side; what is saved of a `LeCam`."""

    def build(self, input_shape: Any = None) -> None:
        del input_shape
        self.averages = {
            side: self.add_weight(
                name=f"{side}_average",
                shape=(),
                initializer="zeros",
                trainable=False,
                dtype="float32",
                autocast=False,
                aggregation="mean",
            )
            for side in SIDES
        }
        self.built = True


@keras.saving.register_keras_serializable(package="keras_gans")
@dataclasses.dataclass(eq=False)
class LeCam(Penalty):
    """Pulls scores to the average score of the other side.

    With moving averages α_R of real and α_F of generated images' scores,

        P = λ (E[(D(x) - α_F)²] + E[(D(G(z)) - α_R)²]),

    which holds a discriminator back that is sure of few images. The averages
    first take in the update's own scores,

        α ← δ α + (1 - δ) E[D],

    are constants to the gradient, and belong to what is saved with the model.
    Up to update `start` they are the scores' means, and P is 0. No pass of
    the discriminator is needed. A penalty object belongs to one model.

    The released code differs from the equation: it counts only differences
    D(x) - α_F and α_R - D(G(z)) above 0, which are those of a discriminator
    that is right.

    Args:
        weight: Non-negative float λ; 0.3 in the paper's CIFAR experiments.
        decay: Float δ in [0, 1).
        start: Non-negative int, the discriminator's update from which on
            there is a penalty; by default ten times the averages' memory.

    Raises:
        ValueError: When a value is out of range.

    Reference: [Tseng et al., 2021](https://arxiv.org/abs/2104.03310), §3.1.
    """

    name = "lecam"

    weight: float = 0.3
    decay: float = 0.99
    start: int = 1000

    def __post_init__(self):
        check_weight("weight", self.weight)
        integer("start", self.start, minimum=0)
        if not 0 <= self.decay < 1:
            raise ValueError(
                "LeCam's averages need a decay in [0, 1). Received: "
                f"decay={self.decay!r}."
            )
        self.scores = None

    def build(self, images: Any) -> list:
        del images
        if self.scores is None:
            self.scores = ScoreAverages(name="score_averages")
            self.scores.build()
        return [self.scores]

    def of(self, update: DiscriminatorUpdate) -> Any:
        """Returns the weighted penalty of an update, a float32 scalar."""
        settled = ops.logical_and(update.count >= self.start, update.count > 0)
        decay = ops.where(settled, self.decay, 0.0)
        real, fake = (
            self._averaged(side, update.scores[side], decay) for side in SIDES
        )
        distance = ops.mean(ops.square(update.scores["real"] - fake))
        distance += ops.mean(ops.square(update.scores["fake"] - real))
        started = ops.cast(update.count >= self.start, "float32")
        return self.weight * started * distance

    def _averaged(self, side, scores, decay):
        average = self.scores.averages[side]
        mean = ops.stop_gradient(ops.mean(scores))
        value = decay * ops.convert_to_tensor(average) + (1.0 - decay) * mean
        average.assign(value)
        return value

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "LeCam":
        """Returns the penalty with these constructor arguments."""
        return cls(**config)

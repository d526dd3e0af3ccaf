"""R1 and R2: gradients of the scores are pulled to zero."""

import dataclasses
from typing import Any

import keras
from keras import ops

from keras_gans.checks import integer
from keras_gans.penalties.penalty import DiscriminatorUpdate, Penalty, lazily
from keras_gans.penalties.weights import (
    CosineWeight,
    check_scheduled,
    weight_at,
    weight_config,
    weight_from_config,
    weight_variables,
)


@dataclasses.dataclass(eq=False)
class ZeroCentred(Penalty):
    """γ/2 E[‖∇_x D(x)‖²] on the images of one side; see `R1` and `R2`."""

    # Of which images: `real` or `fake`.
    side = "real"

    weight: Any = 10.0
    interval: int = 1

    def __post_init__(self):
        check_scheduled("weight", self.weight)
        integer("interval", self.interval)

    @property
    def every_gradient_of(self) -> tuple[str, ...]:
        return (self.side,) if self.interval == 1 else ()

    def of(self, update: DiscriminatorUpdate) -> Any:
        """Returns the weighted penalty of an update, a float32 scalar."""

        def value():
            squares = update.squared_gradient_norms(self.side)
            weight = weight_at(self.weight, update.count)
            return weight / 2.0 * ops.mean(squares)

        return lazily(self.interval, update.count, value)

    def build(self, images: Any) -> list:
        del images
        return weight_variables(self.weight)

    @property
    def schedules(self) -> tuple:
        scheduled = isinstance(self.weight, CosineWeight)
        return (self.weight,) if scheduled else ()

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            "weight": weight_config(self.weight),
            "interval": self.interval,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ZeroCentred":
        """Returns the penalty with these constructor arguments."""
        weight = weight_from_config(config["weight"])
        return cls(**{**config, "weight": weight})


@keras.saving.register_keras_serializable(package="keras_gans")
class R1(ZeroCentred):
    """Pulls the gradients of real images' scores to zero.

        P = γ/2 E[‖∇_x D(x)‖²],

    the norm over all pixels and channels of an image, and over all its scales
    if it is given at several. Of a map of scores D(x) is the mean, of several
    outputs the score. The images are what the discriminator sees, augmented
    if there is an augmentation. Gradients and their squares are float32.

    With an interval of 1 the gradients come from the pass that gives the
    scores, and `R1` and `R2` together from one pass where real and generated
    images are scored in one. With an interval k > 1, every k-th update, from
    the first on, has k P, by a pass of its own that moves no state, and the
    others have nothing (lazy regularization).

    In a discriminator with batch statistics an image's gradient is that of
    the sum of all scores of its batch.

    Args:
        weight: Non-negative float γ, a scalar `keras.Variable`, or a schedule
            such as `CosineWeight`: a function of the number of the
            discriminator's update. For images in [-1, 1] instead of a paper's
            [0, 1] gradients are half as large: 4γ is its penalty.
        interval: Positive int k.

    Raises:
        ValueError: When a value is out of range.

    Reference: [Mescheder et al., 2018](https://arxiv.org/abs/1801.04406),
    equation 9; intervals,
    [Karras et al., 2020](https://arxiv.org/abs/1912.04958), §3.1.
    """

    name = "r1"


@keras.saving.register_keras_serializable(package="keras_gans")
class R2(ZeroCentred):
    """Pulls the gradients of generated images' scores to zero.

        P = γ/2 E[‖∇_x D(x)‖²],    x = G(z).

    All else is as of `R1`.

    Reference: [Mescheder et al., 2018](https://arxiv.org/abs/1801.04406),
    equation 10.
    """

    name = "r2"
    side = "fake"

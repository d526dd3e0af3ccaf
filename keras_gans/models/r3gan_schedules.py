"""The burn-in of R3GAN: what changes by half a cosine and then stays.

With T the length of the burn-in and t the update,

    w(t) = (1 + cos(π min(t / T, 1))) / 2

falls from 1 to 0, and a value goes from start to end as
end + (start - end) w(t).
"""

from typing import Any

import keras
from keras import ops

from keras_gans.checks import integer
from keras_gans.penalties import CosineWeight


def wave(length: int, start: float = 1.0, end: float = 0.0) -> CosineWeight:
    """Returns a value that goes from start to end over so many updates.

    `set_updates` sets another length.
    """
    return CosineWeight(start, end, integer("burn_in", length), share=1.0)


@keras.saving.register_keras_serializable(package="keras_gans")
class BurnInAdam(keras.optimizers.Adam):
    """Adam whose step size and β₂ change in a burn-in.

    At update t, with α the step size that there would be otherwise, constant
    or by a schedule,

        α(t) = α (r + (1 - r) w(t)),    β₂(t) = β₂' + (β₂ - β₂') w(t).

    The bias correction is 1 - β₂(t)^(t + 1), as in PyTorch where β₂ is set
    from outside.

    Args:
        learning_rate: Step size α, or its schedule.
        beta_1: β₁, in [0, 1).
        beta_2: β₂ at the start, in [0, 1).
        final_beta_2: β₂' after the burn-in, in [0, 1).
        remaining_rate: Float r, the part of α that remains after it.
        burn_in: Positive int T, updates.
        **kwargs: Of `keras.optimizers.Adam`.

    Raises:
        ValueError: When `burn_in` is no positive int.

    Reference: [Huang et al., 2024](https://arxiv.org/abs/2501.05441).
    """

    # The formula of an update is Adam's.
    is_adam = True

    def __init__(
        self,
        learning_rate: Any = 2e-4,
        beta_1: float = 0.0,
        beta_2: float = 0.9,
        *,
        final_beta_2: float = 0.99,
        remaining_rate: float = 0.25,
        burn_in: int = 1,
        **kwargs: Any,
    ):
        super().__init__(learning_rate, beta_1, beta_2, **kwargs)
        self.final_beta_2 = final_beta_2
        self.remaining_rate = remaining_rate
        self.wave = wave(burn_in)

    @property
    def beta_2(self) -> Any:
        """β₂ of the next update."""
        change = self._first_beta_2 - self.final_beta_2
        return self.final_beta_2 + change * self._height()

    @beta_2.setter
    def beta_2(self, value: float) -> None:
        self._first_beta_2 = value

    @property
    def learning_rate(self) -> Any:
        """The step size of the next update; set, that without a burn-in."""
        part = 1.0 - self.remaining_rate
        return super().learning_rate * (
            self.remaining_rate + part * self._height()
        )

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        keras.optimizers.Adam.learning_rate.fset(self, value)

    def _height(self):
        return self.wave(ops.convert_to_tensor(self.iterations))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_2": self._first_beta_2,
            "final_beta_2": self.final_beta_2,
            "remaining_rate": self.remaining_rate,
            "burn_in": self.wave.updates,
        }

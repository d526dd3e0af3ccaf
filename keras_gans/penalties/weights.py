"""Weights of penalties: numbers, variables and schedules."""

import dataclasses
import math
from typing import Any

import keras
from keras import ops

from keras_gans.checks import integer


@keras.saving.register_keras_serializable(package="keras_gans")
@dataclasses.dataclass(eq=False)
class CosineWeight:
    """A weight that goes from γ₀ to γ₁ by half a cosine, and stays there.

    At update t of a burn-in of T,

        γ(t) = γ₁ + (γ₀ - γ₁) (1 + cos(π min(t / T, 1))) / 2.

    Args:
        start: Non-negative float γ₀.
        end: Non-negative float γ₁.
        updates: Positive int T, updates of the discriminator.
        share: Float in (0, 1] of the training's updates that T becomes where
            their number is set, by `GAN.set_schedule`; None leaves T.

    Raises:
        ValueError: When a value is out of range.

    Reference: [Huang et al., 2024](https://arxiv.org/abs/2501.05441), the
    burn-in of R3GAN's γ.
    """

    start: float
    end: float
    updates: int
    share: float | None = None

    def __post_init__(self):
        check_weight("start", self.start)
        check_weight("end", self.end)
        integer("updates", self.updates)
        if self.share is not None and not 0 < self.share <= 1:
            raise ValueError(
                "`share` is the part of training in which a weight changes, "
                f"in (0, 1], or None. Received: share={self.share!r}."
            )
        self._length = None

    def build(self) -> keras.Variable:
        """Makes T a variable, which a step that was traced reads."""
        if self._length is None:
            self._length = keras.Variable(
                self.updates, trainable=False, dtype="float32", name="burn_in"
            )
        return self._length

    def set_updates(self, updates: int) -> None:
        """Makes T the share of so many updates, if there is a share."""
        if self.share is None:
            return
        self.updates = max(1, round(self.share * updates))
        if self._length is not None:
            self._length.assign(self.updates)

    def __call__(self, count: Any) -> Any:
        length = self.updates if self._length is None else self._length.value
        done = ops.minimum(ops.cast(count, "float32") / length, 1.0)
        wave = (1.0 + ops.cos(math.pi * done)) / 2.0
        return self.end + (self.start - self.end) * wave

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "CosineWeight":
        """Returns the schedule with these constructor arguments."""
        return cls(**config)


def check_weight(name: str, value: Any) -> None:
    """Refuses what is no finite number of 0 or more."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < math.inf:
        raise ValueError(
            f"`{name}` must be a finite number of 0 or more. Received: "
            f"{name}={value!r}."
        )


def check_scheduled(name: str, value: Any) -> None:
    """Refuses what is neither a weight, a variable nor a schedule."""
    if not isinstance(value, keras.Variable) and not callable(value):
        check_weight(name, value)


def weight_at(weight: Any, count: Any) -> Any:
    """Returns the weight of an update, a number or a float32 scalar."""
    if isinstance(weight, keras.Variable):
        return ops.cast(weight, "float32")
    if callable(weight):
        return ops.cast(weight(count), "float32")
    return weight


def weight_variables(weight: Any) -> list[keras.Variable]:
    """Returns the variables that a weight is made of, creating them."""
    if isinstance(weight, keras.Variable):
        return [weight]
    return [weight.build()] if isinstance(weight, CosineWeight) else []


def weight_config(weight: Any) -> Any:
    """Returns a weight in a form that files can have."""
    if isinstance(weight, keras.Variable):
        return float(ops.convert_to_numpy(weight))
    if callable(weight):
        return keras.saving.serialize_keras_object(weight)
    return weight


def weight_from_config(config: Any) -> Any:
    """Returns the weight of what `weight_config` has returned."""
    if isinstance(config, dict):
        return keras.saving.deserialize_keras_object(config)
    return config

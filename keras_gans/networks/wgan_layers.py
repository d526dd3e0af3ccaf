"""Layers, initializers and normalizations of the WGAN-GP networks."""

import dataclasses
import functools
import math
from typing import Any

import keras
from keras import layers

from keras_gans import checks
from keras_gans.layers import (
    BatchNormalization,
    ConditionalBatchNormalization,
    Conv2D,
    Conv2DTranspose,
)

NORMALIZATIONS = ("batch", "layer", "none")


@keras.saving.register_keras_serializable(package="keras_gans")
class FanAverageUniform(keras.initializers.VarianceScaling):
    """Uniform initializer by both fans, aware of strides.

    Weights are U(-√3 s, √3 s), of standard deviation

        s = gain · sqrt(2 · scale / (fan_in + fan_out)),

    where a convolution of stride t has fan_out / t² and a transposed one
    fan_in / t²: the outputs an input reaches, and the inputs an output sees.

    Args:
        scale: 2 for layers before a ReLU (He), 1 otherwise (Glorot).
        stride: Positive int t.
        transposed: Whether the kernel is that of a transposed convolution,
            `(height, width, outputs, inputs)`.
        gain: Positive float.
        seed: Int, `keras.random.SeedGenerator` or None.

    Raises:
        ValueError: When `scale`, `stride` or `gain` is not positive.

    Example:
    >>> kernel = FanAverageUniform(scale=2)((3, 3, 8, 8))
    >>> limit = (3 * 4 / (9 * 8 + 9 * 8)) ** 0.5
    >>> bool(keras.ops.max(keras.ops.abs(kernel)) <= limit)
    True

    Reference: the released code of
    [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028).
    """

    def __init__(
        self,
        scale: float = 2.0,
        stride: int = 1,
        transposed: bool = False,
        gain: float = 1.0,
        seed: Any = None,
    ):
        if stride < 1 or gain <= 0:
            raise ValueError(
                "`stride` and `gain` must be positive. Received: "
                f"stride={stride}, gain={gain}."
            )
        super().__init__(
            scale=scale, mode="fan_avg", distribution="uniform", seed=seed
        )
        self.stride = stride
        self.transposed = transposed
        self.gain = gain

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Returns a tensor of this shape, a dense or convolution kernel."""
        field = math.prod(shape[:-2])
        fan_in, fan_out = field * shape[-2], field * shape[-1]
        if self.transposed:
            fan_in, fan_out = fan_out / self.stride**2, fan_in
        else:
            fan_out /= self.stride**2
        deviation = self.gain * math.sqrt(2 * self.scale / (fan_in + fan_out))
        return uniform(deviation, self.seed)(shape, dtype)

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return {
            "scale": self.scale,
            "stride": self.stride,
            "transposed": self.transposed,
            "gain": self.gain,
            "seed": super().get_config()["seed"],
        }


def uniform(
    deviation: float, seed: Any = None
) -> keras.initializers.Initializer:
    """Returns a uniform initializer of this standard deviation."""
    limit = math.sqrt(3.0) * deviation
    return keras.initializers.RandomUniform(-limit, limit, seed)


# Before a ReLU; and of shortcuts, outputs and dense layers.
he = functools.partial(FanAverageUniform, 2.0)
glorot = functools.partial(FanAverageUniform, 1.0)


def conv(
    filters: int, size: int, initializer: Any, name: str, **options
) -> Conv2D:
    """Returns a 'same' convolution, of stride 1 unless `strides` says more."""
    options.update(kernel_initializer=initializer, name=name)
    return Conv2D(filters, size, padding="same", **options)


def doubling(
    filters: int, size: int, initializer: Any, name: str, **options
) -> Conv2DTranspose:
    """Returns a transposed convolution that doubles height and width."""
    options.update(kernel_initializer=initializer, name=name)
    return Conv2DTranspose(filters, size, 2, padding="same", **options)


def dense(units: int, name: str) -> layers.Dense:
    """Returns a linear layer."""
    return layers.Dense(units, kernel_initializer=glorot(), name=name)


@dataclasses.dataclass(frozen=True)
class Normalization:
    """Normalizes the features of one network.

    Args:
        kind: `batch`; `layer`, over all of an image's features with a scale
            and an offset a channel; or `none`.
        batch_statistics: Whether batch normalization uses the batch's
            moments at inference too.
        num_classes: Classes of a batch normalization by labels.

    Raises:
        ValueError: For an unknown kind.
    """

    kind: str
    batch_statistics: bool = True
    num_classes: int = 0

    def __post_init__(self):
        checks.one_of("normalization", self.kind, NORMALIZATIONS)

    def __call__(self, features: Any, name: str, labels: Any = None) -> Any:
        """Returns normalized features, by class if there are labels."""
        if self.kind == "none":
            return features
        if self.kind == "layer":
            layer = layers.GroupNormalization(1, epsilon=1e-5, name=name)
            return layer(features)
        options = {"batch_statistics": self.batch_statistics, "name": name}
        if labels is None:
            return BatchNormalization(**options)(features)
        layer = ConditionalBatchNormalization(self.num_classes, **options)
        return layer(features, labels)

"""From vectors to small feature maps and back, a map a channel."""

import math
from typing import Any

import keras
from keras import ops

from keras_gans import checks
from keras_gans.layers.configured import ConfiguredLayer


@keras.saving.register_keras_serializable(package="keras_gans")
class LatentBasis(ConfiguredLayer):
    """Feature maps whose channels are learned maps, weighed by the latents.

    For latents z of shape (N, d), with a matrix A and learned maps B,

        y[n, h, w, c] = B[h, w, c] (z A)[n, c].

    A starts as N(0, 1/d), B as N(0, 1).

    Args:
        filters: Positive int, channels of the maps.
        size: Positive int, height and width of the maps, or a pair of them.

    Input shape: `(batch, d)`.
    Output shape: `(batch, size, size, filters)`, or of both sizes.

    Raises:
        ValueError: When `filters` or `size` is no positive int.

    Example:
    >>> LatentBasis(8).compute_output_shape((2, 64))
    (2, 4, 4, 8)

    Reference: [Huang et al., 2024](https://arxiv.org/abs/2501.05441), the
    generator's first layer.
    """

    settings = ("filters", "size")

    def __init__(
        self, filters: int, size: int | tuple[int, int] = 4, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.filters = checks.integer("filters", filters)
        self.size = checks.one_or_two("size", size)

    def build(self, input_shape: tuple) -> None:
        length = input_shape[-1]
        self.kernel = self.add_weight(
            name="kernel",
            shape=(length, self.filters),
            initializer=normal(1 / math.sqrt(length)),
        )
        self.basis = self.add_weight(
            name="basis",
            shape=self._shape(),
            initializer=normal(1.0),
        )

    def call(self, inputs: Any) -> Any:
        weights = ops.matmul(inputs, self.kernel)[:, None, None, :]
        return ops.convert_to_tensor(self.basis) * weights

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], *self._shape())

    def _shape(self):
        size = self.size
        size = (size, size) if isinstance(size, int) else size
        return (*size, self.filters)


@keras.saving.register_keras_serializable(package="keras_gans")
class BasisPooling(ConfiguredLayer):
    """Weighs the pixels of each channel by a learned map, and sums them.

    For features x of shape (N, S, S, C) and learned maps B,

        y[n, c] = Σ_hw B[h, w, c] x[n, h, w, c],

    a depthwise convolution of the features' whole size, without padding. B
    starts as N(0, 1/S²).

    Input shape: `(batch, height, width, channels)`, of known sizes.
    Output shape: `(batch, channels)`.

    Example:
    >>> BasisPooling().compute_output_shape((2, 4, 4, 8))
    (2, 8)

    Reference: [Huang et al., 2024](https://arxiv.org/abs/2501.05441), the
    discriminator's last layer but one.
    """

    def build(self, input_shape: tuple) -> None:
        _, height, width, channels = input_shape
        self.basis = self.add_weight(
            name="basis",
            shape=(height, width, channels),
            initializer=normal(1 / math.sqrt(height * width)),
        )

    def call(self, inputs: Any) -> Any:
        basis = ops.convert_to_tensor(self.basis)
        return ops.sum(inputs * basis, axis=(1, 2))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], input_shape[-1])


def normal(deviation: float) -> keras.initializers.Initializer:
    """Returns the initializer N(0, deviation²)."""
    return keras.initializers.RandomNormal(stddev=deviation)

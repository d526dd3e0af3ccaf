"""The gated multiplicative activation."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class GatedActivation(keras.layers.Layer):
    """Gates one half of the channels by the other.

    For features x of shape (..., 2C) whose even channels are a and whose odd
    channels are b,

        out = σ(a) · tanh(b),

    which takes the place of a pointwise nonlinearity: the layer before it has
    twice the channels. The halves are interleaved as in the released code of
    WGAN-GP.

    Input shape: `(batch, ..., 2 * channels)`.
    Output shape: `(batch, ..., channels)`.

    Raises:
        ValueError: When the number of channels is odd.

    Example:
    >>> GatedActivation().compute_output_shape((2, 4, 4, 6))
    (2, 4, 4, 3)

    Reference: [van den Oord et al., 2016](https://arxiv.org/abs/1606.05328),
    equation 2; [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
    section 5.2.
    """

    def build(self, input_shape: tuple) -> None:
        if input_shape[-1] % 2:
            raise ValueError(
                "A gate pairs channels, so their number must be even. "
                f"Received: input shape {tuple(input_shape)}. Double the "
                "filters of the layer before."
            )

    def call(self, inputs: Any) -> Any:
        channels = inputs.shape[-1] // 2
        pairs = ops.reshape(inputs, (-1, *inputs.shape[1:-1], channels, 2))
        return ops.sigmoid(pairs[..., 0]) * ops.tanh(pairs[..., 1])

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape[:-1], input_shape[-1] // 2)

"""The residual block that SAGAN compares self-attention with."""

from typing import Any

import keras
from keras import ops

from keras_gans.layers.self_attention import GatedResidual


@keras.saving.register_keras_serializable(package="keras_gans")
class ResidualControl(GatedResidual):
    """A residual block with as many parameters as `SelfAttention`.

    For x of C channels, with a 3x3 convolution a to C/8 and a 1x1
    convolution b to C channels, none of them with a bias,

        y = x + γ b(relu(a(relu(x)))),

    where γ is a learned scalar that starts at 0, as self-attention's. It has
    9C²/8 + C²/8 + 1 = 5C²/4 + 1 parameters, exactly those of self-attention
    in the variant `code`. The paper does not give the block's shape; this is
    ours.

    Args:
        spectral_norm: Whether the convolutions are spectrally normalized.

    Input shape: `(batch, height, width, channels)`, channels a multiple of 8.
    Output shape: that of the input.

    Raises:
        ValueError: When the channels are no multiple of 8.

    Example:
    >>> layer = ResidualControl()
    >>> tuple(layer(keras.ops.ones((2, 4, 4, 8))).shape), len(layer.weights)
    ((2, 4, 4, 8), 5)

    Reference: [Zhang et al., 2019](https://arxiv.org/abs/1805.08318), Table 1.
    """

    def build(self, input_shape: tuple) -> None:
        channels = input_shape[-1]
        self._check_channels(channels)
        self.reduce = self._convolution(channels // 8, 3, "reduce")
        self.expand = self._convolution(channels, 1, "expand")
        self.reduce.build(input_shape)
        self.expand.build((*input_shape[:-1], channels // 8))
        self._add_gamma()

    def call(self, inputs: Any) -> Any:
        features = ops.relu(self.reduce(ops.relu(inputs)))
        return inputs + self.gamma * self.expand(features)

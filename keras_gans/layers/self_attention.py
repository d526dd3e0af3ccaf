"""Self-attention over image positions (SAGAN)."""

from typing import Any

import keras
from keras import ops

from keras_gans import checks
from keras_gans.layers.configured import ConfiguredLayer
from keras_gans.layers.convolution import Conv2D
from keras_gans.layers.spectral_normalization import spectrally_normalized


class GatedResidual(ConfiguredLayer):
    """Adds to x some γ f(x), where the learned scalar γ starts at 0."""

    settings = ("spectral_norm",)

    def __init__(self, spectral_norm: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.spectral_norm = spectral_norm

    def _check_channels(self, channels):
        if channels % 8:
            raise ValueError(
                f"{type(self).__name__} reduces its channels by 8, so their "
                "number must be a multiple of 8. Received: "
                f"channels={channels}."
            )

    def _convolution(self, filters, size, name):
        options = {"padding": "same", "use_bias": False, "name": name}
        layer = Conv2D(filters, size, dtype=self.dtype_policy, **options)
        return spectrally_normalized(layer, self.spectral_norm)

    def _add_gamma(self):
        self.gamma = self.add_weight(
            name="gamma", shape=(), initializer="zeros"
        )

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape


@keras.saving.register_keras_serializable(package="keras_gans")
class SelfAttention(GatedResidual):
    """Adds to each position a weighted sum over all positions.

    For x of C channels at N = H·W positions, with 1x1 convolutions f, g, h
    (and v), none of them with a bias,

        s_ij = f(x_i)ᵀ g(x_j),    β_ji = softmax_i(s_ij),
        o_j = Σ_i β_ji h(x_i),    y_j = x_j + γ o_j,

    where j is the query, i the key and γ a learned scalar that starts at 0.

    - variant `code`, the authors' released network: f and g to C/8 channels,
      h to C/2; keys and values are 2x2 max-pooled, so that i runs over N/4
      positions; a last convolution v brings o back to C channels.
    - variant `paper`, equations 1 to 3 as printed: h to C channels, no
      pooling, no v.

    Args:
        variant: `code` or `paper`.
        spectral_norm: Whether the convolutions are spectrally normalized.

    Input shape: `(batch, height, width, channels)`, channels a multiple of 8;
    height and width even in the variant `code`.
    Output shape: that of the input.

    Raises:
        ValueError: For an unknown variant, or channels, height or width that
            cannot be divided as said.

    Example:
    >>> layer = SelfAttention()
    >>> images = keras.ops.ones((2, 4, 4, 8))
    >>> tuple(layer(images).shape), tuple(layer.attention_map(images).shape)
    ((2, 4, 4, 8), (2, 16, 4))

    Reference: [Zhang et al., 2019](https://arxiv.org/abs/1805.08318), §3;
    released code, `non_local.py`.
    """

    settings = (*GatedResidual.settings, "variant")

    def __init__(
        self, variant: str = "code", spectral_norm: bool = True, **kwargs
    ):
        super().__init__(spectral_norm, **kwargs)
        self.variant = checks.one_of("variant", variant, ("code", "paper"))

    def build(self, input_shape: tuple) -> None:
        _, height, width, channels = input_shape
        self._check_channels(channels)
        pooled = self.variant == "code"
        if pooled and ((height or 0) % 2 or (width or 0) % 2):
            raise ValueError(
                "The variant 'code' pools keys and values by 2x2, so height "
                "and width must be even. Received: "
                f"height={height}, width={width}. Use variant='paper' or an "
                "even size."
            )
        self.query = self._convolution(channels // 8, 1, "query")
        self.key = self._convolution(channels // 8, 1, "key")
        self.value = self._convolution(
            channels // 2 if pooled else channels, 1, "value"
        )
        layers = [self.query, self.key, self.value]
        for layer in layers:
            layer.build(input_shape)
        if pooled:
            self.output_projection = self._convolution(channels, 1, "output")
            self.output_projection.build((*input_shape[:-1], channels // 2))
        self._add_gamma()

    def call(self, inputs: Any) -> Any:
        _, height, width, channels = inputs.shape
        weights = self.attention_map(inputs)
        values = self._positions(self._pool(self.value(inputs)))
        attended = ops.matmul(ops.cast(weights, values.dtype), values)
        attended = ops.reshape(attended, (-1, height, width, values.shape[-1]))
        if self.variant == "code":
            attended = self.output_projection(attended)
        return inputs + self.gamma * attended

    def attention_map(self, inputs: Any) -> Any:
        """Returns β, float32 `(batch, queries, keys)`; each row sums to 1."""
        queries = self._positions(self.query(inputs))
        keys = self._positions(self._pool(self.key(inputs)))
        scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))
        return ops.softmax(ops.cast(scores, "float32"), axis=-1)

    def _pool(self, inputs):
        return ops.max_pool(inputs, 2, 2) if self.variant == "code" else inputs

    @staticmethod
    def _positions(inputs):
        _, height, width, channels = inputs.shape
        return ops.reshape(inputs, (-1, height * width, channels))

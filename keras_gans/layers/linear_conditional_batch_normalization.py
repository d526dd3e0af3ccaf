"""Batch normalization whose scale and offset are linear in a vector."""

from typing import Any

import keras
from keras import ops

from keras_gans.layers.batch_normalization import BatchNormalization
from keras_gans.layers.spectral_normalization import spectrally_normalized


@keras.saving.register_keras_serializable(package="keras_gans")
class LinearConditionalBatchNormalization(BatchNormalization):
    """Batch normalization with a scale and an offset by a vector an image.

    For features x of shape (N, H, W, C) and vectors c of shape (N, D),

        x̂ = (x - μ_c) / sqrt(σ²_c + ε),    out = (1 + c G) x̂ + c B,

    with moments as in `BatchNormalization`, and G and B of shape (D, C)
    without biases. They start orthogonal, and are spectrally normalized where
    the network is. Scale and offset are float32 under every dtype policy.

    It takes 2 D C parameters where `ConditionalBatchNormalization` takes
    2 K C for K classes, and other things than classes may be in the vector.

    Args:
        momentum: See `BatchNormalization`, as for the next one.
        epsilon: Positive float ε.
        spectral_norm: Whether G and B are spectrally normalized.
        **kwargs: `batch_statistics`, and what every layer takes.

    Call arguments:
        inputs: Features, `(batch, height, width, channels)`.
        vectors: `(batch, length)`.
        training: Whether to use the batch's moments and update the averages.

    Output shape: that of `inputs`.

    Example:
    >>> layer = LinearConditionalBatchNormalization(spectral_norm=False)
    >>> images, vectors = keras.ops.ones((2, 4, 4, 3)), keras.ops.ones((2, 5))
    >>> tuple(layer(images, vectors).shape), layer.count_params()
    ((2, 4, 4, 3), 36)

    Reference: [Brock et al., 2018](https://arxiv.org/abs/1809.11096), §3 and
    Appendix B; its released code ajbrock/BigGAN-PyTorch (`layers.py`).
    """

    settings = (*BatchNormalization.settings, "spectral_norm")

    def __init__(
        self,
        momentum: float = 0.999,
        epsilon: float = 1e-5,
        spectral_norm: bool = True,
        **kwargs: Any,
    ):
        super().__init__(momentum, epsilon, **kwargs)
        self.spectral_norm = spectral_norm

    def build(self, inputs_shape: tuple, vectors_shape: tuple) -> None:
        channels = inputs_shape[-1]
        self.scale = self._projection(channels, vectors_shape, "scale")
        self.offset = self._projection(channels, vectors_shape, "offset")
        self._add_averages(channels)

    def call(self, inputs: Any, vectors: Any, training: bool = False) -> Any:
        vectors = ops.cast(vectors, "float32")
        gamma = 1.0 + self.scale(vectors)[:, None, None]
        beta = self.offset(vectors)[:, None, None]
        return self._normalize(inputs, gamma, beta, training)

    def compute_output_shape(
        self, inputs_shape: tuple, vectors_shape: Any = None
    ) -> tuple:
        return inputs_shape

    def _projection(self, channels, vectors_shape, name):
        layer = keras.layers.Dense(
            channels,
            use_bias=False,
            kernel_initializer="orthogonal",
            name=name,
            dtype="float32",
        )
        layer = spectrally_normalized(layer, self.spectral_norm)
        layer.build(vectors_shape)
        return layer

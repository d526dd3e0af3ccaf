"""Batch normalization, plain and with a scale and an offset by class."""

from typing import Any

import keras
from keras import ops

from keras_gans import backend, checks
from keras_gans.layers.configured import ConfiguredLayer

# Not cast: what is derived from these is float32 under every policy.
_EXACT = {"dtype": "float32", "autocast": False}


@keras.saving.register_keras_serializable(package="keras_gans")
class BatchNormalization(ConfiguredLayer):
    """Normalizes each channel over the batch, then scales and shifts it.

    For features x of shape (N, H, W, C),

        x̂ = (x - μ_c) / sqrt(σ²_c + ε),    out = γ_c x̂ + β_c,

    where μ and σ² are the batch's moments over N, H, W in training and their
    moving averages at inference, unless `batch_statistics`. The same function
    as `keras.layers.BatchNormalization`, without its copies in float32: with
    mixed_bfloat16 only the moments are float32.

    Args:
        momentum: Float in [0, 1), the moving averages' decay.
        epsilon: Positive float ε.
        batch_statistics: Whether inference uses the batch's moments too, as
            the released code of WGAN-GP does. An image then depends on those
            it is computed with. The averages are kept all the same, so that
            weights fit a layer of the other kind.

    Call arguments:
        inputs: Features, `(batch, height, width, channels)`.
        training: Whether to use the batch's moments and update the averages;
            a layer that is not `trainable` does neither.

    Output shape: that of `inputs`.

    Example:
    >>> layer = BatchNormalization(momentum=0.9)
    >>> tuple(layer(keras.ops.ones((2, 4, 4, 3)), training=True).shape)
    (2, 4, 4, 3)

    Reference: [Ioffe & Szegedy, 2015](https://arxiv.org/abs/1502.03167).
    """

    settings = ("momentum", "epsilon", "batch_statistics")

    def __init__(
        self,
        momentum: float = 0.999,
        epsilon: float = 1e-5,
        batch_statistics: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon
        self.batch_statistics = batch_statistics

    def build(self, input_shape: tuple) -> None:
        channels = input_shape[-1]
        affine = self._affine_shape(channels)
        self.gamma = self.add_weight(
            name="gamma", shape=affine, initializer="ones", **_EXACT
        )
        self.beta = self.add_weight(
            name="beta", shape=affine, initializer="zeros", **_EXACT
        )
        self._add_averages(channels)

    def _add_averages(self, channels):
        options = dict(trainable=False, aggregation="mean", shape=(channels,))
        self.moving_mean = self.add_weight(
            name="moving_mean", initializer="zeros", **options, **_EXACT
        )
        self.moving_variance = self.add_weight(
            name="moving_variance", initializer="ones", **options, **_EXACT
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        return self._normalize(inputs, self.gamma, self.beta, training)

    def _affine_shape(self, channels):
        return (channels,)

    def _normalize(self, inputs, gamma, beta, training):
        """Returns `inputs` normalized with γ and β that broadcast to them."""
        # As Keras's: what is not trained normalizes as at inference.
        training = training and self.trainable
        if training or self.batch_statistics:
            # A scale and an offset by channel are part of the fused kernels.
            by_channel = len(gamma.shape) == 1
            affine = map(ops.convert_to_tensor, (gamma, beta))
            outputs, mean, variance = backend.standardize(
                inputs, self.epsilon, *(affine if by_channel else ())
            )
            if training:
                self._follow(self.moving_mean, mean)
                self._follow(self.moving_variance, variance)
            if by_channel:
                return outputs
            gamma = ops.cast(gamma, self.compute_dtype)
            return outputs * gamma + ops.cast(beta, self.compute_dtype)
        scale = gamma * ops.rsqrt(self.moving_variance + self.epsilon)
        offset = beta - self.moving_mean * scale
        outputs = ops.cast(inputs, "float32") * scale + offset
        return ops.cast(outputs, self.compute_dtype)

    def _follow(self, average, value):
        average.assign(average * self.momentum + value * (1.0 - self.momentum))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape


@keras.saving.register_keras_serializable(package="keras_gans")
class ConditionalBatchNormalization(BatchNormalization):
    """Batch normalization whose scale and offset depend on the class.

    For features x of shape (N, H, W, C) and labels y of shape (N,),

        x̂ = (x - μ_c) / sqrt(σ²_c + ε),    out = γ[y]_c x̂ + β[y]_c,

    with moments as in `BatchNormalization`.

    Args:
        num_classes: Positive int K, rows of the tables γ and β; for data
            without labels there is `BatchNormalization`.
        momentum: See `BatchNormalization`, as for the next two.
        epsilon: Positive float ε.
        **kwargs: `batch_statistics`, and what every layer takes.

    Call arguments:
        inputs: Features, `(batch, height, width, channels)`.
        labels: Integers in [0, K), `(batch,)`.
        training: Whether to use the batch's moments and update the averages.

    Output shape: that of `inputs`.

    Raises:
        ValueError: When `num_classes < 1`.

    Example:
    >>> layer = ConditionalBatchNormalization(num_classes=10)
    >>> images, labels = keras.ops.ones((2, 4, 4, 3)), keras.ops.array([1, 7])
    >>> tuple(layer(images, labels).shape)
    (2, 4, 4, 3)

    Reference: [Dumoulin et al., 2017](https://arxiv.org/abs/1610.07629);
    [Miyato & Koyama, 2018](https://arxiv.org/abs/1802.05637), Appendix A.
    """

    settings = (*BatchNormalization.settings, "num_classes")

    def __init__(
        self,
        num_classes: int,
        momentum: float = 0.999,
        epsilon: float = 1e-5,
        **kwargs,
    ):
        super().__init__(momentum, epsilon, **kwargs)
        self.num_classes = checks.integer("num_classes", num_classes)

    def build(self, inputs_shape: tuple, labels_shape: Any = None) -> None:
        super().build(inputs_shape)

    def call(self, inputs: Any, labels: Any, training: bool = False) -> Any:
        gamma = ops.take(self.gamma, labels, axis=0)[:, None, None]
        beta = ops.take(self.beta, labels, axis=0)[:, None, None]
        return self._normalize(inputs, gamma, beta, training)

    def compute_output_shape(
        self, inputs_shape: tuple, labels_shape: Any = None
    ) -> tuple:
        return inputs_shape

    def _affine_shape(self, channels):
        return (self.num_classes, channels)

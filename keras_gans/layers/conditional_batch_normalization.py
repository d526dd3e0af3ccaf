"""Batch normalization with a scale and an offset for each class."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class ConditionalBatchNormalization(keras.layers.Layer):
    """Normalizes over the batch, then scales and shifts by class.

    For features x of shape (N, H, W, C) and labels y of shape (N,),

        x̂ = (x - μ_c) / sqrt(σ²_c + ε),    out = γ[y]_c x̂ + β[y]_c,

    where μ and σ² are the batch's moments over N, H, W in training and their
    moving averages at inference. Moments and products are float32 under every
    dtype policy.

    Args:
        num_classes: Positive int K, rows of the tables γ and β.
        momentum: Float in [0, 1), the moving averages' decay.
        epsilon: Positive float ε.

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

    def __init__(self, num_classes, momentum=0.999, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        if num_classes < 1:
            raise ValueError(
                "`num_classes` must be a positive integer. Received: "
                f"num_classes={num_classes}. For data without labels use "
                "keras.layers.BatchNormalization."
            )
        self.num_classes = num_classes
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, inputs_shape, labels_shape=None):
        channels = inputs_shape[-1]
        # Without autocast the products below are float32 under every policy.
        options = {"dtype": "float32", "autocast": False}
        table = (self.num_classes, channels)
        self.gamma = self.add_weight(
            name="gamma", shape=table, initializer="ones", **options
        )
        self.beta = self.add_weight(
            name="beta", shape=table, initializer="zeros", **options
        )
        options.update(trainable=False, aggregation="mean")
        self.moving_mean = self.add_weight(
            name="moving_mean",
            shape=(channels,),
            initializer="zeros",
            **options,
        )
        self.moving_variance = self.add_weight(
            name="moving_variance",
            shape=(channels,),
            initializer="ones",
            **options,
        )

    def call(self, inputs, labels, training=False):
        inputs = ops.cast(inputs, "float32")
        if training:
            mean, variance = ops.moments(inputs, axes=(0, 1, 2))
            self._follow(self.moving_mean, mean)
            self._follow(self.moving_variance, variance)
        else:
            mean, variance = self.moving_mean, self.moving_variance
        scale = ops.take(self.gamma, labels, axis=0) * ops.rsqrt(
            variance + self.epsilon
        )
        offset = ops.take(self.beta, labels, axis=0) - mean * scale
        outputs = inputs * scale[:, None, None] + offset[:, None, None]
        return ops.cast(outputs, self.compute_dtype)

    def _follow(self, average, value):
        average.assign(
            average * self.momentum + value * (1.0 - self.momentum)
        )

    def compute_output_shape(self, inputs_shape, labels_shape=None):
        return inputs_shape

    def get_config(self):
        config = super().get_config()
        config.update(
            num_classes=self.num_classes,
            momentum=self.momentum,
            epsilon=self.epsilon,
        )
        return config

"""Minibatch standard deviation."""

from typing import Any

import keras
from keras import ops

from keras_gans import checks
from keras_gans.layers.configured import ConfiguredLayer


@keras.saving.register_keras_serializable(package="keras_gans")
class MinibatchStdDev(ConfiguredLayer):
    """Appends the batch's mean feature deviation as one channel.

    For features x of shape (N, H, W, C), in groups of G images,

        s = mean_hwc sqrt(Var_g[x] + ε),    y = concat(x, s·1),

    which lets a discriminator notice a batch without variety. The deviation
    is float32 under every dtype policy.

    Args:
        group_size: Positive int G, or None for the whole batch. Image i is in
            group i mod (N / G).
        epsilon: Positive float; keeps the root differentiable at zero.

    Input shape: `(batch, height, width, channels)`; the batch is a multiple
    of G.
    Output shape: `(batch, height, width, channels + 1)`.

    Raises:
        ValueError: When `group_size < 1`, or a known batch size is not a
            multiple of it.

    Example:
    >>> MinibatchStdDev().compute_output_shape((8, 4, 4, 3))
    (8, 4, 4, 4)

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), §3.
    """

    settings = ("group_size", "epsilon")

    def __init__(
        self, group_size: int | None = None, epsilon: float = 1e-8, **kwargs
    ):
        super().__init__(**kwargs)
        if group_size is not None:
            checks.integer("group_size", group_size)
        self.group_size = group_size
        self.epsilon = epsilon

    def call(self, inputs: Any) -> Any:
        batch, height, width, channels = ops.shape(inputs)
        size = self.group_size or batch
        if isinstance(batch, int) and batch % size:
            raise ValueError(
                "The batch must be a multiple of `group_size`. Received: "
                f"batch={batch}, group_size={size}."
            )
        groups = ops.reshape(
            ops.cast(inputs, "float32"), (size, -1, height, width, channels)
        )
        deviation = ops.sqrt(ops.var(groups, axis=0) + self.epsilon)
        deviation = ops.mean(deviation, axis=(1, 2, 3), keepdims=True)
        deviation = ops.cast(ops.tile(deviation, (size, 1, 1, 1)), inputs.dtype)
        plane = ops.broadcast_to(deviation, (batch, height, width, 1))
        return ops.concatenate([inputs, plane], axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape[:-1], input_shape[-1] + 1)

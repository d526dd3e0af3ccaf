"""Pixelwise feature normalization (ProGAN)."""

from typing import Any

import keras
from keras import ops

from keras_gans.layers.configured import ConfiguredLayer


@keras.saving.register_keras_serializable(package="keras_gans")
class PixelNormalization(ConfiguredLayer):
    """Scales the feature vector of each pixel to unit mean square.

    For features x of C channels,

        y_c = x_c / sqrt(mean_c(x²) + ε),

    which keeps a generator's magnitudes from escalating. There is nothing to
    train. The mean is float32 under every dtype policy.

    Args:
        epsilon: Positive float ε.

    Input shape: `(..., channels)`.
    Output shape: that of the input.

    Raises:
        ValueError: When `epsilon` is not positive.

    Example:
    >>> import numpy as np
    >>> outputs = PixelNormalization()(np.array([[3.0, 4.0]], "float32"))
    >>> np.round(np.square(keras.ops.convert_to_numpy(outputs)), 3).tolist()
    [[0.72..., 1.27...]]

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), §4.2.
    """

    settings = ("epsilon",)

    def __init__(self, epsilon: float = 1e-8, **kwargs):
        super().__init__(**kwargs)
        if not epsilon > 0:
            raise ValueError(
                "`epsilon` must be positive, or the gradient at zero features "
                f"is not finite. Received: epsilon={epsilon}."
            )
        self.epsilon = epsilon

    def call(self, inputs: Any) -> Any:
        features = ops.cast(inputs, "float32")
        squares = ops.mean(ops.square(features), axis=-1, keepdims=True)
        scale = ops.rsqrt(squares + self.epsilon)
        return inputs * ops.cast(scale, inputs.dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

"""Uniform latents made of normal ones."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class NormalToUniform(keras.layers.Layer):
    """Maps z ~ N(0, 1) to u ~ U(-1, 1).

        u = 2Φ(z) - 1 = erf(z / √2),

    with Φ the normal distribution function. As the first layer of a
    generator of uniform latents, it lets such a model be sampled, truncated
    and interpolated like every other: by normal latents.

    Input shape: any. Output shape: that of the input.

    Example:
    >>> float(NormalToUniform()(keras.ops.zeros((1, 1)))[0, 0])
    0.0
    """

    def call(self, inputs: Any) -> Any:
        return ops.erf(inputs * 2.0**-0.5)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

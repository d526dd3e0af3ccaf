"""Keras's 2-D convolutions, computed in the backend's fastest form."""

from typing import Any

import keras
from keras import ops

from keras_gans import backend


@keras.saving.register_keras_serializable(package="keras_gans")
class Conv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` without the detours of `keras.ops.conv`.

    The same function of the same variables: on PyTorch without copies between
    memory formats, on JAX with gradients in forms that XLA is fast at.
    Groups have a form of their own where the stride is 1 and the padding
    `same`. Dilations, unequal strides and images with the channels first go the
    way of Keras.

    Example:
    >>> Conv2D(5, 3, padding="same").compute_output_shape((2, 8, 8, 3))
    (2, 8, 8, 5)
    """

    def call(self, inputs: Any) -> Any:
        if not _is_plain(self):
            return super().call(inputs)
        options = self.strides[0], self.padding
        if self.groups == 1:
            return _computed(self, backend.convolve, inputs, *options)
        if options != (1, "same"):
            return super().call(inputs)
        return _computed(self, backend.convolve_grouped, inputs, self.groups)


@keras.saving.register_keras_serializable(package="keras_gans")
class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose`, see `Conv2D`.

    Square kernels of stride 2 with padding `same` have a form of their own,
    as four convolutions of a quarter of the taps where that is faster; others
    go the way of Keras.

    Example:
    >>> layer = Conv2DTranspose(5, 4, 2, padding="same")
    >>> tuple(layer.compute_output_shape((2, 8, 8, 3)))
    (2, 16, 16, 5)
    """

    def call(self, inputs: Any) -> Any:
        doubling = (
            _is_plain(self)
            and self.strides[0] == 2
            and self.padding == "same"
            and self.output_padding is None
            and self.kernel_size[0] == self.kernel_size[1] >= 2
        )
        if not doubling:
            return super().call(inputs)
        return _computed(self, backend.convolve_transposed, inputs)


def _is_plain(layer):
    return (
        layer.data_format == "channels_last"
        and tuple(layer.dilation_rate) == (1, 1)
        and layer.strides[0] == layer.strides[1]
    )


def _computed(layer, convolve, inputs, *options):
    kernel = ops.convert_to_tensor(layer.kernel)
    bias = ops.convert_to_tensor(layer.bias) if layer.use_bias else None
    outputs = convolve(inputs, kernel, bias, *options)
    return outputs if layer.activation is None else layer.activation(outputs)

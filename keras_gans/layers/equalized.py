"""Layers with an equalized learning rate: unit weights, scaled when used."""

import math
from typing import Any

import keras
from keras import ops

from keras_gans import backend, checks
from keras_gans.layers.configured import ConfiguredLayer
from keras_gans.layers.resampling import UpsampleConv2D

# He's gain for leaky ReLUs, which the networks use for every layer.
GAIN = 2.0**0.5


class _EqualizedKernel(ConfiguredLayer):
    """What equalized layers share: a N(0, 1) kernel, its scale and a bias."""

    settings = ("filters", "use_bias", "gain")

    def __init__(self, filters, use_bias=True, gain=GAIN, **kwargs):
        super().__init__(**kwargs)
        self.filters = checks.integer("filters", filters)
        _check_gain(gain)
        self.use_bias = use_bias
        self.gain = gain

    def _add_weights(self, kernel_shape, fan_in):
        self.scale = self.gain / fan_in**0.5
        self.kernel = self.add_weight(
            name="kernel",
            shape=kernel_shape,
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer="zeros"
            )

    def _scaled_kernel(self):
        return ops.convert_to_tensor(self.kernel) * self.scale


@keras.saving.register_keras_serializable(package="keras_gans")
class EqualizedConv2D(_EqualizedKernel):
    """Convolution with an equalized learning rate.

    For a kernel W of size k x k on C_in channels, initialized from N(0, 1),

        out = x * (c W) + b,    c = gain / sqrt(k² C_in),

    so that features keep their variance from the start while every weight has
    the same dynamic range, whatever its layer: the step of an optimizer that
    does not depend on the gradient's scale changes each by the same share.

    Args:
        filters: Positive int, output channels.
        kernel_size: Positive int k, or a pair of such for k x l.
        padding: `same` or `valid`.
        use_bias: Whether a bias, initialized with 0, is added.
        gain: Positive float: √2 as in the released code of MSG-GAN for every
            layer, the image layers included. ProGAN uses 1 for those.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, height, width, filters)`, less k - 1 rows and l - 1
    columns with `valid`.

    Raises:
        ValueError: When `filters`, `kernel_size` or `gain` is not positive,
            or the padding is unknown.

    Example:
    >>> EqualizedConv2D(5, 4, "valid").compute_output_shape((2, 4, 4, 3))
    (2, 1, 1, 5)

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), §4.1.
    """

    settings = (*_EqualizedKernel.settings, "kernel_size", "padding")

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        padding: str = "same",
        use_bias: bool = True,
        gain: float = GAIN,
        **kwargs,
    ):
        super().__init__(filters, use_bias, gain, **kwargs)
        self.kernel_size = checks.one_or_two("kernel_size", kernel_size)
        self.padding = checks.one_of("padding", padding, ("same", "valid"))
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape: tuple) -> None:
        shape = (*self._lengths(), input_shape[-1], self.filters)
        self._add_weights(shape, math.prod(shape[:-1]))

    def call(self, inputs: Any) -> Any:
        bias = ops.convert_to_tensor(self.bias) if self.use_bias else None
        return backend.convolve(
            inputs, self._scaled_kernel(), bias, padding=self.padding
        )

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        valid = self.padding == "valid"
        less = [length - 1 if valid else 0 for length in self._lengths()]
        sizes = (
            None if length is None else length - gone
            for length, gone in zip(input_shape[1:3], less, strict=True)
        )
        return (input_shape[0], *sizes, self.filters)

    def _lengths(self):
        size = self.kernel_size
        return (size, size) if isinstance(size, int) else size


@keras.saving.register_keras_serializable(package="keras_gans")
class EqualizedUpsampleConv2D(UpsampleConv2D):
    """Doubles height and width (nearest), then convolves 3x3, equalized.

        out = up(x) * (c W) + b,    c = gain / sqrt(9 C_in),    W ~ N(0, 1),

    in the exact, cheaper form of `UpsampleConv2D`.

    Args:
        filters: Positive int, output channels.
        use_bias: Whether a bias, initialized with 0, is added.
        folding: Whether to use the folded form.
        gain: Positive float.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, 2 height, 2 width, filters)`.

    Raises:
        ValueError: When `filters` or `gain` is not positive, or the input is
            not 4-dimensional.

    Example:
    >>> EqualizedUpsampleConv2D(5).compute_output_shape((2, 4, 4, 3))
    (2, 8, 8, 5)

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), §4.1.
    """

    settings = (*UpsampleConv2D.settings, "gain")

    def __init__(
        self,
        filters: int,
        use_bias: bool = True,
        folding: bool = True,
        gain: float = GAIN,
        **kwargs,
    ):
        normal = keras.initializers.RandomNormal(stddev=1.0)
        super().__init__(filters, use_bias, folding, normal, **kwargs)
        _check_gain(gain)
        self.gain = gain

    def _convolve(self, inputs, kernel, bias):
        scale = self.gain / (9 * kernel.shape[2]) ** 0.5
        return super()._convolve(inputs, kernel * scale, bias)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        # It is not an option here.
        config.pop("kernel_initializer")
        return config


@keras.saving.register_keras_serializable(package="keras_gans")
class EqualizedLatentMap(_EqualizedKernel):
    """Turns latents into a k x k feature map, equalized.

    The transposed convolution of a 1x1 map with a k x k kernel, 'valid', as a
    matrix product: for latents z of L channels and W ~ N(0, 1),

        out_ijf = Σ_l z_l c W_lijf + b_f,    c = gain / sqrt(L).

    Args:
        filters: Positive int, output channels.
        size: Positive int k, height and width of the map, or a pair of them.
        use_bias: Whether a bias a channel, initialized with 0, is added.
        gain: Positive float.

    Input shape: `(batch, latent_dim)`.
    Output shape: `(batch, size, size, filters)`, or of both sizes.

    Raises:
        ValueError: When `filters`, `size` or `gain` is not positive.

    Example:
    >>> layer = EqualizedLatentMap(5)
    >>> tuple(layer(keras.ops.ones((2, 3))).shape), layer.count_params()
    ((2, 4, 4, 5), 245)

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), §4.1
    and Table 2.
    """

    settings = (*_EqualizedKernel.settings, "size")

    def __init__(
        self,
        filters: int,
        size: int | tuple[int, int] = 4,
        use_bias: bool = True,
        gain: float = GAIN,
        **kwargs,
    ):
        super().__init__(filters, use_bias, gain, **kwargs)
        self.size = checks.one_or_two("size", size)
        self.input_spec = keras.layers.InputSpec(ndim=2)

    def build(self, input_shape: tuple) -> None:
        latent_dim = input_shape[-1]
        self._add_weights((latent_dim, *self._shape()), latent_dim)

    def call(self, inputs: Any) -> Any:
        kernel = ops.reshape(self._scaled_kernel(), (inputs.shape[-1], -1))
        outputs = ops.matmul(inputs, kernel)
        outputs = ops.reshape(outputs, (-1, *self._shape()))
        return outputs + self.bias if self.use_bias else outputs

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], *self._shape())

    def _shape(self):
        size = self.size
        size = (size, size) if isinstance(size, int) else size
        return (*size, self.filters)


def _check_gain(gain):
    if not gain > 0:
        raise ValueError(f"`gain` must be positive. Received: gain={gain}.")

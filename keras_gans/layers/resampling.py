"""Convolutions fused exactly with the resampling beside them.

Repeating pixels is to put zeros between them and to add 2x2 neighbours;
pooling is to average 2x2 neighbours and to leave out pixels. Sums of
neighbours and convolutions commute: next to the zeros, or to what is left out,
the convolution has stride 2.
"""

from typing import Any

import keras
from keras import ops

from keras_gans import backend, checks
from keras_gans.layers import form_choice
from keras_gans.layers.configured import ConfiguredLayer


def scaled(shape: tuple, factor: float, channels: int) -> tuple:
    """Returns the shape of images with a multiple of the height and width."""
    sizes = (None if n is None else int(factor * n) for n in shape[1:3])
    return (shape[0], *sizes, channels)


class NHWCLayer(ConfiguredLayer):
    """A layer of images whose channels come last."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        if keras.config.image_data_format() != "channels_last":
            raise ValueError(
                f"{type(self).__name__} takes images with the channels last. "
                "Received: keras.config.image_data_format()="
                f"{keras.config.image_data_format()!r}. Call "
                "keras.config.set_image_data_format('channels_last') first."
            )


@keras.saving.register_keras_serializable(package="keras_gans")
class Upsample2D(NHWCLayer):
    """Doubles height and width: every pixel becomes 2x2 equal ones.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, 2 height, 2 width, channels)`.

    Raises:
        ValueError: When Keras's image data format is `channels_first`.

    Example:
    >>> Upsample2D().compute_output_shape((2, 4, 4, 3))
    (2, 8, 8, 3)
    """

    def call(self, inputs: Any) -> Any:
        return backend.upsample(inputs)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return scaled(input_shape, 2, input_shape[-1])


@keras.saving.register_keras_serializable(package="keras_gans")
class AveragePool2D(NHWCLayer):
    """Halves height and width: the means of 2x2 pixels.

    An odd last row or column is left out.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, height // 2, width // 2, channels)`.

    Raises:
        ValueError: When Keras's image data format is `channels_first`.

    Example:
    >>> AveragePool2D().compute_output_shape((2, 4, 4, 3))
    (2, 2, 2, 3)
    """

    def call(self, inputs: Any) -> Any:
        return backend.average_pool(inputs)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return scaled(input_shape, 0.5, input_shape[-1])


class _ResamplingConv2D(NHWCLayer):
    """What the two fused convolutions share: a 3x3 kernel and a bias.

    A subclass has the two forms `_folded` and `_plain` of one function.
    """

    settings = ("filters", "use_bias", "folding")

    def __init__(
        self,
        filters: int,
        use_bias: bool = True,
        folding: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = checks.integer("filters", filters)
        self.use_bias = use_bias
        self.folding = folding
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape: tuple) -> None:
        self.kernel = self.add_weight(
            name="kernel",
            shape=(3, 3, input_shape[-1], self.filters),
            initializer=self.kernel_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer="zeros"
            )

    def call(self, inputs: Any) -> Any:
        bias = ops.convert_to_tensor(self.bias) if self.use_bias else None
        return self._convolve(inputs, ops.convert_to_tensor(self.kernel), bias)

    def _convolve(self, inputs, kernel, bias):
        forms = {"folded": self._folded, "plain": self._plain}
        chosen = "plain"
        if self.folding:
            chosen = form_choice.faster(self._function, forms, inputs, kernel)
        return forms[chosen](inputs, kernel, bias)

    def get_config(self) -> dict[str, Any]:
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return super().get_config() | {"kernel_initializer": initializer}


@keras.saving.register_keras_serializable(package="keras_gans")
class UpsampleConv2D(_ResamplingConv2D):
    """Doubles height and width (nearest), then convolves 3x3, 'same'.

    The folded form is exactly the same function with a quarter of the
    multiplications: with W' the flipped 3x3 kernel W, T the transposed
    convolution of stride 2 and B the sums of 2x2 neighbours,

        W * repeat(x) = B T_{W'} x.

    The variable stays the 3x3 kernel.

    Args:
        filters: Positive int, output channels.
        use_bias: Whether a bias is added.
        folding: Whether the folded form may be used. On CPUs it then is; on
            other devices whichever form is measured to be the faster one, see
            `keras_gans.layers.form_choice`.
        kernel_initializer: Initializer of the `(3, 3, in, out)` kernel.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, 2 height, 2 width, filters)`.

    Raises:
        ValueError: When `filters < 1`, the input is not 4-dimensional, or
            Keras's image data format is `channels_first`.

    Example:
    >>> UpsampleConv2D(5).compute_output_shape((2, 4, 4, 3))
    (2, 8, 8, 5)
    """

    # By this name measurements are kept.
    _function = "upsample_convolve"

    @staticmethod
    def _plain(inputs, kernel, bias):
        return backend.convolve(backend.upsample(inputs), kernel, bias)

    @staticmethod
    def _folded(inputs, kernel, bias):
        # Times 4, which is exact: the filter takes means.
        turned = 4 * ops.transpose(ops.flip(kernel, (0, 1)), (0, 1, 3, 2))
        spread = backend.convolve_transposed(inputs, turned, None, "valid")
        outputs = backend.box_filter(spread, "valid")
        # PyTorch is slow where an odd size, a bias and bfloat16 meet.
        return outputs if bias is None else outputs + bias

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return scaled(input_shape, 2, self.filters)


@keras.saving.register_keras_serializable(package="keras_gans")
class Conv2DAveragePool(_ResamplingConv2D):
    """Convolves 3x3, 'same', then averages over 2x2 pixels.

    The folded form is exactly the same function with a quarter of the
    multiplications: with B the means of 2x2 neighbours and ↓ leaving out every
    second pixel,

        pool(W * x) = ↓(W * B x),

    a convolution of stride 2. The variable stays the 3x3 kernel W. The
    arguments are those of `UpsampleConv2D`.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, height // 2, width // 2, filters)`.

    Raises:
        ValueError: When `filters < 1`, the input is not 4-dimensional, or
            Keras's image data format is `channels_first`.

    Example:
    >>> Conv2DAveragePool(5).compute_output_shape((2, 4, 4, 3))
    (2, 2, 2, 5)
    """

    _function = "convolve_pool"

    @staticmethod
    def _plain(inputs, kernel, bias):
        return backend.average_pool(backend.convolve(inputs, kernel, bias))

    @staticmethod
    def _folded(inputs, kernel, bias):
        return backend.convolve_means(inputs, kernel, bias)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return scaled(input_shape, 0.5, self.filters)

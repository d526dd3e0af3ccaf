"""Convolutions fused exactly with the resampling beside them."""

import keras
from keras import ops

from keras_gans import backend

# One axis of a 3-tap kernel convolved with two ones:
# (w0, w1, w2) -> (w0, w0 + w1, w1 + w2, w2).
_FOLD = ((1, 0, 0), (1, 1, 0), (0, 1, 1), (0, 0, 1))


def fold(kernel):
    """Returns the 4x4 kernel W * ones(2, 2) of a 3x3 kernel W, fully padded.

    Args:
        kernel: Tensor of shape `(3, 3, inputs, outputs)`.

    Returns:
        Tensor of shape `(4, 4, inputs, outputs)`.
    """
    inputs, outputs = kernel.shape[2:]
    matrix = ops.cast(ops.array(_FOLD), kernel.dtype)
    matrix = ops.reshape(
        matrix[:, None, :, None] * matrix[None, :, None, :], (16, 9)
    )
    folded = ops.matmul(matrix, ops.reshape(kernel, (9, inputs * outputs)))
    return ops.reshape(folded, (4, 4, inputs, outputs))


class _ResamplingConv2D(keras.layers.Layer):
    """What the two fused convolutions share: a 3x3 kernel and a bias."""

    def __init__(
        self,
        filters,
        use_bias=True,
        folding=True,
        kernel_initializer="glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if filters < 1:
            raise ValueError(
                f"`filters` must be positive. Received: filters={filters}."
            )
        self.filters = filters
        self.use_bias = use_bias
        self.folding = folding
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel",
            shape=(3, 3, input_shape[-1], self.filters),
            initializer=self.kernel_initializer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=(self.filters,), initializer="zeros"
            )

    def call(self, inputs):
        kernel = ops.convert_to_tensor(self.kernel)
        outputs = self._convolve(inputs, kernel)
        return outputs + self.bias if self.use_bias else outputs

    def get_config(self):
        config = super().get_config()
        config.update(
            filters=self.filters,
            use_bias=self.use_bias,
            folding=self.folding,
            kernel_initializer=keras.initializers.serialize(
                self.kernel_initializer
            ),
        )
        return config


@keras.saving.register_keras_serializable(package="keras_gans")
class UpsampleConv2D(_ResamplingConv2D):
    """Doubles height and width (nearest), then convolves 3x3, 'same'.

    The folded form is exactly the same function with 4/9 of the
    multiplications: every output pixel sees at most 2x2 distinct input
    pixels, so the 3x3 kernel W becomes one 4x4 transposed convolution of
    stride 2 with the flipped W * ones(2, 2), or four 2x2 convolutions, one a
    phase, followed by depth-to-space. The variable stays the 3x3 kernel.

    Args:
        filters: Positive int, output channels.
        use_bias: Whether a bias is added.
        folding: Whether to use the folded form.
        kernel_initializer: Initializer of the `(3, 3, in, out)` kernel.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, 2 height, 2 width, filters)`.

    Raises:
        ValueError: When `filters < 1`, or the input is not 4-dimensional.

    Example:
    >>> UpsampleConv2D(5).compute_output_shape((2, 4, 4, 3))
    (2, 8, 8, 5)
    """

    def _convolve(self, inputs, kernel):
        if not self.folding:
            inputs = ops.repeat(ops.repeat(inputs, 2, axis=1), 2, axis=2)
            return ops.conv(inputs, kernel, padding="same")
        folded = fold(kernel)
        if backend.UPSAMPLING == "transposed":
            folded = ops.transpose(ops.flip(folded, (0, 1)), (0, 1, 3, 2))
            return ops.conv_transpose(inputs, folded, 2, padding="same")
        return self._phases(inputs, folded)

    def _phases(self, inputs, folded):
        # Output (2i + a, 2j + b) is a 2x2 convolution of the padded input at
        # (i + a, j + b) with every second tap of the folded kernel.
        height, width = inputs.shape[1:3]
        padded = ops.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)))
        rows = []
        for a in (0, 1):
            columns = []
            for b in (0, 1):
                window = padded[:, a : a + height + 1, b : b + width + 1]
                taps = folded[a::2, b::2]
                columns.append(ops.conv(window, taps, padding="valid"))
            rows.append(ops.stack(columns, axis=3))
        outputs = ops.stack(rows, axis=2)
        return ops.reshape(outputs, (-1, 2 * height, 2 * width, self.filters))

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (
            batch,
            None if height is None else 2 * height,
            None if width is None else 2 * width,
            self.filters,
        )


@keras.saving.register_keras_serializable(package="keras_gans")
class Conv2DAveragePool(_ResamplingConv2D):
    """Convolves 3x3, 'same', then averages over 2x2 pixels.

    The folded form is exactly the same function with 4/9 of the
    multiplications: one 4x4 convolution of stride 2 with (W * ones(2, 2)) / 4.
    The variable stays the 3x3 kernel W.

    Args:
        filters: Positive int, output channels.
        use_bias: Whether a bias is added.
        folding: Whether to use the folded form. An odd height or width uses
            the plain form, which drops the last row or column.
        kernel_initializer: Initializer of the `(3, 3, in, out)` kernel.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, height // 2, width // 2, filters)`.

    Raises:
        ValueError: When `filters < 1`, or the input is not 4-dimensional.

    Example:
    >>> Conv2DAveragePool(5).compute_output_shape((2, 4, 4, 3))
    (2, 2, 2, 5)
    """

    def _convolve(self, inputs, kernel):
        height, width = inputs.shape[1:3]
        if self.folding and height and width and not (height | width) % 2:
            return ops.conv(inputs, fold(kernel) / 4, 2, padding="same")
        outputs = ops.conv(inputs, kernel, padding="same")
        return ops.average_pool(outputs, 2, 2)

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (
            batch,
            None if height is None else height // 2,
            None if width is None else width // 2,
            self.filters,
        )

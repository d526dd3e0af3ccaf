"""Convolutions of NHWC images on JAX, in the forms that XLA is fast at.

On a CPU, XLA's gradients of strided and transposed convolutions are several
times slower than convolutions of stride 1, and large batches fall out of the
caches. So transposed convolutions are four of stride 1, one a phase of the
pixels, gradients of kernels are one matrix product a tap, and a batch is worked
off in parts.

On other devices, not measured, a batch is one part and gradients of kernels are
XLA's, for which there are kernels: of convolutions whose images have no zeros
between the pixels. Those with zeros are reported slow on CUDA (jax-ml/jax
#23783, openxla/xla #34273), and no form of stride 1 or 2 here has any.
"""

import math
from functools import partial
from typing import Any

import jax
import keras
from jax import lax
from jax import numpy as jnp

from keras_gans.backend.jax import device_kind

# Numbers of a part of a batch. Measured from 2^17 to 2^21 on two cores.
_PART = 2**19


def convolve(
    inputs: Any,
    kernel: Any,
    bias: Any = None,
    strides: int = 1,
    padding: str = "same",
) -> Any:
    """Returns a 2-D convolution plus a bias; see `keras_gans.backend`."""
    inputs = inputs.astype(kernel.dtype)
    lengths, sizes = inputs.shape[1:3], kernel.shape[:2]
    around = ((0, 0), (0, 0))
    if padding == "same":
        around = _around(lengths, sizes, strides)
    if strides <= 2:
        function = partial(_convolve, around, strides, lengths)
        outputs = _by_parts(function, inputs, kernel)
    else:
        outputs = _plain(inputs, kernel, around, strides)
    return outputs if bias is None else outputs + bias


def convolve_transposed(
    inputs: Any, kernel: Any, bias: Any = None, padding: str = "same"
) -> Any:
    """Returns a transposed convolution of stride 2, plus a bias."""
    inputs = inputs.astype(kernel.dtype)
    surplus = kernel.shape[0] - 2
    before = surplus // 2 if padding == "same" else 0
    after = surplus - before if padding == "same" else 0
    grown = surplus - before - after
    lengths = tuple(2 * length + grown for length in inputs.shape[1:3])
    function = partial(_convolve_back, ((before, after),) * 2, 2, lengths)
    # Four times the images' numbers come out.
    outputs = _by_parts(function, inputs, kernel, 4)
    return outputs if bias is None else outputs + bias


def box_filter(inputs: Any, padding: str) -> Any:
    """Returns the means of all 2x2 neighbours of NHWC images."""
    means = inputs.astype(jnp.float32)
    if padding == "full":
        means = jnp.pad(means, ((0, 0), (1, 1), (1, 1), (0, 0)))
    means = means[:, 1:] + means[:, :-1]
    means = means[:, :, 1:] + means[:, :, :-1]
    return (means / 4).astype(inputs.dtype)


def convolve_means(inputs: Any, kernel: Any, bias: Any = None) -> Any:
    """Returns a convolution of stride 2 of all 2x2 neighbours' means."""
    return convolve(box_filter(inputs, "full"), kernel, bias, 2, "valid")


def average_pool(inputs: Any) -> Any:
    """Returns the means of 2x2 pixels of NHWC images, an odd end left out."""
    count, height, width, channels = inputs.shape
    height, width = height // 2, width // 2
    blocks = jnp.reshape(
        inputs[:, : 2 * height, : 2 * width],
        (count, height, 2, width, 2, channels),
    )
    return jnp.mean(blocks, axis=(2, 4), dtype=jnp.float32).astype(inputs.dtype)


def upsample(inputs: Any) -> Any:
    """Returns NHWC images of twice the size, every pixel repeated 2x2."""
    count, height, width, channels = inputs.shape
    repeated = jnp.broadcast_to(
        inputs[:, :, None, :, None], (count, height, 2, width, 2, channels)
    )
    return jnp.reshape(repeated, (count, 2 * height, 2 * width, channels))


def _plain(inputs, kernel, around, strides=1):
    return lax.conv_general_dilated(
        inputs,
        kernel,
        (strides, strides),
        around,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )


def _around(lengths, sizes, stride):
    """Returns the zeros of 'same' padding at both ends of both axes."""
    around = []
    for length, size in zip(lengths, sizes, strict=True):
        steps = math.ceil(length / stride)
        total = max(0, (steps - 1) * stride + size - length)
        around.append((total // 2, total - total // 2))
    return tuple(around)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _convolve(around, strides, lengths, inputs, kernel):
    """Convolves images of these lengths, with these zeros around."""
    del lengths
    return _plain(inputs, kernel, around, strides)


def _convolve_backward(around, strides, lengths, residuals, gradient):
    inputs, kernel = residuals
    return (
        _convolve_back(around, strides, lengths, gradient, kernel),
        _by_kernel(around, strides, inputs, gradient, kernel),
    )


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _convolve_back(around, strides, lengths, gradient, kernel):
    """Returns the gradient of `_convolve` by its inputs, of these lengths.

    Row p of the inputs met row o of the outputs at tap k = p + before -
    strides o: for the rows p = strides i + phase a convolution of stride 1
    with the taps first, first + strides, ..., in reverse.
    """
    rows, columns = (
        [
            _phase(*axis, strides, phase)
            for phase in range(min(strides, axis[0]))
        ]
        for axis in zip(
            lengths,
            gradient.shape[1:3],
            kernel.shape[:2],
            [before for before, _ in around],
            strict=True,
        )
    )
    turned = jnp.transpose(kernel, (0, 1, 3, 2))
    parts = [
        [
            _plain(
                gradient,
                turned[row::strides, column::strides][::-1, ::-1],
                (above, beside),
            )
            for column, beside in columns
        ]
        for row, above in rows
    ]
    return _interleaved(
        [_interleaved(part, 2, lengths[1]) for part in parts], 1, lengths[0]
    )


def _phase(length, outputs, size, before, strides, phase):
    """Returns the first tap of a phase, and the zeros around its gradient."""
    first = (phase + before) % strides
    taps = len(range(first, size, strides))
    start = (phase + before - first) // strides - taps + 1
    count = len(range(phase, length, strides))
    return first, (-start, start + taps - 1 + count - outputs)


def _interleaved(parts, axis, length):
    """Returns a row of each of the parts in turn."""
    if len(parts) == 1:
        return parts[0]
    longest = parts[0].shape[axis]
    parts = [
        jnp.pad(
            part,
            [
                (0, longest - part.shape[axis] if index == axis else 0)
                for index in range(4)
            ],
        )
        for part in parts
    ]
    shape = list(parts[0].shape)
    shape[axis] *= len(parts)
    joined = jnp.reshape(jnp.stack(parts, axis + 1), shape)
    return lax.slice_in_dim(joined, 0, length, axis=axis)


def _convolve_back_backward(around, strides, lengths, residuals, inputs):
    gradient, kernel = residuals
    return (
        _convolve(around, strides, lengths, inputs, kernel),
        _by_kernel(around, strides, inputs, gradient, kernel),
    )


def _by_kernel(around, strides, inputs, gradient, kernel):
    """Returns the gradient of `_convolve` by its kernel."""
    if device_kind() != "cpu":
        sizes = kernel.shape[:2]
        return _by_kernel_at_once(around, strides, sizes, inputs, gradient)
    rows, columns, channels, filters = kernel.shape
    height, width = (
        strides * (length - 1) + 1 for length in gradient.shape[1:3]
    )
    padded = jnp.pad(inputs, ((0, 0), *around, (0, 0)))
    flat = jnp.reshape(gradient, (-1, filters))
    taps = [
        jnp.matmul(
            jnp.reshape(
                padded[
                    :,
                    row : row + height : strides,
                    column : column + width : strides,
                ],
                (-1, channels),
            ).T,
            flat,
            preferred_element_type=jnp.float32,
        )
        for row in range(rows)
        for column in range(columns)
    ]
    return jnp.reshape(jnp.stack(taps), kernel.shape).astype(kernel.dtype)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _by_kernel_at_once(around, strides, sizes, inputs, gradient):
    """Returns the gradient of `_convolve` by a kernel of this size, by XLA."""
    shape = (*sizes, inputs.shape[-1], gradient.shape[-1])
    convolve = jax.linear_transpose(
        lambda kernel: _plain(inputs, kernel, around, strides),
        jax.ShapeDtypeStruct(shape, gradient.dtype),
    )
    return convolve(gradient)[0]


def _by_kernel_at_once_backward(around, strides, sizes, residuals, upstream):
    del sizes
    inputs, gradient = residuals
    lengths = inputs.shape[1:3]
    return (
        _convolve_back(around, strides, lengths, gradient, upstream),
        _convolve(around, strides, lengths, inputs, upstream),
    )


def _keeping_tensors(function):
    """Returns a forward pass that keeps the last two arguments, its tensors."""

    def forward(*arguments):
        return function(*arguments), arguments[-2:]

    return forward


_convolve.defvjp(_keeping_tensors(_convolve), _convolve_backward)
_convolve_back.defvjp(_keeping_tensors(_convolve_back), _convolve_back_backward)
_by_kernel_at_once.defvjp(
    _keeping_tensors(_by_kernel_at_once), _by_kernel_at_once_backward
)


def _by_parts(function, inputs, kernel, growth=1):
    """Returns `function(inputs, kernel)`, on a CPU part by part."""
    size = _part(inputs.shape, growth)
    if size == inputs.shape[0]:
        return function(inputs, kernel)
    return _worked_off(function, size, inputs, kernel)


def _part(shape, growth):
    """Returns the images of a part: a divisor of the batch."""
    count, numbers = shape[0], growth * math.prod(shape[1:])
    # A batch that is spread over devices must not be cut.
    if device_kind() != "cpu" or keras.distribution.distribution():
        return count
    most = max(1, _PART // numbers)
    return max(d for d in range(1, count + 1) if d <= most and not count % d)


def _split(images, size):
    return jnp.reshape(images, (-1, size, *images.shape[1:]))


def _joined(parts):
    return jnp.reshape(parts, (-1, *parts.shape[2:]))


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _worked_off(function, size, inputs, kernel):
    outputs = lax.map(lambda part: function(part, kernel), _split(inputs, size))
    return _joined(outputs)


def _worked_off_backward(function, size, residuals, gradient):
    inputs, kernel = residuals

    def add(total, part):
        _, pullback = jax.vjp(function, part[0], kernel)
        by_inputs, by_kernel = pullback(part[1])
        return total + by_kernel.astype(total.dtype), by_inputs

    by_kernel, by_inputs = lax.scan(
        add,
        jnp.zeros(kernel.shape, jnp.float32),
        (_split(inputs, size), _split(gradient, size)),
    )
    return _joined(by_inputs), by_kernel.astype(kernel.dtype)


_worked_off.defvjp(_keeping_tensors(_worked_off), _worked_off_backward)

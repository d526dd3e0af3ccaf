"""Convolutions of NHWC images on JAX, in the forms that XLA is fast at.

On a CPU, XLA's gradients of strided and transposed convolutions are several
times slower than those of plain ones, and large batches fall out of the
caches. So resampling convolutions are brought to plain ones of stride 1 by
moving pixels between space and channels, gradients of kernels are one matrix
product a tap, and a batch is worked off in parts.
"""

import math
from functools import partial

import jax
import keras
from jax import lax
from jax import numpy as jnp

# Numbers of a part of a batch. Measured from 2^17 to 2^21 on two cores.
_PART = 2**19


def convolve(inputs, kernel, bias=None, strides=1, padding="same"):
    """Returns a 2-D convolution plus a bias, as `keras.ops.conv` does.

    Args:
        inputs: `(batch, height, width, channels)`.
        kernel: `(rows, columns, channels, filters)`.
        bias: `(filters,)`, or None.
        strides: Int, of both axes.
        padding: `same` or `valid`.
    """
    inputs = inputs.astype(kernel.dtype)
    around = ((0, 0), (0, 0))
    if padding == "same":
        around = _around(inputs.shape[1:3], kernel.shape[:2], strides)
    if strides == 1:
        function = partial(_convolve, around)
        outputs = _by_parts(function, inputs, kernel)
    elif strides == 2 and kernel.shape[0] == kernel.shape[1]:
        function = partial(_convolve_halving, around)
        outputs = _by_parts(function, inputs, kernel)
    else:
        outputs = _plain(inputs, kernel, around, strides)
    return outputs if bias is None else outputs + bias


def convolve_transposed(inputs, kernel, bias=None):
    """Returns a transposed convolution of stride 2, 'same', plus a bias.

    Args:
        inputs: `(batch, height, width, channels)`.
        kernel: `(size, size, filters, channels)`, size at least 2.
        bias: `(filters,)`, or None.
    """
    inputs = inputs.astype(kernel.dtype)
    # Four times the images' numbers come out.
    outputs = _by_parts(_convolve_doubling, inputs, kernel, 4)
    return outputs if bias is None else outputs + bias


def average_pool(inputs):
    """Returns the means of 2x2 pixels of NHWC images, an odd end left out."""
    count, height, width, channels = inputs.shape
    height, width = height // 2, width // 2
    blocks = jnp.reshape(
        inputs[:, : 2 * height, : 2 * width],
        (count, height, 2, width, 2, channels),
    )
    return jnp.mean(blocks, axis=(2, 4), dtype=jnp.float32).astype(inputs.dtype)


def upsample(inputs):
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


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _convolve(around, inputs, kernel):
    """Convolves with stride 1, with fewer zeros around than taps."""
    return _plain(inputs, kernel, around)


def _convolve_forward(around, inputs, kernel):
    return _convolve(around, inputs, kernel), (inputs, kernel)


def _convolve_backward(around, residuals, gradient):
    inputs, kernel = residuals
    rows, columns, channels, filters = kernel.shape
    height, width = gradient.shape[1:3]
    missing = tuple(
        (size - 1 - before, size - 1 - after)
        for size, (before, after) in zip((rows, columns), around, strict=True)
    )
    turned = jnp.transpose(kernel[::-1, ::-1], (0, 1, 3, 2))
    padded = jnp.pad(inputs, ((0, 0), *around, (0, 0)))
    flat = jnp.reshape(gradient, (-1, filters))
    taps = [
        jnp.matmul(
            jnp.reshape(
                padded[:, row : row + height, column : column + width],
                (-1, channels),
            ).T,
            flat,
            preferred_element_type=jnp.float32,
        )
        for row in range(rows)
        for column in range(columns)
    ]
    by_kernel = jnp.reshape(jnp.stack(taps), kernel.shape)
    return _convolve(missing, gradient, turned), by_kernel.astype(kernel.dtype)


_convolve.defvjp(_convolve_forward, _convolve_backward)


def _convolve_halving(around, inputs, kernel):
    """Convolves with stride 2: blocks of 2x2 pixels become channels."""
    count, *lengths, channels = inputs.shape
    size, filters = kernel.shape[0], kernel.shape[-1]
    half = math.ceil(size / 2)
    # An even number of rows, columns and taps; surplus taps are 0.
    blocks = [
        (length + sum(zeros) - size) // 2 + half
        for length, zeros in zip(lengths, around, strict=True)
    ]
    ends = [
        (before, 2 * number - length - before, 0)
        for length, (before, _), number in zip(
            lengths, around, blocks, strict=True
        )
    ]
    zero = jnp.zeros((), inputs.dtype)
    inputs = lax.pad(inputs, zero, [(0, 0, 0), *ends, (0, 0, 0)])
    rows, columns = blocks
    missing = (0, 2 * half - size)
    kernel = jnp.pad(kernel, (missing, missing, (0, 0), (0, 0)))
    inputs = jnp.reshape(inputs, (count, rows, 2, columns, 2, channels))
    inputs = jnp.transpose(inputs, (0, 1, 3, 2, 4, 5))
    taps = jnp.reshape(kernel, (half, 2, half, 2, channels, filters))
    taps = jnp.transpose(taps, (0, 2, 1, 3, 4, 5))
    return _convolve(
        ((0, 0), (0, 0)),
        jnp.reshape(inputs, (count, rows, columns, 4 * channels)),
        jnp.reshape(taps, (half, half, 4 * channels, filters)),
    )


def _convolve_doubling(inputs, kernel):
    """Convolves transposed, stride 2: one convolution for each of 4 phases.

    Output 2i + a is the sum over j of input j times tap 2i + a + p - 2j, with
    p the rows that 'same' takes off the first end: a convolution with every
    second tap.
    """
    size = kernel.shape[0]
    off = (size - 2) // 2
    phases = []
    for phase in (0, 1):
        first = (phase + off) % 2
        count = len(range(first, size, 2))
        start = (phase + off - first) // 2 - count + 1
        phases.append((first, (-start, start + count - 1)))
    turned = jnp.transpose(kernel, (0, 1, 3, 2))
    rows = []
    for row, above in phases:
        columns = [
            _convolve(
                (above, beside),
                inputs,
                turned[row::2, column::2][::-1, ::-1],
            )
            for column, beside in phases
        ]
        rows.append(jnp.stack(columns, axis=3))
    outputs = jnp.stack(rows, axis=2)
    height, width = (2 * length for length in inputs.shape[1:3])
    return jnp.reshape(outputs, (-1, height, width, kernel.shape[2]))


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
    if jax.default_backend() != "cpu" or keras.distribution.distribution():
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


def _worked_off_forward(function, size, inputs, kernel):
    return _worked_off(function, size, inputs, kernel), (inputs, kernel)


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


_worked_off.defvjp(_worked_off_forward, _worked_off_backward)

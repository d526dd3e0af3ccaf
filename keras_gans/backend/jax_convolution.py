"""Convolutions of NHWC images on JAX, in the forms that XLA is fast at.

On a CPU, XLA's gradients of strided and transposed convolutions are several
times slower than convolutions of stride 1. So transposed convolutions are four
of stride 1, one a phase of the pixels, and gradients of kernels are matrix
products, in the forms of `jax_products`.

On other devices, not measured, a batch is one part and gradients of kernels are
XLA's, for which there are kernels: of convolutions whose images have no zeros
between the pixels. Those with zeros are reported slow on CUDA (jax-ml/jax
#23783, openxla/xla #34273), and no form of stride 1 or 2 here has any.
"""

import math
from functools import partial
from typing import Any

import jax
from jax import lax
from jax import numpy as jnp

from keras_gans.backend.grouped import convolve_in_parts
from keras_gans.backend.jax import device_kind
from keras_gans.backend.jax_products import (
    cuts_batches,
    in_parts,
    interleaved,
    is_narrow,
    kernel_gradient,
    multiplies_bfloat16,
    sum_of_pixels,
    sum_of_taps,
)


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
        outputs = _convolve(around, strides, lengths, inputs, kernel)
    else:
        outputs = _plain(inputs, kernel, around, strides)
    return outputs if bias is None else _plus(outputs, bias)


def convolve_grouped(
    inputs: Any, kernel: Any, bias: Any = None, groups: int = 1
) -> Any:
    """Returns a grouped convolution plus a bias; see `keras_gans.backend`."""
    if device_kind() == "cpu":
        outputs = convolve_in_parts(convolve, inputs, kernel, groups)
    else:
        outputs = lax.conv_general_dilated(
            inputs.astype(kernel.dtype),
            kernel,
            (1, 1),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=groups,
        )
    return outputs if bias is None else _plus(outputs, bias)


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
    around = ((before, after),) * 2
    outputs = _convolve_back(around, 2, lengths, inputs, kernel)
    return outputs if bias is None else _plus(outputs, bias)


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


@jax.custom_vjp
def _plus(outputs, bias):
    return outputs + bias.astype(outputs.dtype)


def _plus_forward(outputs, bias):
    return _plus(outputs, bias), bias


def _plus_backward(bias, gradient):
    if cuts_batches() and _by_taps(gradient):
        total = sum_of_pixels(gradient)
    else:
        total = jnp.sum(gradient, (0, 1, 2))
    return gradient, total.astype(bias.dtype)


_plus.defvjp(_plus_forward, _plus_backward)


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


# Three functions, linear in each of their tensors, which are one another's
# derivatives: those of any order stay in the same fast forms.


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _convolve(around, strides, lengths, inputs, kernel):
    """Convolves images of these lengths, with these zeros around."""
    del lengths
    function = partial(
        _stride_by_stride, kernel=kernel, around=around, strides=strides
    )
    if not _is_cut(inputs, kernel):
        return function(inputs)
    return in_parts(function, inputs, _numbers(inputs.shape, kernel))


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _convolve_back(around, strides, lengths, gradient, kernel):
    """Returns the gradient of `_convolve` by its inputs, of these lengths."""
    turned = jnp.transpose(kernel, (0, 1, 3, 2))
    function = partial(
        _phases, kernel=turned, around=around, strides=strides, lengths=lengths
    )
    cut = cuts_batches() and strides > 1
    if not (cut or _is_cut(gradient, turned)):
        return function(gradient)
    shape = (len(gradient), *lengths, turned.shape[2])
    return in_parts(function, gradient, _numbers(shape, turned))


@partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _by_kernel(around, strides, sizes, inputs, gradient):
    """Returns the gradient of `_convolve` by its kernel, of these sizes."""
    if device_kind() == "cpu":
        by_kernel = kernel_gradient(inputs, gradient, around, strides, sizes)
        return by_kernel.astype(inputs.dtype)
    shape = (*sizes, inputs.shape[-1], gradient.shape[-1])
    convolve = jax.linear_transpose(
        lambda kernel: _plain(inputs, kernel, around, strides),
        jax.ShapeDtypeStruct(shape, gradient.dtype),
    )
    return convolve(gradient)[0]


def _is_cut(images, kernel):
    """Returns whether a convolution of stride 1 or 2 is cut into parts.

    XLA's own does not depend on the caches, but for few filters.
    """
    few = is_narrow(kernel.shape[3])
    return cuts_batches() and (_by_taps(images) or few)


def _by_taps(images):
    return images.dtype == jnp.bfloat16 and multiplies_bfloat16()


def _numbers(shape, kernel):
    """Returns the numbers of the larger of an image and what comes of it."""
    return math.prod(shape[1:3]) * max(kernel.shape[2:])


def _stride_by_stride(images, kernel, around, strides=1):
    """Convolves by XLA's convolution, or by products where these are faster."""
    if cuts_batches() and _by_taps(images):
        return sum_of_taps(images, kernel, around, strides)
    return _plain(images, kernel, around, strides)


def _phases(gradient, kernel, around, strides, lengths):
    """Returns a transposed convolution, phase by phase of its pixels.

    Row p of the inputs met row o of the outputs at tap k = p + before -
    strides o: for the rows p = strides i + phase a convolution of stride 1
    with the taps first, first + strides, ..., in reverse.
    """
    # On a CPU, XLA's convolution is slow where more comes out than goes in.
    form = _stride_by_stride
    if cuts_batches() and strides > 1:
        form = sum_of_taps
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
    parts = [
        [
            form(
                gradient,
                kernel[row::strides, column::strides][::-1, ::-1],
                (above, beside),
            )
            for column, beside in columns
        ]
        for row, above in rows
    ]
    return interleaved(
        [interleaved(part, 2, lengths[1]) for part in parts], 1, lengths[0]
    )


def _phase(length, outputs, size, before, strides, phase):
    """Returns the first tap of a phase, and the zeros around its gradient."""
    first = (phase + before) % strides
    taps = len(range(first, size, strides))
    start = (phase + before - first) // strides - taps + 1
    count = len(range(phase, length, strides))
    return first, (-start, start + taps - 1 + count - outputs)


def _keeping_tensors(function):
    """Returns a forward pass that keeps the last two arguments, its tensors."""

    def forward(*arguments):
        return function(*arguments), arguments[-2:]

    return forward


def _convolve_backward(around, strides, lengths, residuals, gradient):
    inputs, kernel = residuals
    return (
        _convolve_back(around, strides, lengths, gradient, kernel),
        _by_kernel(around, strides, kernel.shape[:2], inputs, gradient),
    )


def _convolve_back_backward(around, strides, lengths, residuals, inputs):
    gradient, kernel = residuals
    return (
        _convolve(around, strides, lengths, inputs, kernel),
        _by_kernel(around, strides, kernel.shape[:2], inputs, gradient),
    )


def _by_kernel_backward(around, strides, sizes, residuals, kernel):
    del sizes
    inputs, gradient = residuals
    lengths = inputs.shape[1:3]
    return (
        _convolve_back(around, strides, lengths, gradient, kernel),
        _convolve(around, strides, lengths, inputs, kernel),
    )


_convolve.defvjp(_keeping_tensors(_convolve), _convolve_backward)
_convolve_back.defvjp(_keeping_tensors(_convolve_back), _convolve_back_backward)
_by_kernel.defvjp(_keeping_tensors(_by_kernel), _by_kernel_backward)

"""Convolutions of NHWC images as matrix products, in parts of a batch.

XLA's products on CPUs run at the peak where rows lie one after the other in
memory, the left factor's too, and where what they read stays in the caches.
Those of bfloat16 numbers with float32 sums take half of float32's time on CPUs
that have such instructions; its convolutions always compute in float32.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import keras
from jax import lax
from jax import numpy as jnp
from jax.experimental.layout import Layout, with_layout_constraint

from keras_gans.backend.jax import device_kind
from keras_gans.environment import processor_flags

# Numbers of a part of a batch. Measured from 2^17 to 2^20.
_PART = 2**18
# Channels up to which all taps together make one factor of a product.
_NARROW = 8
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


def cuts_batches() -> bool:
    """Returns whether batches are worked off in parts: on one CPU."""
    # A batch that is spread over devices must not be cut.
    return device_kind() == "cpu" and keras.distribution.distribution() is None


@functools.cache
def multiplies_bfloat16() -> bool:
    """Returns whether the CPU has instructions for bfloat16 products."""
    return not _BFLOAT16_FLAGS.isdisjoint(processor_flags())


def is_narrow(channels: int) -> bool:
    """Returns whether all taps of so few channels make one factor."""
    return channels <= _NARROW


def in_parts(function: Callable, images: Any, numbers: int) -> Any:
    """Returns `function(images)`, computed part by part.

    Args:
        function: What maps each of the images by itself.
        images: Tensor, images along its first axis.
        numbers: How many one image has, there or in the results.
    """
    size = _part_size(images.shape[0], numbers)
    if size == images.shape[0]:
        return function(images)
    outputs = lax.map(
        lambda part: _as_bits(function(part)), _split(images, size)
    )
    outputs = jnp.reshape(outputs, (-1, *outputs.shape[2:]))
    return _from_bits(outputs, images.dtype)


def _as_bits(images):
    """Returns bfloat16 images as integers, which XLA moves many times faster.

    Where it does not compute but copies bfloat16 numbers, its compiler for
    CPUs converts each to float32 and back.
    """
    if images.dtype != jnp.bfloat16:
        return images
    return lax.bitcast_convert_type(images, jnp.uint16)


def _from_bits(images, dtype):
    if dtype != jnp.bfloat16:
        return images
    return lax.bitcast_convert_type(images, dtype)


def _part_size(count, numbers):
    """Returns the images of a part: a divisor of the batch."""
    most = max(1, _PART // numbers)
    return max(d for d in range(1, count + 1) if d <= most and not count % d)


def _split(images, size):
    return jnp.reshape(images, (-1, size, *images.shape[1:]))


def sum_of_pixels(images: Any) -> Any:
    """Returns the sums over all but the last axis, in float32.

    By a product, since XLA's sums of bfloat16 numbers take ten times as long;
    it has some rows, since those of vectors have forms of their own.
    """
    flat = jnp.reshape(images, (-1, images.shape[-1]))
    return _product(jnp.ones((8, len(flat)), images.dtype), flat)[0]


def sum_of_taps(images: Any, kernel: Any, around: Any, strides: int = 1) -> Any:
    """Returns a convolution as the sum of a product for each tap.

    Args:
        images: Tensor `(count, height, width, channels)`.
        kernel: Tensor `(rows, columns, channels, filters)`.
        around: Zeros before and after each axis; negative ones cut.
        strides: Positive int.
    """
    dtype = images.dtype
    if not multiplies_bfloat16():
        images, kernel = images.astype(jnp.float32), kernel.astype(jnp.float32)
    padded = _padded(images, around)
    lengths = [
        (length - size) // strides + 1
        for length, size in zip(
            padded.shape[1:3], kernel.shape[:2], strict=True
        )
    ]
    total = jnp.zeros((len(images), *lengths, kernel.shape[3]), jnp.float32)
    for row, column in _taps(kernel.shape):
        patches = _moved(padded, row, column, lengths, strides)
        total += _product(
            jnp.reshape(patches, (-1, kernel.shape[2])), kernel[row, column]
        ).reshape(total.shape)
    return total.astype(dtype)


def kernel_gradient(
    inputs: Any, gradient: Any, around: Any, strides: int, sizes: tuple
) -> Any:
    """Returns a convolution's gradient for its kernel, in float32.

    Args:
        inputs: What was convolved, `(count, height, width, channels)`.
        gradient: The loss's gradient for what came out.
        around: Zeros before and after each axis of the inputs.
        strides: Positive int.
        sizes: Rows and columns of the kernel.
    """
    channels, filters = inputs.shape[3], gradient.shape[3]
    if not cuts_batches():
        form = _gradient_of_batch
    elif is_narrow(channels):
        form = _narrow_gradient
    elif is_narrow(filters) and strides == 1:
        # Each is the other's correlation, turned around.
        around = [
            (size - 1 - before, size - 1 - after)
            for (before, after), size in zip(around, sizes, strict=True)
        ]
        turned = kernel_gradient(gradient, inputs, around, 1, sizes)
        return jnp.transpose(turned[::-1, ::-1], (0, 1, 3, 2))
    else:
        form = _wide_gradient
    form = functools.partial(form, around=around, strides=strides, sizes=sizes)
    total = _summed_in_parts(form, inputs, gradient)
    if form.func is _wide_gradient:
        shape = (*sizes, filters, channels)
        return jnp.transpose(jnp.reshape(total, shape), (0, 1, 3, 2))
    return jnp.reshape(total, (*sizes, channels, filters))


def _summed_in_parts(function, inputs, gradient):
    size = count = inputs.shape[0]
    if cuts_batches():
        numbers = max(math.prod(x.shape[1:]) for x in (inputs, gradient))
        size = _part_size(count, numbers)
    if size == count:
        return function(inputs, gradient)
    parts = _split(inputs, size), _split(gradient, size)
    shape = jax.eval_shape(function, *(part[0] for part in parts))
    total, _ = lax.scan(
        lambda total, part: (total + function(*part), None),
        jnp.zeros(shape.shape, shape.dtype),
        parts,
    )
    return total


def _gradient_of_batch(inputs, gradient, around, strides, sizes):
    """Returns one product a tap, in XLA's own layouts."""
    padded = _padded(inputs, around)
    flat = jnp.reshape(gradient, (-1, gradient.shape[3]))
    return jnp.stack(
        [
            _product(
                jnp.reshape(
                    _moved(padded, *tap, gradient.shape[1:3], strides),
                    (-1, inputs.shape[3]),
                ).T,
                flat,
            )
            for tap in _taps(sizes)
        ]
    )


def _wide_gradient(inputs, gradient, around, strides, sizes):
    """Returns `(taps, filters, channels)`: the gradient is turned once."""
    inputs, gradient = _as_factors(inputs, gradient)
    padded = _padded(inputs, around)
    turned = _in_rows(jnp.reshape(gradient, (-1, gradient.shape[3])).T)
    return jnp.stack(
        [
            _product(
                turned,
                jnp.reshape(
                    _moved(padded, *tap, gradient.shape[1:3], strides),
                    (-1, inputs.shape[3]),
                ),
            )
            for tap in _taps(sizes)
        ]
    )


def _narrow_gradient(inputs, gradient, around, strides, sizes):
    """Returns `(taps channels, filters)` by one product of all taps."""
    inputs, gradient = _as_factors(inputs, gradient)
    padded = _padded(inputs, around)
    patches = [
        jnp.reshape(
            jnp.moveaxis(
                _moved(padded, *tap, gradient.shape[1:3], strides), 3, 0
            ),
            (inputs.shape[3], -1),
        )
        for tap in _taps(sizes)
    ]
    return _product(
        _in_rows(jnp.concatenate(patches)),
        jnp.reshape(gradient, (-1, gradient.shape[3])),
    )


def _as_factors(*tensors):
    """Returns them as numbers that this CPU multiplies fast."""
    if multiplies_bfloat16():
        return tensors
    return tuple(tensor.astype(jnp.float32) for tensor in tensors)


def _in_rows(matrix):
    """Returns a matrix whose rows lie one after the other in memory."""
    return with_layout_constraint(matrix, Layout((0, 1)))


def _product(left, right):
    return jnp.matmul(left, right, preferred_element_type=jnp.float32)


def _padded(images, around):
    config = [(0, 0, 0), *((*ends, 0) for ends in around), (0, 0, 0)]
    return lax.pad(images, jnp.zeros((), images.dtype), config)


def _taps(sizes):
    return [
        (row, column) for row in range(sizes[0]) for column in range(sizes[1])
    ]


def _moved(padded, row, column, lengths, strides):
    """Returns what a tap of the kernel meets at each of the outputs."""
    height, width = (strides * (length - 1) + 1 for length in lengths)
    return padded[
        :,
        row : row + height : strides,
        column : column + width : strides,
    ]


def interleaved(parts: list, axis: int, length: int) -> Any:
    """Returns a row of each of the parts in turn."""
    if len(parts) == 1:
        return parts[0]
    dtype = parts[0].dtype
    longest = parts[0].shape[axis]
    parts = [
        jnp.pad(
            _as_bits(part),
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
    joined = lax.slice_in_dim(joined, 0, length, axis=axis)
    return _from_bits(joined, dtype)

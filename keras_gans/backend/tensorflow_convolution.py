"""Convolutions of NHWC images on TensorFlow, most of them Keras's."""

from typing import Any

import tensorflow as tf
from keras import ops

from keras_gans.backend.grouped import convolve_in_parts
from keras_gans.backend.tensorflow import device_kind

# oneDNN computes 16 filters at least. From so many channels to so few filters
# a product of matrices is faster.
_FEW, _MANY = 3, 64


def convolve(
    inputs: Any,
    kernel: Any,
    bias: Any = None,
    strides: int = 1,
    padding: str = "same",
) -> Any:
    """Returns a 2-D convolution plus a bias; see `keras_gans.backend`."""
    if _is_narrow(kernel, strides, padding):
        outputs = _convolve_narrow(inputs, tf.convert_to_tensor(kernel))
    else:
        outputs = ops.conv(inputs, kernel, strides, padding, "channels_last")
    return _plus(outputs, bias)


def convolve_grouped(
    inputs: Any, kernel: Any, bias: Any = None, groups: int = 1
) -> Any:
    """Returns a grouped convolution plus a bias; see `keras_gans.backend`.

    TensorFlow's CPU kernels of its gradients know no groups.
    """
    if device_kind() == "cpu":
        outputs = convolve_in_parts(convolve, inputs, kernel, groups)
    else:
        outputs = tf.nn.conv2d(inputs, kernel, 1, "SAME")
    return _plus(outputs, bias)


def _plus(outputs, bias):
    if bias is None:
        return outputs
    return _add_bias(outputs, tf.convert_to_tensor(bias))


@tf.custom_gradient
def _add_bias(outputs, bias):
    """Returns the sum with a bias, by the operation that convolutions absorb.

    Its own gradient becomes part of the kernel's, which then takes longer than
    both.
    """

    def gradient(upstream):
        return upstream, tf.reduce_sum(upstream, (0, 1, 2))

    return tf.nn.bias_add(outputs, bias), gradient


def _is_narrow(kernel, strides, padding):
    rows, columns, channels, filters = kernel.shape
    return (
        (rows, columns, strides, padding) == (3, 3, 1, "same")
        and filters <= _FEW
        and channels >= _MANY
        and device_kind() == "cpu"
    )


@tf.custom_gradient
def _convolve_narrow(inputs, kernel):
    """Returns a 3x3 convolution as one product of matrices.

    That gives all nine terms of a pixel's sum, each where its input is; they
    are added where they belong.
    """
    channels, filters = kernel.shape[2:]
    height, width = (
        static or dynamic
        for static, dynamic in zip(
            inputs.shape[1:3], tf.unstack(tf.shape(inputs)[1:3]), strict=True
        )
    )

    def shifted(images):
        """Returns the images as they are seen from nine neighbours."""
        images = tf.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
        return [
            images[:, row : row + height, column : column + width]
            for row in range(3)
            for column in range(3)
        ]

    def gradient(upstream):
        # In the opposite order of the kernel's.
        rows = tf.reshape(
            tf.concat(shifted(upstream)[::-1], 3), (-1, 9 * filters)
        )
        by_matrix = tf.matmul(rows, _rows(inputs), transpose_a=True)
        by_kernel = tf.transpose(
            tf.reshape(by_matrix, (3, 3, filters, channels)), (0, 1, 3, 2)
        )
        by_inputs = tf.matmul(rows, _taps(kernel), transpose_b=True)
        return tf.reshape(by_inputs, tf.shape(inputs)), by_kernel

    terms = tf.reshape(
        tf.matmul(_rows(inputs), _taps(kernel)),
        (-1, height, width, 9 * filters),
    )
    outputs = tf.add_n(
        [
            images[..., filters * tap : filters * (tap + 1)]
            for tap, images in enumerate(shifted(terms))
        ]
    )
    return outputs, gradient


def _rows(images):
    return tf.reshape(images, (-1, images.shape[-1]))


def _taps(kernel):
    """Returns a 3x3 kernel as a matrix `(channels, 9 * filters)`."""
    channels, filters = kernel.shape[2:]
    return tf.reshape(
        tf.transpose(kernel, (2, 0, 1, 3)), (channels, 9 * filters)
    )


def convolve_transposed(
    inputs: Any, kernel: Any, bias: Any = None, padding: str = "same"
) -> Any:
    """Returns a transposed convolution of stride 2, plus a bias."""
    outputs = ops.conv_transpose(
        inputs, kernel, 2, padding, data_format="channels_last"
    )
    return _plus(outputs, bias)


@tf.custom_gradient
def upsample(inputs: Any) -> Any:
    """Returns NHWC images of twice the size, every pixel repeated 2x2.

    Joined by copies, and back by a pooling kernel: the gradient of `repeat`
    takes four times as long.
    """
    _, height, width, channels = (
        static or dynamic
        for static, dynamic in zip(
            inputs.shape, tf.unstack(tf.shape(inputs)), strict=True
        )
    )
    rows = tf.reshape(
        tf.concat([inputs, inputs], 3), (-1, height, 2 * width * channels)
    )
    outputs = tf.reshape(
        tf.concat([rows, rows], 2), (-1, 2 * height, 2 * width, channels)
    )
    return (
        outputs,
        lambda gradient: 4.0 * tf.nn.avg_pool2d(gradient, 2, 2, "VALID"),
    )


def average_pool(inputs: Any) -> Any:
    """Returns the means of 2x2 pixels of NHWC images, an odd end left out."""
    return tf.nn.avg_pool2d(inputs, 2, 2, "VALID")


def box_filter(inputs: Any, padding: str) -> Any:
    """Returns the means of all 2x2 neighbours of NHWC images."""
    return _full_box(inputs) if padding == "full" else _valid_box(inputs)


# TensorFlow's own gradient of overlapping means takes three times as long.
@tf.custom_gradient
def _valid_box(inputs):
    return tf.nn.avg_pool2d(inputs, 2, 1, "VALID"), _full_box


@tf.custom_gradient
def _full_box(inputs):
    padded = tf.pad(inputs, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return tf.nn.avg_pool2d(padded, 2, 1, "VALID"), _valid_box


def convolve_means(inputs: Any, kernel: Any, bias: Any = None) -> Any:
    """Returns a convolution of stride 2 of all 2x2 neighbours' means.

    The means are computed again for the gradient of the kernel: kept beside
    the images they would make the peak of a step higher than the plain
    form's.
    """
    outputs = _convolve_means(inputs, tf.convert_to_tensor(kernel))
    return _plus(outputs, bias)


@tf.custom_gradient
def _convolve_means(inputs, kernel):
    stride = {"strides": [1, 2, 2, 1], "padding": "VALID"}

    def gradient(upstream):
        # Not merged with the first time, as it waits.
        with tf.control_dependencies([upstream]):
            means = _full_box(tf.identity(inputs))
        by_kernel = tf.raw_ops.Conv2DBackpropFilter(
            input=means,
            filter_sizes=tf.shape(kernel),
            out_backprop=upstream,
            **stride,
        )
        # The means are gone before their gradient comes.
        with tf.control_dependencies([by_kernel]):
            upstream = tf.identity(upstream)
        by_means = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=tf.shape(inputs) + [0, 1, 1, 0],
            filter=kernel,
            out_backprop=upstream,
            **stride,
        )
        return _valid_box(by_means), by_kernel

    outputs = tf.nn.conv2d(_full_box(inputs), kernel, 2, "VALID")
    return outputs, gradient

"""Convolutions of NHWC images on PyTorch, without copies of the images.

A transposed view of contiguous NHWC images is in PyTorch's `channels_last`
format, in which oneDNN and cuDNN are fastest; `keras.ops.conv` makes the view
contiguous first and brings it back, two copies a convolution.
"""

from typing import Any

import torch
from torch.nn import functional


def convolve(
    inputs: Any,
    kernel: Any,
    bias: Any = None,
    strides: int = 1,
    padding: str = "same",
) -> Any:
    """Returns a 2-D convolution plus a bias; see `keras_gans.backend`."""
    images, around = inputs.permute(0, 3, 1, 2), 0
    if padding == "same":
        images, around = _padded(images, kernel.shape[:2], strides)
    outputs = functional.conv2d(
        images, _channels_last(kernel), bias, strides, around
    )
    return outputs.permute(0, 2, 3, 1)


def convolve_grouped(
    inputs: Any, kernel: Any, bias: Any = None, groups: int = 1
) -> Any:
    """Returns a grouped convolution plus a bias; see `keras_gans.backend`."""
    images, around = _padded(inputs.permute(0, 3, 1, 2), kernel.shape[:2], 1)
    outputs = functional.conv2d(
        images, _channels_last(kernel), bias, 1, around, groups=groups
    )
    return outputs.permute(0, 2, 3, 1)


def convolve_transposed(
    inputs: Any, kernel: Any, bias: Any = None, padding: str = "same"
) -> Any:
    """Returns a transposed convolution of stride 2, plus a bias."""
    before = (kernel.shape[0] - 2) // 2 if padding == "same" else 0
    outputs = functional.conv_transpose2d(
        inputs.permute(0, 3, 1, 2),
        _channels_last(kernel),
        bias,
        stride=2,
        padding=before,
    )
    if padding == "same":
        # PyTorch takes as much off both ends; the rest is at the second.
        height, width = (2 * size for size in inputs.shape[1:3])
        outputs = outputs[:, :, :height, :width]
    return outputs.permute(0, 2, 3, 1)


def convolve_means(inputs: Any, kernel: Any, bias: Any = None) -> Any:
    """Returns a convolution of stride 2 of all 2x2 neighbours' means."""
    return convolve(box_filter(inputs, "full"), kernel, bias, 2, "valid")


def average_pool(inputs: Any) -> Any:
    """Returns the means of 2x2 pixels of NHWC images, an odd end left out."""
    pooled = functional.avg_pool2d(inputs.permute(0, 3, 1, 2), 2)
    return pooled.permute(0, 2, 3, 1)


def box_filter(inputs: Any, padding: str) -> Any:
    """Returns the means of all 2x2 neighbours of NHWC images."""
    means = _BoxFilter.apply(inputs.permute(0, 3, 1, 2), padding == "full")
    return means.permute(0, 2, 3, 1)


class _BoxFilter(torch.autograd.Function):
    """The filter on NCHW images; the pooling of PyTorch keeps what it took."""

    @staticmethod
    def forward(ctx, images, full):
        ctx.full = full
        # The zeros around count as pixels.
        return functional.avg_pool2d(images, 2, 1, int(full))

    @staticmethod
    def backward(ctx, gradient):
        return _BoxFilter.apply(gradient, not ctx.full), None


def upsample(inputs: Any) -> Any:
    """Returns NHWC images of twice the size, every pixel repeated 2x2."""
    return _Upsample.apply(inputs)


class _Upsample(torch.autograd.Function):
    """Repeats; PyTorch's way back, a sum over two axes, is 20 times slower."""

    @staticmethod
    def forward(ctx, inputs):
        count, height, width, channels = inputs.shape
        repeated = inputs[:, :, None, :, None].expand(-1, -1, 2, -1, 2, -1)
        return repeated.reshape(count, 2 * height, 2 * width, channels)

    @staticmethod
    def backward(ctx, gradient):
        return _SumPool.apply(gradient)


class _SumPool(torch.autograd.Function):
    """The sums of 2x2 pixels of NHWC images, the way back of `_Upsample`."""

    @staticmethod
    def forward(ctx, inputs):
        images = inputs.permute(0, 3, 1, 2)
        sums = functional.avg_pool2d(images, 2, divisor_override=1)
        return sums.permute(0, 2, 3, 1)

    @staticmethod
    def backward(ctx, gradient):
        return _Upsample.apply(gradient)


def interpolate(inputs: Any, rows: Any, columns: Any) -> Any:
    """Returns values at places between pixels; see `keras_gans.backend`."""
    count, height, width, channels = inputs.shape
    # From -1, the middle of the first pixel, to 1, that of the last.
    places = torch.stack(
        [columns * (2 / (width - 1)) - 1, rows * (2 / (height - 1)) - 1], dim=-1
    )
    found = functional.grid_sample(
        inputs.permute(0, 3, 1, 2),
        places[:, None],
        padding_mode="border",
        align_corners=True,
    )
    return found.permute(0, 2, 3, 1).reshape(count, -1, channels)


def _padded(images, sizes, stride):
    """Returns images, padded where an axis' two ends differ, and the rest."""
    around = []
    for axis, size in zip((2, 3), sizes, strict=True):
        length = images.shape[axis]
        steps = (length + stride - 1) // stride
        total = max(0, (steps - 1) * stride + size - length)
        around.append((total // 2, total - total // 2))
    if all(before == after for before, after in around):
        return images, [before for before, _ in around]
    (top, bottom), (left, right) = around
    return functional.pad(images, (left, right, top, bottom)), 0


def _channels_last(kernel):
    turned = kernel.permute(3, 2, 0, 1)
    if turned.shape[0] == 1:
        # It is in that format as it is, but for the stride of the one axis,
        # by which PyTorch's own convolution, where oneDNN computes none (as
        # bfloat16 without AVX-512), takes it for another and fails.
        return turned.clone(memory_format=torch.channels_last)
    return turned.contiguous(memory_format=torch.channels_last)

"""EfficientNet-Lite by PyTorch in float64, from the original's weights."""

import math

import numpy as np
import torch
from torch.nn import functional

# The stride of each block; sizes and channels follow from the weights.
LITE0 = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
LITE1 = (1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1)
# Kernel sizes and channels of its blocks, for weights that are made.
LITE1_CHANNELS = (
    *[(3, 16)],
    *[(3, 24)] * 3,
    *[(5, 40)] * 3,
    *[(3, 80)] * 4,
    *[(5, 112)] * 4,
    *[(5, 192)] * 5,
    *[(3, 320)],
)


def maps(seen, weights, strides):
    """Returns the output of each block for images that are scaled already.

    Args:
        seen: Float64 `(count, 3, height, width)`.
        weights: The original's tensors.
        strides: Of the blocks.
    """
    weights = {key: value.double() for key, value in weights.items()}

    def normalized(x, name):
        return functional.batch_norm(
            x,
            weights[f"{name}.running_mean"],
            weights[f"{name}.running_var"],
            weights[f"{name}.weight"],
            weights[f"{name}.bias"],
            eps=1e-3,
        )

    def convolved(x, name, stride=1, groups=1):
        kernel = weights[f"{name}.weight"]
        size = kernel.shape[-1]
        # TensorFlow's "SAME": the odd pixel of padding comes last.
        steps = math.ceil(x.shape[-1] / stride)
        missing = max((steps - 1) * stride + size - x.shape[-1], 0)
        first, last = missing // 2, missing - missing // 2
        x = functional.pad(x, (first, last, first, last))
        return functional.conv2d(x, kernel, stride=stride, groups=groups)

    x = functional.relu6(normalized(convolved(seen, "_conv_stem", 2), "_bn0"))
    found = []
    for index, stride in enumerate(strides):
        name, inputs = f"_blocks.{index}", x
        if index > 0:
            x = convolved(x, f"{name}._expand_conv")
            x = functional.relu6(normalized(x, f"{name}._bn0"))
        x = convolved(x, f"{name}._depthwise_conv", stride, x.shape[1])
        x = functional.relu6(normalized(x, f"{name}._bn1"))
        x = normalized(convolved(x, f"{name}._project_conv"), f"{name}._bn2")
        if x.shape == inputs.shape:
            x = x + inputs
        found.append(x)
    x = functional.relu6(normalized(convolved(x, "_conv_head"), "_bn1"))
    return [*found, x]


def seen(pixels, resolution):
    """Returns images in [0, 255], NHWC, as the network takes them."""
    x = pixels.permute(0, 3, 1, 2).double().expand(-1, 3, -1, -1)
    x = functional.interpolate(
        x, (resolution, resolution), mode="bilinear", align_corners=False
    )
    return (x - 127) / 128


def pooled(images, resolution, weights, strides):
    """Returns the features of uint8 images."""
    x = seen(torch.tensor(images), resolution)
    return maps(x, weights, strides)[-1].mean((2, 3))


def random_state(strides, channels, seed=0):
    """Returns random weights of a network of the family, as PyTorch's."""
    random, state = np.random.default_rng(seed), {}

    def convolution(name, filters, inputs, size, norm):
        kernel = random.normal(size=(filters, inputs, size, size))
        kernel *= (2 / (inputs * size * size)) ** 0.5
        state[f"{name}.weight"] = kernel
        for key, low, high in (
            ("weight", 0.5, 1.5),
            ("bias", -0.5, 0.5),
            ("running_mean", -0.5, 0.5),
            ("running_var", 0.5, 1.5),
        ):
            state[f"{norm}.{key}"] = random.uniform(low, high, filters)

    convolution("_conv_stem", 32, 3, 3, "_bn0")
    inputs = 32
    for index, (size, filters) in enumerate(channels[: len(strides)]):
        name, wide = f"_blocks.{index}", inputs
        if index > 0:
            wide = 6 * inputs
            convolution(f"{name}._expand_conv", wide, inputs, 1, f"{name}._bn0")
        convolution(f"{name}._depthwise_conv", wide, 1, size, f"{name}._bn1")
        convolution(f"{name}._project_conv", filters, wide, 1, f"{name}._bn2")
        inputs = filters
    convolution("_conv_head", 1280, inputs, 1, "_bn1")
    state["_fc.weight"] = random.normal(size=(1000, 1280)) * 0.03
    state["_fc.bias"] = np.zeros(1000)
    return {k: torch.tensor(v, dtype=torch.float32) for k, v in state.items()}

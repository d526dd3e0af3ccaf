"""FID's Inception network in PyTorch, as its state dict and its equations.

Written from torchvision's modules and pytorch-fid's changes to them.
"""

import numpy as np
import torch
from torch.nn import functional

# Each convolution of a block: name, channels out, channels in, kernel.
STEM = [
    ("Conv2d_1a_3x3", 32, 3, (3, 3)),
    ("Conv2d_2a_3x3", 32, 32, (3, 3)),
    ("Conv2d_2b_3x3", 64, 32, (3, 3)),
    ("Conv2d_3b_1x1", 80, 64, (1, 1)),
    ("Conv2d_4a_3x3", 192, 80, (3, 3)),
]
FIRST = [("Mixed_5b", 192, 32), ("Mixed_5c", 256, 64), ("Mixed_5d", 288, 64)]
MIDDLE = [
    ("Mixed_6b", 128),
    ("Mixed_6c", 160),
    ("Mixed_6d", 160),
    ("Mixed_6e", 192),
]
LAST = [("Mixed_7b", 1280), ("Mixed_7c", 2048)]


def convolutions():
    yield from STEM
    for block, inputs, pooled in FIRST:
        yield f"{block}.branch1x1", 64, inputs, (1, 1)
        yield f"{block}.branch5x5_1", 48, inputs, (1, 1)
        yield f"{block}.branch5x5_2", 64, 48, (5, 5)
        yield f"{block}.branch3x3dbl_1", 64, inputs, (1, 1)
        yield f"{block}.branch3x3dbl_2", 96, 64, (3, 3)
        yield f"{block}.branch3x3dbl_3", 96, 96, (3, 3)
        yield f"{block}.branch_pool", pooled, inputs, (1, 1)
    yield "Mixed_6a.branch3x3", 384, 288, (3, 3)
    yield "Mixed_6a.branch3x3dbl_1", 64, 288, (1, 1)
    yield "Mixed_6a.branch3x3dbl_2", 96, 64, (3, 3)
    yield "Mixed_6a.branch3x3dbl_3", 96, 96, (3, 3)
    for block, c7 in MIDDLE:
        yield f"{block}.branch1x1", 192, 768, (1, 1)
        yield f"{block}.branch7x7_1", c7, 768, (1, 1)
        yield f"{block}.branch7x7_2", c7, c7, (1, 7)
        yield f"{block}.branch7x7_3", 192, c7, (7, 1)
        yield f"{block}.branch7x7dbl_1", c7, 768, (1, 1)
        yield f"{block}.branch7x7dbl_2", c7, c7, (7, 1)
        yield f"{block}.branch7x7dbl_3", c7, c7, (1, 7)
        yield f"{block}.branch7x7dbl_4", c7, c7, (7, 1)
        yield f"{block}.branch7x7dbl_5", 192, c7, (1, 7)
        yield f"{block}.branch_pool", 192, 768, (1, 1)
    yield "Mixed_7a.branch3x3_1", 192, 768, (1, 1)
    yield "Mixed_7a.branch3x3_2", 320, 192, (3, 3)
    yield "Mixed_7a.branch7x7x3_1", 192, 768, (1, 1)
    yield "Mixed_7a.branch7x7x3_2", 192, 192, (1, 7)
    yield "Mixed_7a.branch7x7x3_3", 192, 192, (7, 1)
    yield "Mixed_7a.branch7x7x3_4", 192, 192, (3, 3)
    for block, inputs in LAST:
        yield f"{block}.branch1x1", 320, inputs, (1, 1)
        yield f"{block}.branch3x3_1", 384, inputs, (1, 1)
        yield f"{block}.branch3x3_2a", 384, 384, (1, 3)
        yield f"{block}.branch3x3_2b", 384, 384, (3, 1)
        yield f"{block}.branch3x3dbl_1", 448, inputs, (1, 1)
        yield f"{block}.branch3x3dbl_2", 384, 448, (3, 3)
        yield f"{block}.branch3x3dbl_3a", 384, 384, (1, 3)
        yield f"{block}.branch3x3dbl_3b", 384, 384, (3, 1)
        yield f"{block}.branch_pool", 192, inputs, (1, 1)


def random_state():
    """A state dict of the published keys and shapes, of lively features."""
    generator = torch.Generator().manual_seed(0)

    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    def positive(*shape):
        return torch.rand(*shape, generator=generator) + 0.5

    state = {}
    for name, outputs, inputs, kernel in convolutions():
        deviation = (2 / (inputs * kernel[0] * kernel[1])) ** 0.5
        state |= {
            f"{name}.conv.weight": deviation * normal(outputs, inputs, *kernel),
            f"{name}.bn.weight": positive(outputs),
            f"{name}.bn.bias": 0.1 * normal(outputs),
            f"{name}.bn.running_mean": 0.1 * normal(outputs),
            f"{name}.bn.running_var": positive(outputs),
            f"{name}.bn.num_batches_tracked": torch.tensor(0),
        }
    state["fc.weight"] = 0.02 * normal(1008, 2048)
    state["fc.bias"] = normal(1008)
    return state


def features(state, x, padding_counts=False, last_pool="maximum"):
    """Features of scaled images `(count, 3, height, width)`.

    `padding_counts` and `last_pool="average"` give torchvision's network.
    """

    def conv(x, name, stride=1, padding=0):
        x = functional.conv2d(
            x, state[f"{name}.conv.weight"], stride=stride, padding=padding
        )
        x = functional.batch_norm(
            x,
            state[f"{name}.bn.running_mean"],
            state[f"{name}.bn.running_var"],
            state[f"{name}.bn.weight"],
            state[f"{name}.bn.bias"],
            eps=0.001,
        )
        return functional.relu(x)

    def average(x):
        return functional.avg_pool2d(
            x, 3, stride=1, padding=1, count_include_pad=padding_counts
        )

    def maximum(x):
        return functional.max_pool2d(x, 3, stride=1, padding=1)

    x = conv(x, "Conv2d_1a_3x3", 2)
    x = conv(x, "Conv2d_2a_3x3")
    x = conv(x, "Conv2d_2b_3x3", padding=1)
    x = functional.max_pool2d(x, 3, stride=2)
    x = conv(x, "Conv2d_3b_1x1")
    x = conv(x, "Conv2d_4a_3x3")
    x = functional.max_pool2d(x, 3, stride=2)
    for b, *_ in FIRST:
        y = conv(x, f"{b}.branch5x5_1")
        z = conv(x, f"{b}.branch3x3dbl_1")
        z = conv(z, f"{b}.branch3x3dbl_2", padding=1)
        branches = [
            conv(x, f"{b}.branch1x1"),
            conv(y, f"{b}.branch5x5_2", padding=2),
            conv(z, f"{b}.branch3x3dbl_3", padding=1),
            conv(average(x), f"{b}.branch_pool"),
        ]
        x = torch.cat(branches, 1)
    z = conv(x, "Mixed_6a.branch3x3dbl_1")
    z = conv(z, "Mixed_6a.branch3x3dbl_2", padding=1)
    branches = [
        conv(x, "Mixed_6a.branch3x3", 2),
        conv(z, "Mixed_6a.branch3x3dbl_3", 2),
        functional.max_pool2d(x, 3, stride=2),
    ]
    x = torch.cat(branches, 1)
    for b, _ in MIDDLE:
        y = conv(x, f"{b}.branch7x7_1")
        y = conv(y, f"{b}.branch7x7_2", padding=(0, 3))
        z = conv(x, f"{b}.branch7x7dbl_1")
        z = conv(z, f"{b}.branch7x7dbl_2", padding=(3, 0))
        z = conv(z, f"{b}.branch7x7dbl_3", padding=(0, 3))
        z = conv(z, f"{b}.branch7x7dbl_4", padding=(3, 0))
        branches = [
            conv(x, f"{b}.branch1x1"),
            conv(y, f"{b}.branch7x7_3", padding=(3, 0)),
            conv(z, f"{b}.branch7x7dbl_5", padding=(0, 3)),
            conv(average(x), f"{b}.branch_pool"),
        ]
        x = torch.cat(branches, 1)
    y = conv(x, "Mixed_7a.branch3x3_1")
    z = conv(x, "Mixed_7a.branch7x7x3_1")
    z = conv(z, "Mixed_7a.branch7x7x3_2", padding=(0, 3))
    z = conv(z, "Mixed_7a.branch7x7x3_3", padding=(3, 0))
    branches = [
        conv(y, "Mixed_7a.branch3x3_2", 2),
        conv(z, "Mixed_7a.branch7x7x3_4", 2),
        functional.max_pool2d(x, 3, stride=2),
    ]
    x = torch.cat(branches, 1)
    pools = average, maximum if last_pool == "maximum" else average
    for (b, _), pool in zip(LAST, pools, strict=True):
        y = conv(x, f"{b}.branch3x3_1")
        z = conv(x, f"{b}.branch3x3dbl_1")
        z = conv(z, f"{b}.branch3x3dbl_2", padding=1)
        branches = [
            conv(x, f"{b}.branch1x1"),
            conv(y, f"{b}.branch3x3_2a", padding=(0, 1)),
            conv(y, f"{b}.branch3x3_2b", padding=(1, 0)),
            conv(z, f"{b}.branch3x3dbl_3a", padding=(0, 1)),
            conv(z, f"{b}.branch3x3dbl_3b", padding=(1, 0)),
            conv(pool(x), f"{b}.branch_pool"),
        ]
        x = torch.cat(branches, 1)
    return x.mean((2, 3))


def tf1_bilinear(images, size):
    """TensorFlow 1's rule in float64, line by line."""
    images = images.astype(np.float64)
    for axis in (2, 1):
        lines = np.moveaxis(images, axis, 0)
        length = len(lines)
        resized = []
        for index in range(size):
            place = index * length / size
            before = int(place)
            after = min(before + 1, length - 1)
            share = place - before
            resized.append((1 - share) * lines[before] + share * lines[after])
        images = np.moveaxis(np.stack(resized), 0, axis)
    return images

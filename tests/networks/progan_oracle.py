"""ProGAN's networks in float64, layer by layer, from named weights."""

import numpy as np

ROOT = 2.0**0.5


def weights_of(network):
    """Returns the weights by layer and name, float64."""
    return {
        (layer.name, weight.name): np.asarray(weight.numpy(), "float64")
        for layer in network.layers
        for weight in layer.weights
    }


def convolve(images, kernel, bias, gain=ROOT, valid=False):
    """An equalized convolution, 'same' unless it is valid."""
    rows, columns, channels, _ = kernel.shape
    if not valid:
        edges = ((rows // 2,) * 2, (columns // 2,) * 2)
        images = np.pad(images, ((0, 0), *edges, (0, 0)))
    height, width = images.shape[1] - rows + 1, images.shape[2] - columns + 1
    out = sum(
        images[:, i : i + height, j : j + width] @ kernel[i, j]
        for i in range(rows)
        for j in range(columns)
    )
    return out * gain / np.sqrt(rows * columns * channels) + bias


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def normalize(x):
    return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-8)


def double(x):
    return x.repeat(2, axis=1).repeat(2, axis=2)


def halve(x):
    count, height, width, channels = x.shape
    blocks = x.reshape(count, height // 2, 2, width // 2, 2, channels)
    return blocks.mean(axis=(2, 4))


def generated(weights, latents, sizes, shares):
    """Returns the image of the last of the sizes.

    Args:
        weights: Of `weights_of`.
        latents: `(N, L)`.
        sizes: 4, 8, and so on.
        shares: α by size, from 8 on.
    """

    def layer(x, name, gain=ROOT):
        kernel, bias = weights[name, "kernel"], weights[name, "bias"]
        return convolve(x, kernel, bias, gain)

    z = normalize(latents)
    kernel = weights["block_4_latents", "kernel"]
    # The transposed convolution of a 1x1 map of L channels by a 4x4 kernel.
    x = np.einsum("nl,lijf->nijf", z, kernel)
    x = x * ROOT / np.sqrt(kernel.shape[0] * 16)
    x = normalize(leaky(x + weights["block_4_latents", "bias"]))
    image = None
    for size in sizes:
        if size > 4:
            x = normalize(leaky(layer(double(x), f"block_{size}_conv_1")))
        x = normalize(leaky(layer(x, f"block_{size}_conv_2")))
        new = layer(x, f"to_image_{size}", 1.0)
        if image is not None:
            share = shares[size]
            new = share * new + (1 - share) * double(image)
        image = new
    return image


def scored(weights, images, sizes, shares, group_size=None):
    """Returns the scores of images of the last of the sizes."""

    def layer(x, name):
        kernel, bias = weights[name, "kernel"], weights[name, "bias"]
        return leaky(convolve(x, kernel, bias))

    x = layer(images, f"from_image_{sizes[-1]}")
    for size in reversed(sizes[1:]):
        x = layer(layer(x, f"block_{size}_conv_1"), f"block_{size}_conv_2")
        images = halve(images)
        old = layer(images, f"from_image_{size // 2}")
        x = shares[size] * halve(x) + (1 - shares[size]) * old
    group = group_size or len(x)
    grouped = x.reshape(group, -1, *x.shape[1:])
    deviation = np.sqrt(grouped.var(axis=0) + 1e-8).mean(axis=(1, 2, 3))
    plane = np.tile(deviation, group)[:, None, None, None]
    x = np.concatenate([x, np.broadcast_to(plane, (*x.shape[:3], 1))], -1)
    x = layer(x, "block_4_conv_1")
    kernel, bias = (weights["block_4_conv_2", n] for n in ("kernel", "bias"))
    x = leaky(convolve(x, kernel, bias, valid=True))
    kernel, bias = (weights["score", name] for name in ("kernel", "bias"))
    return convolve(x, kernel, bias, 1.0)[:, 0, 0]

"""R3GAN's networks in float64, layer by layer, from named weights."""

import numpy as np


def convolved(images, kernel):
    """A grouped convolution, 'same', tap by tap."""
    size, _, channels, filters = kernel.shape
    groups, around = images.shape[-1] // channels, size // 2
    own = filters // groups
    padded = np.pad(
        images, ((0, 0), (around, around), (around, around), (0, 0))
    )
    count, height, width, _ = images.shape
    outputs = np.zeros((count, height, width, filters))
    for group in range(groups):
        taken = slice(group * channels, (group + 1) * channels)
        given = slice(group * own, (group + 1) * own)
        for row in range(size):
            for column in range(size):
                seen = padded[:, row : row + height, column : column + width]
                outputs[..., given] += (
                    seen[..., taken] @ kernel[row, column, :, given]
                )
    return outputs


def activated(features):
    return np.where(features > 0, features, 0.2 * features)


def resampling(length):
    """From so many pixels to half as many, by [1, 3, 3, 1] / 8."""
    down = np.zeros((length // 2, length))
    for row in range(length // 2):
        for tap, weight in enumerate((1, 3, 3, 1)):
            column = 2 * row - 1 + tap
            if 0 <= column < length:
                down[row, column] = weight / 8
    return down


def doubled(features):
    up = 2 * resampling(2 * features.shape[1]).T
    return np.einsum("oh,pw,nhwc->nopc", up, up, features)


def halved(features):
    down = resampling(features.shape[1])
    return np.einsum("oh,pw,nhwc->nopc", down, down, features)


def block(features, weights, name):
    inside = convolved(features, weights[f"{name}_conv_1/kernel"])
    inside = activated(inside + weights[f"{name}_conv_1/bias"])
    inside = convolved(inside, weights[f"{name}_conv_2/kernel"])
    inside = activated(inside + weights[f"{name}_conv_2/bias"])
    return features + convolved(inside, weights[f"{name}_conv_3/kernel"])


def stage(features, weights, size, blocks):
    for index in range(blocks):
        name = f"stage_{size}_block_{index + 1}"
        features = block(features, weights, name)
    return features


def widened(features, weights, size):
    kernel = weights.get(f"stage_{size}_widen/kernel")
    return features if kernel is None else convolved(features, kernel)


def generated(weights, latents, labels, sizes, blocks):
    """Returns the generator's images."""
    if labels is not None:
        vectors = weights["class_vectors/embeddings"][labels]
        latents = np.concatenate([latents, vectors], axis=1)
    weighed = latents @ weights["stage_4_basis/kernel"]
    features = weights["stage_4_basis/basis"] * weighed[:, None, None]
    for size in sizes:
        if size > 4:
            features = doubled(widened(features, weights, size))
        features = stage(features, weights, size, blocks)
    return convolved(features, weights["images/kernel"])


def scored(weights, images, labels, sizes, blocks):
    """Returns the discriminator's scores, a column."""
    features = convolved(images, weights["from_images/kernel"])
    for size in reversed(sizes):
        features = stage(features, weights, size, blocks)
        if size > 4:
            features = widened(halved(features), weights, size)
    basis = weights["stage_4_basis/basis"]
    sums = np.einsum("hwc,nhwc->nc", basis, features)
    if labels is None:
        return sums @ weights["scores/kernel"]
    vectors = weights["class_vectors/embeddings"][labels]
    projected = sums @ weights["projected/kernel"]
    return np.sum(projected * vectors, axis=1, keepdims=True)

"""How often a classifier takes samples for their class, by resolution."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.extractors.resizing import resize_images
from keras_gans.metrics.statistics.arrays import as_images, as_labels, as_logits
from keras_gans.metrics.statistics.random_groups import RandomGroups

# The paper's enlargements end here.
_LARGEST = 256


def inception_accuracy(
    classify: Callable,
    images: Any,
    labels: Any,
    resolutions: tuple[int, ...] = (16, 32, 64, 128, 256),
    *,
    subsets: int = 10,
    seed: int = 0,
    batch_size: int = 256,
) -> dict[int, dict]:
    """Returns how often samples are taken for their class, at resolutions.

    For each resolution r, images of a side of n pixels are reduced to r x r
    and enlarged to n x n again, both bilinear with half-pixel centres, without
    antialiasing and rounded to uint8 (`resize_images`, "torch_bilinear");
    what is left is what r pixels a side can show. A model uses its resolution
    only if the accuracy falls with r below n. For r > n, the paper's check
    that enlarging adds nothing, images are enlarged to r and stay so.

        accuracy = share of the images with argmax logits = label.

    Args:
        classify: Function of uint8 images `(count, side, side, channels)` to
            logits `(count, classes)`, which brings images to the size that
            its network needs.
        images: uint8 of shape `(count, n, n, channels)`, 1 or 3 channels.
        labels: The intended classes as integers of shape `(count,)`, at least
            0, below the number of logits.
        resolutions: The r, each at least 1 and at most max(n, 256).
        subsets: Random subsets, at least 1, at most `count`, whose accuracies'
            spread is `std`; the paper's are 10.
        seed: Fixes the subsets.
        batch_size: Images resized and classified at once, at least 1.

    Returns:
        For each r: `accuracy` in [0, 1], `std`, the (population) standard
        deviation over the subsets, and `per_class`, the accuracy of each
        label.

    Raises:
        ValueError: Arguments that are not as described.

    Example:
    >>> def classify(images):
    ...     bright = images.mean(axis=(1, 2, 3)) > 127
    ...     return np.stack([~bright, bright], axis=1).astype("float32")
    >>> images = np.zeros((2, 8, 8, 1), np.uint8)
    >>> inception_accuracy(classify, images, [0, 1], (4, 8), subsets=1)[4]
    {'accuracy': 0.5, 'std': 0.0, 'per_class': {0: 1.0, 1: 0.0}}

    Reference: [Odena et al., 2017](https://arxiv.org/abs/1610.09585), §4.1.
    """
    for name, value in (("batch_size", batch_size), ("subsets", subsets)):
        integer(name, value)
    images = as_images(images)
    labels = as_labels(labels, len(images))
    _check(images, resolutions, subsets)
    batches = [
        slice(start, start + batch_size)
        for start in range(0, len(images), batch_size)
    ]
    groups = RandomGroups(subsets, seed, len(images)).next(len(images))
    result = {}
    for resolution in map(int, resolutions):
        right = np.concatenate(
            [_hits(classify, images[b], labels[b], resolution) for b in batches]
        )
        of_subsets = [right[groups == group].mean() for group in range(subsets)]
        result[resolution] = {
            "accuracy": float(right.mean()),
            "std": float(np.std(of_subsets)),
            "per_class": {
                label: float(right[labels == label].mean())
                for label in np.unique(labels).tolist()
            },
        }
    return result


def _hits(classify, images, labels, resolution):
    """Returns which images the classifier takes for their class."""
    side = images.shape[1]
    if resolution != side:
        images = _resized(images, resolution)
    if resolution < side:
        images = _resized(images, side)
    logits = as_logits(classify(images))
    if len(logits) != len(labels) or labels.max() >= logits.shape[1]:
        raise ValueError(
            "`classify` must return one row of logits an image, with a "
            f"column for each label. Received: shape {logits.shape} for "
            f"{len(labels)} images with labels up to {labels.max()}."
        )
    return logits.argmax(axis=1) == labels


def _resized(images, side):
    resized = resize_images(images, side, "torch_bilinear")
    return np.rint(resized).astype(np.uint8)


def _check(images, resolutions, subsets):
    for resolution in resolutions:
        integer("resolutions", resolution)
    if not resolutions or len(set(resolutions)) < len(resolutions):
        raise ValueError(
            "`resolutions` must be different integers, at least one. "
            f"Received: {resolutions}."
        )
    if len(images) < subsets:
        raise ValueError(
            "An accuracy needs an image in each of its subsets. Received: "
            f"{len(images)} images for subsets={subsets}. Add images, or take "
            "fewer subsets."
        )
    height, width = images.shape[1:3]
    if height != width:
        raise ValueError(
            f"Images must be square. Received: {height} x {width}."
        )
    largest = max(height, _LARGEST)
    if max(resolutions) > largest:
        raise ValueError(
            f"Resolutions must be at most {largest} for images of {height} "
            f"pixels a side. Received: {resolutions}. Leave the larger out."
        )

"""How often a classifier takes samples for their class, by resolution."""

from collections.abc import Callable

import numpy as np

from keras_gans.metrics.class_metrics import as_labels
from keras_gans.metrics.extractor import as_images, require_integer
from keras_gans.metrics.inception_score import RandomGroups, as_logits
from keras_gans.metrics.resizing import resize_images

# The paper's enlargements end here.
_LARGEST = 256


def inception_accuracy(
    classify: Callable,
    images,
    labels,
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
    require_integer("batch_size", batch_size, 1)
    images = as_images(images)
    labels = as_labels(labels, len(images))
    accuracy = InceptionAccuracy(
        classify, resolutions, subsets=subsets, count=len(images), seed=seed
    )
    _require_images(len(images), subsets)
    for start in range(0, len(images), batch_size):
        part = slice(start, start + batch_size)
        accuracy.update_state(images[part], labels[part])
    return accuracy.result()


class InceptionAccuracy:
    """Streaming accuracy at resolutions, see `inception_accuracy`.

    Keeps counts alone, so memory is flat; with a `count`, 8 bytes for each
    image to come.

    Args:
        classify: As in `inception_accuracy`.
        resolutions: As there.
        subsets: As there.
        count: Images that will come. Without it subsets cannot be drawn as
            there: of any `subsets` images in succession, each gets one, in
            random order.
        seed: Fixes the subsets.
    """

    def __init__(
        self,
        classify: Callable,
        resolutions: tuple[int, ...] = (16, 32, 64, 128, 256),
        *,
        subsets: int = 10,
        count: int = 0,
        seed: int = 0,
    ):
        for resolution in resolutions:
            require_integer("resolutions", resolution, 1)
        if not resolutions or len(set(resolutions)) < len(resolutions):
            raise ValueError(
                "`resolutions` must be different integers, at least one. "
                f"Received: {resolutions}."
            )
        require_integer("subsets", subsets, 1)
        require_integer("count", count, 0)
        self.classify = classify
        self.resolutions = tuple(int(r) for r in resolutions)
        self.subsets = subsets
        self.count = count
        self.seed = seed
        self.reset_state()

    def reset_state(self) -> None:
        """Forgets every image."""
        self._side = None
        self._groups = RandomGroups(self.subsets, self.seed, self.count)
        # Images, and for each resolution those classified right, of each
        # subset and class; how many classes is known from the first logits.
        self._images = self._right = None

    def update_state(self, images, labels) -> None:
        """Adds images and the classes they are to show."""
        images = as_images(images)
        labels = as_labels(labels, len(images))
        if len(images) == 0:
            return
        self._check_side(images.shape[1:3])
        right = np.stack(
            [self._hits(images, labels, r) for r in self.resolutions]
        )
        groups = self._groups.next(len(images))
        np.add.at(self._images, (groups, labels), 1)
        for hits, counts in zip(right, self._right, strict=True):
            np.add.at(counts, (groups[hits], labels[hits]), 1)

    def _hits(self, images, labels, resolution):
        """Returns which images the classifier takes for their class."""
        side = images.shape[1]
        if resolution != side:
            images = _resized(images, resolution)
        if resolution < side:
            images = _resized(images, side)
        classes = None if self._images is None else self._images.shape[1]
        logits = as_logits(self.classify(images), classes)
        if len(logits) != len(labels) or labels.max() >= logits.shape[1]:
            raise ValueError(
                "`classify` must return one row of logits an image, with a "
                f"column for each label. Received: shape {logits.shape} for "
                f"{len(labels)} images with labels up to {labels.max()}."
            )
        if self._images is None:
            self._images = np.zeros((self.subsets, logits.shape[1]), np.int64)
            self._right = np.stack([self._images] * len(self.resolutions))
        return logits.argmax(axis=1) == labels

    def _check_side(self, sides):
        height, width = sides
        if height != width or self._side not in (None, height):
            raise ValueError(
                "Images must be square and all of one size. Received: "
                f"{height} x {width}, before: {self._side or 'none'}."
            )
        largest = max(height, _LARGEST)
        if max(self.resolutions) > largest:
            raise ValueError(
                f"Resolutions must be at most {largest} for images of "
                f"{height} pixels a side. Received: {self.resolutions}. Leave "
                "the larger out."
            )
        self._side = height

    def merge(self, other: "InceptionAccuracy") -> None:
        """Adds what `other`, of the same settings, has seen."""
        mine = (self.resolutions, self.subsets)
        others = (other.resolutions, other.subsets)
        if mine != others:
            raise ValueError(
                "Accuracies of the same resolutions and number of subsets "
                f"only can be merged. Received: {mine} and {others}."
            )
        if other._images is None:
            return
        self._check_side((other._side, other._side))
        if self._images is None:
            self._images = np.zeros_like(other._images)
            self._right = np.zeros_like(other._right)
        if self._images.shape != other._images.shape:
            raise ValueError(
                "Accuracies of as many classes only can be merged. Received: "
                f"{self._images.shape[1]} and {other._images.shape[1]}."
            )
        self._images += other._images
        self._right += other._right

    def result(self) -> dict[int, dict]:
        """Returns what `inception_accuracy` does."""
        images = self._images
        if images is None:
            images = np.zeros((self.subsets, 0), np.int64)
        in_subset, in_class = images.sum(axis=1), images.sum(axis=0)
        total = int(images.sum())
        _require_images(total, self.subsets, int((in_subset == 0).sum()))
        return {
            resolution: {
                "accuracy": int(right.sum()) / total,
                "std": float((right.sum(axis=1) / in_subset).std()),
                "per_class": {
                    label: int(right[:, label].sum()) / int(in_class[label])
                    for label in np.flatnonzero(in_class).tolist()
                },
            }
            for resolution, right in zip(
                self.resolutions, self._right, strict=True
            )
        }


def _resized(images, side):
    return np.rint(resize_images(images, side, "torch_bilinear")).astype(
        np.uint8
    )


def _require_images(count, subsets, empty=0):
    if count < subsets or empty:
        raise ValueError(
            "An accuracy needs an image in each of its subsets. Received: "
            f"{count} images for subsets={subsets}. Add images, or take "
            "fewer subsets."
        )

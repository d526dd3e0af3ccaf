"""How much the samples of each class differ among themselves."""

import math
from typing import Any

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.registry import Described, Inputs, Metric
from keras_gans.metrics.scores.ms_ssim import (
    as_pixels,
    similarities,
    usable_levels,
)
from keras_gans.metrics.statistics.arrays import as_labels
from keras_gans.metrics.statistics.feature_sample import FeatureSample


def class_diversity(
    images: Any,
    labels: Any,
    pairs: int = 100,
    seed: int = 0,
    *,
    levels: int | None = None,
) -> dict:
    """Returns the mean MS-SSIM of random pairs within each class.

    The higher, the less diverse: near 1 where a class has collapsed to one
    image. AC-GAN calls a class diverse when its samples stay below 0.25, the
    highest mean of a class of its training images at 128 pixels; its number
    of levels is not published, see `ms_ssim`.

    Args:
        images: uint8, or floats in [0, 255], of shape `(count, height,
            width, channels)`.
        labels: Integers of shape `(count,)`, at least 0.
        pairs: Different pairs drawn of each class, of different images, at
            least 1; where there are fewer, all are used.
        seed: Fixes the pairs, for each class by itself.
        levels: As in `ms_ssim`.

    Returns:
        `per_class`, the mean of each label; `mean` and `std` (population)
        over the classes; `pairs`, the smallest number used of a class; and
        `levels`.

    Raises:
        ValueError: A class with fewer than two images, labels that are not
            as described, or what `ms_ssim` refuses.

    Example:
    >>> images = np.zeros((4, 11, 11, 1), np.uint8)
    >>> class_diversity(images, [7, 7, 9, 9])["per_class"]
    {7: 1.0, 9: 1.0}

    Reference: [Odena et al., 2017](https://arxiv.org/abs/1610.09585), §4.2.
    """
    diversity = ClassDiversity(
        pairs, seed, levels=levels, capacity=max(2, len(images))
    )
    diversity.update_state(images, labels)
    return diversity.result()


class ClassDiversity:
    """Streaming mean MS-SSIM within classes, see `class_diversity`.

    Of each class at most `capacity` images are kept, as float32, a uniform
    sample of all that were seen: memory is flat, 4 bytes for each number of
    `capacity` images a class.

    `seed` fixes the images that are kept too, and the default `capacity`, at
    least 2, is enough for pairs that share no image.

    Example:
    >>> diversity = ClassDiversity()
    >>> diversity.update_state(np.zeros((3, 11, 11, 1), np.uint8), [4, 4, 4])
    >>> diversity.result()["pairs"]
    3
    """

    def __init__(
        self,
        pairs: int = 100,
        seed: int = 0,
        *,
        levels: int | None = None,
        capacity: int = 200,
    ):
        self.pairs = integer("pairs", pairs)
        self.capacity = integer("capacity", capacity, minimum=2)
        self.seed = seed
        self.levels = levels
        self._shape = None
        self._samples = {}

    def update_state(self, images: Any, labels: Any) -> None:
        """Adds images and their labels, as in `class_diversity`."""
        images = as_pixels(images)
        labels = as_labels(labels, len(images))
        usable_levels(images.shape, self.levels)
        self._set_shape(images.shape[1:])
        flat = images.reshape(len(images), math.prod(images.shape[1:]))
        for label in np.unique(labels).tolist():
            self._of(label).update_state(flat[labels == label])

    def result(self) -> dict:
        """Returns what `class_diversity` does of the images kept."""
        _require_two({k: s.count for k, s in sorted(self._samples.items())})
        levels, per_class, used = self.used_levels, {}, self.pairs
        for label, sample in sorted(self._samples.items()):
            images = sample.features.reshape(-1, *self._shape)
            seed = self.seed, label
            first, second = _draw_pairs(len(images), self.pairs, seed)
            values = similarities(images[first], images[second], levels)
            per_class[label] = float(values.mean())
            used = min(used, len(first))
        means = np.array(list(per_class.values()))
        return {
            "per_class": per_class,
            "mean": float(means.mean()),
            "std": float(means.std()),
            "pairs": used,
            "levels": levels,
        }

    @property
    def used_levels(self) -> int:
        """Levels of the MS-SSIM of images as large as those seen."""
        return usable_levels((0, *self._shape), self.levels)

    def _set_shape(self, shape):
        if self._shape not in (None, shape):
            raise ValueError(
                "Images must all be of one shape. Received: "
                f"{self._shape} and {shape}."
            )
        self._shape = shape

    def _of(self, label):
        if label not in self._samples:
            seed = np.random.SeedSequence((self.seed, label))
            self._samples[label] = FeatureSample(
                math.prod(self._shape),
                self.capacity,
                int(seed.generate_state(1)[0]),
            )
        return self._samples[label]


def _draw_pairs(count, pairs, seed):
    """Returns the two sides of different pairs i < j of `count` images."""
    total = count * (count - 1) // 2
    random = np.random.default_rng(seed)
    drawn = random.choice(total, min(pairs, total), replace=False).tolist()
    # Pair number j (j - 1) / 2 + i.
    second = [(1 + math.isqrt(8 * number + 1)) // 2 for number in drawn]
    first = [
        number - j * (j - 1) // 2
        for number, j in zip(drawn, second, strict=True)
    ]
    return first, second


def _require_two(counts):
    """Raises unless each label has two images, given their counts."""
    small = {label: count for label, count in counts.items() if count < 2}
    if small or not counts:
        raise ValueError(
            "The diversity of a class needs at least 2 images of it. "
            f"Received: {small or 'none'} (label: images). Add images, or "
            "leave these classes out."
        )


class MSSSIM(Metric):
    """The mean over classes, see `class_diversity`; needs no real images."""

    names = ("ms_ssim",)
    needs = frozenset({"pixels", "labels"})
    depends_on = ("ms_ssim_pairs",)
    on_request = True

    def __init__(self, inputs: Inputs):
        super().__init__(inputs)
        settings = inputs.settings
        self._diversity = ClassDiversity(settings.ms_ssim_pairs, settings.seed)

    def update_state(self, samples: Described) -> None:
        self._diversity.update_state(samples.images, samples.labels)

    def result(self) -> dict[str, dict]:
        return {"ms_ssim": {"value": self._diversity.result()["mean"]}}

    def certificate(self, score: str) -> dict:
        levels = {"ms_ssim_levels": self._diversity.used_levels}
        return levels | super().certificate(score)

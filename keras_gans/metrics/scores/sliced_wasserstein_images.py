"""The sliced Wasserstein distance between images, scale by scale."""

import dataclasses
from typing import Any

import numpy as np

from keras_gans.checks import channel_count, integer
from keras_gans.metrics.statistics.arrays import as_images
from keras_gans.metrics.statistics.feature_sample import FeatureSample

_SMALLEST = 16
_SIDE = 7
_BINOMIAL = np.array([1, 4, 6, 4, 1]) / 16
_UNIT = 1e3
# Numbers of the images held at once in float64.
_NUMBERS = 2**20
# Vectors and directions of the projections computed at once.
_ROWS, _DIRECTIONS = 8192, 32


@dataclasses.dataclass(eq=False, repr=False)
class SlicedWassersteinImages:
    """Sliced Wasserstein distance of patches, per level of a pyramid.

    With g the blur by [1, 4, 6, 4, 1] / 16 along rows and columns, mirrored
    at the borders, G₀ the image and G_{l+1} every second pixel of g * Gₗ, the
    levels are

        Lₗ = Gₗ - 4 g * (G_{l+1} with zeros between its pixels),

    and the last G itself, down to the last side of at least 16 pixels. A
    level gives `patches` patches of 7 x 7 pixels an image, at random places.
    These vectors x of the real and y of the fake images, of which each
    channel has mean 0 and deviation 1 over its own set, are compared along
    random unit vectors u, in the order of their projections:

        SWD = 10³ mean_u mean_i |x₍ᵢ₎·u - y₍ᵢ₎·u|.

    The normalisation hides a change of brightness or contrast that all images
    share. A channel without deviation counts as zeros. Equal sets in equal
    order give 0, since both sides use the same places; independent samples of
    one distribution do not: with N vectors the mean is near 1.8 · 10³ / √N,
    about 7 by default, and more where few images give them. Compare values of
    equal settings and counts only. The paper has 2²¹ vectors a level, from
    16,384 images.

    Memory: at most `capacity` vectors a level and side, a uniform sample of
    all, are kept: 4 · 49 · `channels` · `capacity` bytes, 39 MB by default in
    colour.

    Args:
        resolution: Side of the square images in pixels, at least 16; even as
            long as its half is at least 16.
        channels: 1 or 3.
        patches: Patches an image and level, at least 1.
        directions: Random directions of a repeat, at least 1.
        repeats: Repeats, at least 1. The result is their mean.
        capacity: Vectors kept a level and side, at least 1.
        seed: Fixes places, directions and what is kept.

    Attributes:
        resolutions: Sides of the levels, the largest first.

    Example:
    >>> SlicedWassersteinImages(64).resolutions
    [64, 32, 16]

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), §5.
    """

    resolution: int
    _: dataclasses.KW_ONLY
    channels: int = 3
    patches: int = 128
    directions: int = 128
    repeats: int = 4
    capacity: int = 2**16
    seed: int = 0

    def __post_init__(self):
        least = {"resolution": _SMALLEST, "seed": 0}
        for name, value in vars(self).items():
            integer(name, value, minimum=least.get(name, 1))
        channel_count(self.channels)
        self.resolutions = _resolutions(self.resolution)
        # One seed for both sides: equal images then give equal patches.
        self._sides = {real: self._new_side() for real in (True, False)}

    def _new_side(self):
        seeds = np.random.SeedSequence(self.seed).spawn(len(self.resolutions))
        return [
            _Patches(side, self.channels, self.patches, self.capacity, seed)
            for side, seed in zip(self.resolutions, seeds, strict=True)
        ]

    def update_state(self, images: Any, *, real: bool = False) -> None:
        """Adds images, fake ones unless `real`.

        Args:
            images: uint8 `(count, resolution, resolution, channels)`.
            real: Which side they belong to.

        Raises:
            ValueError: Another shape or dtype.
        """
        images = as_images(images)
        side = self.resolutions[0]
        if images.shape[1:] != (side, side, self.channels):
            raise ValueError(
                f"Images must have shape (count, {side}, {side}, "
                f"{self.channels}). Received: shape={images.shape}. Resize "
                "them, or make the metric for their resolution."
            )
        step = max(1, _NUMBERS // (side**2 * self.channels))
        for start in range(0, len(images), step):
            batch = images[start : start + step].astype(np.float64)
            levels = _pyramid(batch, len(self.resolutions))
            for sample, level in zip(self._sides[real], levels, strict=True):
                sample.update_state(level)

    def result(self) -> dict[str, float]:
        """Returns the distance per resolution, and their `mean`.

        Raises:
            ValueError: No images, or another number of vectors kept of the
                real than of the fake ones.
        """
        values = {}
        for level, side in enumerate(self.resolutions):
            real, fake = (
                self._sides[s][level].sample.features for s in (True, False)
            )
            if not len(real) or len(real) != len(fake):
                raise ValueError(
                    "The distance compares as many real as fake patches. "
                    f"Received: {len(real)} real and {len(fake)} fake patches "
                    f"of {side} pixels. Add as many images on both sides, or "
                    "take a `capacity` that both exceed."
                )
            values[str(side)] = _UNIT * self._distance(real, fake)
        return {**values, "mean": float(np.mean(list(values.values())))}

    def _distance(self, real, fake):
        directions = np.random.default_rng(self.seed).standard_normal(
            (real.shape[1], self.repeats * self.directions)
        )
        directions /= np.linalg.norm(directions, axis=0)
        sides = [
            (x, *_normalised(x, directions, self.channels))
            for x in (real, fake)
        ]
        total = 0.0
        for start in range(0, directions.shape[1], _DIRECTIONS):
            part = slice(start, start + _DIRECTIONS)
            x, y = (
                np.sort(_project(vectors, slope[:, part], offset[part]))
                for vectors, slope, offset in sides
            )
            total += np.abs(x - y).mean(axis=1).sum()
        return float(total) / directions.shape[1]


class _Patches:
    """A uniform sample of the patches of the images of one level."""

    def __init__(self, side, channels, patches, capacity, seed):
        self._places = side - _SIDE + 1
        self._patches = patches
        self._random = np.random.default_rng(seed)
        self.sample = FeatureSample(
            channels * _SIDE**2, capacity, seed.generate_state(1)[0]
        )

    def update_state(self, images: Any):
        windows = np.lib.stride_tricks.sliding_window_view(
            images, (_SIDE, _SIDE), axis=(1, 2)
        )
        places = self._random.integers(
            0, self._places, (len(images), self._patches, 2)
        )
        which = np.arange(len(images))[:, None]
        patches = windows[which, places[..., 0], places[..., 1]]
        self.sample.update_state(patches.reshape(-1, self.sample.dimension))


def _pyramid(images, levels):
    """Returns the band-pass levels of images, and the low-pass one last."""
    pyramid = []
    for _ in range(levels - 1):
        smaller = _blur(images)[:, ::2, ::2]
        spread = np.zeros_like(images)
        spread[:, ::2, ::2] = smaller
        pyramid.append(images - 4 * _blur(spread))
        images = smaller
    return [*pyramid, images]


def _blur(images):
    for axis in (1, 2):
        width = [(0, 0)] * 4
        width[axis] = (2, 2)
        padded = np.pad(images, width, mode="reflect")
        windows = np.lib.stride_tricks.sliding_window_view(padded, 5, axis)
        images = sum(w * windows[..., i] for i, w in enumerate(_BINOMIAL))
    return images


def _normalised(vectors, directions, channels):
    """Returns slope and offset that project the normalised vectors.

    ((x - μ) / σ) · u = x · (u / σ) - (μ / σ) · u
    """
    pixels = vectors.reshape(-1, channels, _SIDE**2)
    mean = pixels.mean(axis=(0, 2), dtype=np.float64)
    deviation = pixels.std(axis=(0, 2), dtype=np.float64)
    scale = np.zeros(channels)
    np.divide(1, deviation, out=scale, where=deviation > 0)
    slope = directions * np.repeat(scale, _SIDE**2)[:, None]
    return slope, -np.repeat(mean, _SIDE**2) @ slope


def _project(vectors, slope, offset):
    """Returns the projections, float64 `(directions, count)`."""
    result = np.empty((slope.shape[1], len(vectors)))
    for start in range(0, len(vectors), _ROWS):
        rows = slice(start, start + _ROWS)
        result[:, rows] = (vectors[rows] @ slope + offset).T
    return result


def _resolutions(resolution):
    sides = [int(resolution)]
    while sides[-1] // 2 >= _SMALLEST:
        if sides[-1] % 2:
            raise ValueError(
                "`resolution` must be even as long as its half is at least "
                f"{_SMALLEST}, since a level has half the side of the one "
                f"before. Received: resolution={resolution}, which leads to "
                f"{sides[-1]}. Use a power of two, for example."
            )
        sides.append(sides[-1] // 2)
    return sides

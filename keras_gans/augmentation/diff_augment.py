"""DiffAugment: colour, translation and cutout on both sides."""

import warnings
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_gans.augmentation.base import (
    Augmentation,
    cut_out,
    of_colours,
    per_image,
    size_of,
)
from keras_gans.augmentation.resampling import along_both
from keras_gans.checks import one_of

POLICIES = ("color", "translation", "cutout")
# Greatest translation and side of the square, in units of the image.
TRANSLATION, CUTOUT = 1 / 8, 1 / 2


@keras.saving.register_keras_serializable(package="keras_gans")
class DiffAugment(Augmentation):
    """Differentiable augmentation of real and of generated images.

    Applied in this order, each image with draws of its own:

    - `color`: brightness, x + b, b ~ U[-1/2, 1/2]; saturation, m + s (x - m)
      with the mean m of a pixel's channels, s ~ U[0, 2]; contrast,
      M + c (x - M) with the mean M of the image, c ~ U[1/2, 3/2]. Of grey
      images brightness and contrast change, since there m = x.
    - `translation`: by whole pixels, uniform in [-r, r] on each axis, r an
      eighth of the size; what comes into view is 0, mid-grey.
    - `cutout`: a square of half of the size becomes 0. Its middle is uniform
      over the image, so that it may hang over the border.

    Every draw changes the image, as published; there is no probability.

    Scales of one image have the same draws, and places in proportion, so that
    they stay aligned: whole pixels of the largest scale are fractions of the
    pixels of a smaller one, which is interpolated linearly along each axis,
    and where the square covers a pixel in part that share of it is cut. In
    sizes that 8 does not divide r is rounded.

    Args:
        policy: Some of `POLICIES`; the given order does not matter.
        seed: Seed of the draws.
        **kwargs: Of `keras.layers.Layer`.

    Raises:
        ValueError: For no policy or an unknown one, or one given twice.

    Example:
    >>> from keras import ops
    >>> images = ops.ones((2, 8, 8, 3))
    >>> augmented = DiffAugment(("cutout",))(images, training=True)
    >>> bool(ops.min(augmented) == 0) and bool(ops.max(augmented) == 1)
    True

    Reference: [Zhao et al., 2020](https://arxiv.org/abs/2006.10738), and its
    released code, whose ranges these are.
    """

    UNIFORM = (
        "brightness",
        "saturation",
        "contrast",
        "shift_rows",
        "shift_columns",
        "cut_row",
        "cut_column",
    )

    def __init__(
        self, policy: Sequence[str] = POLICIES, *, seed: int = 0, **kwargs: Any
    ):
        super().__init__(seed=seed, **kwargs)
        self.policy = check_policy(policy)

    def check_channels(self, channels: int) -> None:
        if channels <= 2 and "color" in self.policy:
            warnings.warn(
                "Grey images have no saturation: of DiffAugment's policy "
                "`color` brightness and contrast change.",
                stacklevel=3,
            )

    def transform(
        self, scales: list[Any], numbers: dict[str, Any]
    ) -> list[Any]:
        if "color" in self.policy:
            scales = [_recoloured(image, numbers) for image in scales]
        height, width = size_of(scales)
        if "translation" in self.policy:
            rows = _shift(numbers["shift_rows"], height)
            columns = _shift(numbers["shift_columns"], width)
            scales = [
                translated(
                    image,
                    rows * (image.shape[1] / height),
                    columns * (image.shape[2] / width),
                )
                for image in scales
            ]
        if "cutout" in self.policy:
            rows = _covered(numbers["cut_row"], height)
            columns = _covered(numbers["cut_column"], width)
            scales = cut_out(scales, rows, columns)
        return scales

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"policy": self.policy}


def check_policy(policy: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of a policy in the order in which they are applied.

    Raises:
        ValueError: As `DiffAugment`.
    """
    allowed = f"Allowed: some of {', '.join(POLICIES)}, each once."
    if isinstance(policy, str):
        raise ValueError(
            "The policy of DiffAugment is a sequence of names. Received the "
            f"string {policy!r}; pass {tuple(policy.split(','))!r}. {allowed}"
        )
    for name in policy:
        one_of("policy", name, POLICIES)
    if not policy or len(set(policy)) < len(policy):
        raise ValueError(
            "The policy of DiffAugment names at least one augmentation, each "
            f"once. Received: {tuple(policy)!r}. {allowed} For none, leave "
            "the augmentation out."
        )
    return tuple(name for name in POLICIES if name in policy)


def _recoloured(image, numbers):
    """Returns an image with its brightness, saturation and contrast drawn.

    One after the other they make c s x + c (1 - s) m + (1 - c) M + b: the
    mean M has followed the brightness b, which contrast therefore leaves.
    """
    brightness = per_image(numbers["brightness"] - 0.5)
    saturation = per_image(2.0 * numbers["saturation"])
    contrast = per_image(numbers["contrast"] + 0.5)

    def function(colours):
        mean = ops.mean(colours, axis=(1, 2, 3), keepdims=True)
        constant = (1.0 - contrast) * mean + brightness
        if colours.shape[-1] == 1:
            return contrast * colours + constant
        grey = ops.mean(colours, axis=-1, keepdims=True)
        constant = constant + contrast * (1.0 - saturation) * grey
        return contrast * saturation * colours + constant

    return of_colours(image, function)


def _whole(uniform, count):
    """Returns integers of [0, count), as float32, from numbers of [0, 1)."""
    return ops.minimum(ops.floor(uniform * count), count - 1.0)


def _shift(uniform, size):
    """Returns shifts in pixels: integers of [-r, r], r an eighth of a size."""
    reach = int(size * TRANSLATION + 0.5)
    return _whole(uniform, 2 * reach + 1) - reach


def _covered(uniform, size):
    """Returns 1 for each place along an axis that the square covers, else 0."""
    side = int(size * CUTOUT + 0.5)
    first = _whole(uniform, size + 1 - side % 2) - side // 2
    places = ops.arange(size, dtype="float32") - first[:, None]
    return ops.cast((places >= 0) & (places < side), "float32")


def translated(image: Any, rows: Any, columns: Any) -> Any:
    """Returns images moved down and to the right, with zeros behind.

    A fraction of a pixel is interpolated linearly along each axis. The moves
    are products with matrices of zeros and ones, a small one for each image.

    Args:
        image: `(batch, height, width, channels)`.
        rows: `(batch,)`, in pixels.
        columns: `(batch,)`, in pixels.
    """
    _, height, width, _ = image.shape
    return along_both(_moves(rows, height), _moves(columns, width), image)


def _moves(pixels, size):
    """Returns matrices that move a signal of some size by so many places."""
    places = ops.arange(size, dtype="float32")
    distances = places[:, None] - places - pixels[:, None, None]
    return ops.relu(1.0 - ops.abs(distances))

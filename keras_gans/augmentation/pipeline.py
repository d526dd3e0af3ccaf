"""The transformations of adaptive augmentation, from what images draw.

The numbers of images are `(batch,)` each, by name; `on[name]` says which
images a transformation applies to.
"""

import functools
import math
from typing import Any

import numpy as np
from keras import ops

# Standard deviations, the factors' in octaves, and greatest shift.
SCALE, ANISOTROPY, BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.2, 0.2, 0.5, 1.0
SHIFT, FRACTION, CUTOUT = 1 / 8, 1 / 8, 1 / 2
# By category, in the order in which they are applied.
CATEGORIES = {
    "blit": ("flip", "turn", "shift"),
    "geometry": (
        "scale",
        "rotation_before",
        "anisotropy",
        "rotation_after",
        "fraction",
    ),
    "color": ("brightness", "contrast", "luma_flip", "hue", "saturation"),
    "cutout": ("cutout",),
}
TRANSFORMATIONS = sum(CATEGORIES.values(), ())
# What is drawn of them: whether each applies, and what it does.
UNIFORM = (
    *(f"whether_{name}" for name in TRANSFORMATIONS),
    "flip",
    "turn",
    "shift_x",
    "shift_y",
    "rotation_before",
    "rotation_after",
    "luma_flip",
    "hue",
    "cut_x",
    "cut_y",
)
NORMAL = (
    "scale",
    "anisotropy",
    "fraction_x",
    "fraction_y",
    "brightness",
    "contrast",
    "saturation",
)
# The projection onto the luma axis (1, 1, 1) / √3, that onto the plane of
# chroma, and in that a quarter turn, v ↦ (1, 1, 1) / √3 × v.
LUMA = np.full((3, 3), 1 / 3, "float32")
CHROMA = np.eye(3, dtype="float32") - LUMA
QUARTER = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], "float32")
QUARTER = QUARTER / np.float32(math.sqrt(3))


def applied(
    numbers: dict[str, Any], probability: Any, categories: tuple[str, ...]
) -> dict[str, Any]:
    """Returns which images each transformation applies to.

    With probability p each; the two rotations with 1 - sqrt(1 - p), so that
    at least one applies with probability p.
    """
    either = 1.0 - ops.sqrt(ops.maximum(1.0 - probability, 0.0))
    names = [name for each in categories for name in CATEGORIES[each]]
    return {
        name: numbers[f"whether_{name}"]
        < (either if name.startswith("rotation") else probability)
        for name in names
    }


def geometry(
    numbers: dict[str, Any], on: dict[str, Any], height: int, width: int
) -> tuple[Any, Any]:
    """Returns A and t: pixel x of the result shows what was at A x + t.

    In pixels from the middle, x to the right and down. With flip F, turn Q,
    shift d, scale S, rotations R and R', stretching D and shift f, which are
    applied to the image in this order,

        A x + t = F Q⁻¹ (S⁻¹ R⁻¹ D⁻¹ R'⁻¹ (x - f) - d).

    Returns:
        A `(batch, 2, 2)` and t `(batch, 2)`.
    """
    drawn = functools.partial(_drawn, numbers, on)
    flip = drawn("flip", _flip, 1.0)
    turn = drawn("turn", lambda u: ops.floor(4.0 * u) * (math.pi / 2), 0.0)
    scale = drawn("scale", lambda n: _power(SCALE * n), 1.0)
    stretch = drawn("anisotropy", lambda n: _power(ANISOTROPY * n), 1.0)
    before = drawn("rotation_before", _angle, 0.0)
    after = drawn("rotation_after", _angle, 0.0)
    sizes = ops.convert_to_tensor([width, height], "float32")
    whole = drawn("shift", lambda u: ops.round(_shift(u) * sizes), 0.0)
    fraction = drawn("fraction", lambda n: FRACTION * n * sizes, 0.0)
    mirror = ops.stack([flip, ops.ones_like(flip)], axis=-1)[:, :, None]
    columns = ops.stack([1.0 / (scale * stretch), stretch / scale], axis=-1)
    linear = mirror * _rotation(turn + before) * columns[:, None, :]
    linear = ops.matmul(linear, _rotation(after))
    offsets = _times(mirror * _rotation(turn), whole) + _times(linear, fraction)
    return linear, -offsets


def colours(
    numbers: dict[str, Any], on: dict[str, Any]
) -> tuple[Any, Any, Any]:
    """Returns matrices and offsets of RGB colours, and the factors of grey.

    With brightness b, contrast c, luma flip 1 - 2i, hue θ and saturation s,

        y = c ((1 - 2i) P + s (cos θ (1 - P) + sin θ K)) x + c (1 - 2i) b

    for the projection P onto the luma axis and the quarter turn K about it.
    A grey pixel becomes c (1 - 2i) (x + b).

    Returns:
        Matrices `(batch, 3, 3)`, offsets and factors `(batch,)`.
    """
    drawn = functools.partial(_drawn, numbers, on)
    brightness = drawn("brightness", lambda n: BRIGHTNESS * n, 0.0)
    contrast = drawn("contrast", lambda n: _power(CONTRAST * n), 1.0)
    flip = drawn("luma_flip", _flip, 1.0)
    hue = drawn("hue", _angle, 0.0)
    saturation = drawn("saturation", lambda n: _power(SATURATION * n), 1.0)
    factors = contrast * flip
    saturation = contrast * saturation
    parts = (
        (factors, LUMA),
        (saturation * ops.cos(hue), CHROMA),
        (saturation * ops.sin(hue), QUARTER),
    )
    matrices = sum(
        number[:, None, None] * ops.convert_to_tensor(part)
        for number, part in parts
    )
    return matrices, factors * brightness, factors


def cutout(
    numbers: dict[str, Any], on: dict[str, Any], height: int, width: int
) -> tuple[Any, Any]:
    """Returns which rows and columns of an image are cut out: 1, others 0.

    Those whose middle is nearer to a point, uniform over the image, than a
    quarter of its height or width.
    """

    def covered(number, size):
        places = (ops.arange(size, dtype="float32") + 0.5) / size
        near = ops.abs(places - number[:, None]) < CUTOUT / 2
        return ops.cast(ops.logical_and(near, on["cutout"][:, None]), "float32")

    return covered(numbers["cut_y"], height), covered(numbers["cut_x"], width)


def _drawn(numbers, on, name, value, otherwise):
    """Returns what a transformation does to each image, or what does nothing.

    Two numbers are drawn for a transformation of two directions.
    """
    pair = [numbers.get(f"{name}_{axis}") for axis in "xy"]
    both = pair[0] is not None
    number = ops.stack(pair, axis=-1) if both else numbers[name]
    if name not in on:
        return ops.full_like(number, otherwise)
    applies = on[name][:, None] if both else on[name]
    return ops.where(applies, value(number), otherwise)


def _flip(uniform):
    return 1.0 - 2.0 * ops.floor(2.0 * uniform)


def _angle(uniform):
    return (2.0 * uniform - 1.0) * math.pi


def _shift(uniform):
    return (2.0 * uniform - 1.0) * SHIFT


def _power(octaves):
    """Returns 2 to a power."""
    return ops.exp(math.log(2.0) * octaves)


def _rotation(angle):
    cosine, sine = ops.cos(angle), ops.sin(angle)
    rows = [ops.stack([cosine, -sine], -1), ops.stack([sine, cosine], -1)]
    return ops.stack(rows, axis=-2)


def _times(matrices, vectors):
    return ops.sum(matrices * vectors[:, None, :], axis=-1)

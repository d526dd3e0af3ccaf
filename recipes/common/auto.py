"""Settings for images of one's own, by the rules of docs/own-data.md."""

import dataclasses
import itertools
import math
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from recipes.common.light import without_keras

with without_keras():
    from keras_gans.checks import as_resolution, sides

if TYPE_CHECKING:
    from keras_gans.data.inspection import Inspection

# Fewer than a batch has.
FEWEST = 16
# Minutes of training where none are given.
MINUTES = 20.0
# Below, the narrower network of the preset `cpu` takes more steps.
WIDE_FROM = 4.0
SIDE = 32
# Images have another shape than a square where one side is longer by this, and
# so many of them agree on it, each within a tenth; up to so many pixels.
LONGER, AGREE, NEAR, LONGEST = 1.25, 0.9, 1.1, 64
# Stages of SAGAN's networks by resolution, from the generator's 4x4 input on
# and from the images on; and those for a few minutes.
STAGES = {
    32: ("4,2,1,1", "1,1,2,4"),
    64: ("4,4,2,1,1", "1,1,2,4,4"),
    128: ("4,4,4,2,1,1", "1,1,2,4,4,4"),
}
NARROW = ("2,2,1,1", "1,1,2,2")
AUGMENTATIONS = ("diffaugment", "ada", "augment")


@dataclasses.dataclass(frozen=True)
class Choice:
    """What is trained on a set of images.

    Attributes:
        recipe: Name of the recipe.
        flags: Its flags, text by name.
        reasons: Why, a line for each rule.
    """

    recipe: str
    flags: dict[str, str]
    reasons: tuple[str, ...]

    @property
    def arguments(self) -> list[str]:
        """The flags as arguments of a command."""
        return [f"--{name}={text}" for name, text in self.flags.items()]

    @property
    def command(self) -> str:
        """The command that does the same."""
        arguments = map(shlex.quote, self.arguments)
        return " ".join([f"python -m recipes.{self.recipe}", *arguments])


def choose(
    found: "Inspection", given: Mapping[str, str], conditional: bool
) -> Choice:
    """Returns a recipe and its flags for a set of images.

    Args:
        found: What the set is like.
        given: Text of the flags that the user gives, by name; they hold, and
            what follows from them is chosen accordingly.
        conditional: Whether the classes have images enough, or the user says
            that they are to be learnt.

    Raises:
        ValueError: When there are too few images.
    """
    if found.num_images < FEWEST:
        raise ValueError(
            f"A model learns from {FEWEST} images at the least, and from "
            f"hundreds better. Received: {found.name}, which has "
            f"{found.num_images}. Add images."
        )
    flags = {"preset": "cpu", "dataset": found.name}
    resolution, shape = _resolution(found, given)
    flags["resolution"] = "x".join(map(str, dict.fromkeys(sides(resolution))))
    flags["channels"] = str(found.channels)
    recipe, system = _recipe(min(sides(resolution)), conditional, found)
    flags |= _networks(recipe, min(sides(resolution)), given)
    flags["batch_size"] = "16"
    # MSG-GAN and LGA state that they have no classes.
    if recipe == "sagan":
        flags["conditional"] = str(conditional).lower()
    augmentation, enough = _augmentation(found, given)
    flags |= augmentation
    if "steps" not in given:
        flags["minutes"] = f"{MINUTES:g}"
    reasons = (
        f"{recipe}: {system}",
        f"{flags['resolution']} pixels: {shape}",
        enough,
    )
    return Choice(recipe, flags | dict(given), reasons)


def _recipe(side, conditional, found):
    """Returns the recipe, and why."""
    if side not in STAGES:
        return "msg_gan", f"the system for {side} pixels"
    if conditional:
        count = sum(1 for images in found.class_counts.values() if images)
        return "sagan", f"{count} classes with images enough to be learnt"
    if side == SIDE:
        return "lga", "no classes, or too few images of most of them"
    return "sagan", f"the system for {side} pixels, here without classes"


def _networks(recipe, side, given):
    """Returns the widths of a system's networks."""
    if recipe == "msg_gan":
        # The channels halve from 32 pixels on, and have to be even.
        return {"max_channels": str(max(32, 2 * side // 32))}
    widths = {"generator_width": "32", "discriminator_width": "32"}
    if recipe == "lga":
        return widths
    short = "steps" not in given and _minutes(given) < WIDE_FROM
    narrow = side == SIDE and short
    generator, discriminator = NARROW if narrow else STAGES[side]
    return widths | {
        "generator_multipliers": generator,
        "discriminator_multipliers": discriminator,
    }


def _minutes(given):
    """Returns the minutes of training; infinity for none."""
    text = given.get("minutes", str(MINUTES)).lower()
    return math.inf if text == "none" else float(text)


def _augmentation(found, given):
    """Returns the flag of augmentation, if there is to be one, and why."""
    from keras_gans.data.advice import FEW

    if any(name in given for name in AUGMENTATIONS):
        return {}, "augmentation: as given"
    images = f"{found.num_images:,} images"
    if found.num_images >= FEW:
        return {}, f"no augmentation: {images}, of {FEW:,} at the least"
    # Grey images have brightness and contrast alone.
    color = ["color"] if found.channels > 1 else []
    policy = ",".join([*color, "translation", "cutout"])
    reason = f"augmentation of both sides: {images}, fewer than {FEW:,}"
    return {"diffaugment": policy}, reason


def _resolution(found, given):
    """Returns the size to train at, and why."""
    if "resolution" in given:
        numbers = [int(side) for side in given["resolution"].split("x")]
        height, width = numbers if len(numbers) == 2 else 2 * numbers
        return as_resolution(height, width), "as given"
    ratio = _common_ratio(found.sizes)
    longer = max(ratio, 1 / ratio)
    if longer < LONGER:
        return SIDE, "what a CPU trains in minutes"
    # Whole pixels at 4x4.
    unit = SIDE // 4
    length = min(unit * round(SIDE * longer / unit), LONGEST)
    shape = (SIDE, length) if ratio > 1 else (length, SIDE)
    return shape, "the shape of most images, which a square would cut"


def _common_ratio(sizes):
    """Returns the width of most images in units of their height, or 1."""
    ratios = sorted(
        (width / height, count) for (width, height), count in sizes.items()
    )
    total = sum(sizes.values())
    seen = itertools.accumulate(count for _, count in ratios)
    middle = next(
        ratio
        for (ratio, _), count in zip(ratios, seen, strict=True)
        if 2 * count >= total
    )
    near = sum(
        count
        for ratio, count in ratios
        if abs(math.log(ratio / middle)) <= math.log(NEAR)
    )
    return middle if near >= AGREE * total else 1.0

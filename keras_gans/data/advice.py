"""Whether a set of images is enough, and how to train on it."""

import shlex

from keras_gans.data.inspection import Inspection

# Zhao et al., 2020 (https://arxiv.org/abs/2006.10738) train on 100 to 400
# images, with augmentation of real and generated ones. --augment is of the real
# ones: but for mirrored images, a generator would learn to make what it does.
VERY_FEW = 500
# Karras et al., 2020 (https://arxiv.org/abs/2006.06676), Figure 1: without
# augmentation a discriminator soon knows such a set by heart.
FEW = 10_000
# Real images that an evaluation compares with; FID depends on their number.
COMPARED = 10_000
# CIFAR-100, with 500 a class, is the least that papers on GANs train by class.
FEW_OF_A_CLASS = 300
# Of the largest class to the smallest.
UNEVEN = 10
# Shares of the images from which on something is worth a sentence.
SOME, MANY = 0.01, 0.5
# Names that are shown of a list.
_SHOWN = 5
# Published configurations with labels, by resolution.
_PRESETS = {64: "sagan_imagenet_64", 128: "sagan_imagenet_128"}


def problems(found: Inspection) -> list[str]:
    """Returns what training would be refused for, and what to do."""
    wrong = []
    if found.num_bad:
        named = "; ".join(f"{name}: {why}" for name, why in found.bad)
        more = found.num_bad - len(found.bad)
        wrong.append(
            f"{found.num_bad:,} files are no complete images ({named}"
            + (f"; and {more:,} more" if more else "")
            + "): repair or remove them, or give --skip_bad_images"
        )
    if not found.num_images:
        wrong.append("there is no readable image: add some")
    empty = [name for name, count in found.class_counts.items() if not count]
    if empty and found.num_images and found.name.startswith("folder:"):
        wrong.append(
            f"{len(empty):,} classes have no readable image "
            f"({_listed(empty)}): add images or remove the sub-folders"
        )
    return wrong


def advice(found: Inspection, resolution: int) -> list[str]:
    """Returns what is worth knowing of a set, at a resolution."""
    if not found.num_images:
        return []
    return [
        *_of_the_number(found),
        *_of_classes(found),
        *_of_copies(found),
        *_of_sizes(found, resolution),
        *_of_pixels(found),
    ]


def _of_the_number(found):
    count = found.num_images
    if count < VERY_FEW:
        yield (
            f"{count:,} images are very few: the discriminator will know them "
            "by heart. Add images, or augment them and the generated ones: "
            "--diffaugment=color,translation,cutout"
        )
    elif count < FEW:
        yield (
            f"fewer than {FEW:,} images want augmentation: --augment=flip, "
            "unless left and right are told apart, as in writing"
        )
    if count < COMPARED:
        yield (
            f"evaluations compare with up to {COMPARED:,} real images, here "
            f"with {count:,}: FID is higher against fewer, so compare it with "
            f"FID against {count:,} only"
        )


def _of_classes(found):
    counts = {n: c for n, c in found.class_counts.items() if c}
    if not counts:
        return
    if len(counts) == 1:
        yield "one class says nothing: train with --conditional=false"
        return
    few = [name for name, count in counts.items() if count < FEW_OF_A_CLASS]
    if few:
        yield (
            f"{len(few):,} of {len(counts):,} classes have fewer than "
            f"{FEW_OF_A_CLASS} images ({_listed(few)}), little to learn a "
            "class from: join classes, or train with --conditional=false"
        )
    smallest, largest = min(counts.values()), max(counts.values())
    if largest > UNEVEN * smallest:
        yield (
            f"the largest class has {largest / smallest:.0f} times the images "
            "of the smallest: rare classes are seldom trained on, and "
            "evaluations draw all classes alike"
        )


def _of_copies(found):
    if found.copies:
        yield (
            f"{found.copies:,} images are copies of others, pixel for pixel: "
            "remove them, for they count twice"
        )
    if found.copies_across_classes:
        yield (
            f"in {found.copies_across_classes:,} of these pairs the classes "
            "differ: one of the labels is wrong"
        )
    if found.near_copies:
        yield (
            f"{found.near_copies:,} further images are probably the same as "
            "another one, resized or compressed again"
        )


def _of_sizes(found, resolution):
    smaller = found.smaller_than(resolution)
    # At 32 pixels the embedded images are framed.
    if found.name != "embedded" and smaller > SOME * found.num_images:
        yield (
            f"{_share(smaller, found)} are smaller than {resolution} pixels "
            "and would be enlarged, which blurs them"
        )
    if resolution in _PRESETS and is_conditional(found):
        yield (
            f"the preset for {resolution} pixels is the published network, for "
            "GPUs: on a CPU train at 32"
        )
    if found.much_cropped > SOME * found.num_images:
        yield (
            f"{_share(found.much_cropped, found)} lose more than a quarter to "
            "the crop to the centre square: crop them by hand where what "
            "matters is not in the centre"
        )


def _of_pixels(found):
    if 0 < found.grey < found.num_images:
        yield (
            f"{_share(found.grey, found)} are grey and the others coloured: "
            "--channels=3 trains on both, --channels=1 makes all grey"
        )
    for count, what, happens in (
        (found.transparent, "transparent in parts", "put onto white"),
        (found.cmyk, "in printing colours", "converted roughly"),
        (found.deep, "of 16 bits", "brought to 8"),
        (found.animated, "animated", "taken by their first frame"),
    ):
        if count:
            yield f"{_share(count, found)} are {what} and will be {happens}"


def _share(count, found):
    return (
        f"{count:,} of {found.num_images:,} images"
        f" ({100 * count / found.num_images:.0f} %)"
    )


def _listed(names):
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (
        f" and {more:,} more" if more > 0 else ""
    )


def is_conditional(found: Inspection) -> bool:
    """Returns whether most classes have images enough to learn them."""
    counts = [count for count in found.class_counts.values() if count]
    enough = sum(count >= FEW_OF_A_CLASS for count in counts)
    return len(counts) > 1 and enough > MANY * len(counts)


def command(
    found: Inspection, resolution: int, data_dir: str | None = None
) -> str:
    """Returns a command that trains on a set.

    SAGAN at 32, 64 and 128 pixels, MSG-GAN, which has all powers of two, at
    others.

    Args:
        found: What the set is like.
        resolution: Side of the images in pixels.
        data_dir: Where TFDS keeps its sets.
    """
    flags = [f"--dataset={shlex.quote(found.name)}"]
    if data_dir:
        flags.append(f"--data_dir={shlex.quote(data_dir)}")
    recipe = "sagan"
    if resolution in _PRESETS and is_conditional(found):
        flags.append(f"--preset={_PRESETS[resolution]}")
    elif resolution != 32:
        recipe = "msg_gan"
        flags.append(f"--resolution={resolution}")
    flags.append(f"--channels={found.channels}")
    if not is_conditional(found):
        flags.append("--conditional=false")
    if found.num_images < VERY_FEW:
        flags.append("--diffaugment=color,translation,cutout")
    elif found.num_images < FEW:
        flags.append("--augment=flip")
    if found.num_bad:
        flags.append("--skip_bad_images")
    return f"python -m recipes.{recipe} {' '.join(flags)}"

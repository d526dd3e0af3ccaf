"""What a set of images is like, before it is trained on."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import itertools
import pathlib
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from keras_gans.data.copies import near_copies
from keras_gans.data.folder import check_name, list_files
from keras_gans.data.load import (
    parse_dataset,
    refuse_tfds_arguments,
    split_of,
)
from keras_gans.data.pixels import image_formats, opaque
from keras_gans.data.reading import decoded, show_progress

if TYPE_CHECKING:
    from PIL import Image

NAMED = 5  # bad files; the others are counted
# Side of the thumbnails by which like images are found.
THUMBNAIL = 8
# Among more images, for which it takes 0.5 GB, only equal ones are found.
MOST_COMPARED = 500_000
# A crop that takes away more of an image than this is counted.
MUCH_CROPPED = 0.25


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was found in a set of images.

    Attributes:
        name: The set, in the form of `--dataset`.
        num_images: Readable images.
        num_bad: Files that are no complete images.
        bad: Names of up to `NAMED` of them, and why they are none.
        class_counts: Readable images by class; empty without labels.
        sizes: How many images have each width and height, in pixels.
        grey: Images whose pixels are all grey, however they are stored.
        transparent: Images that are not opaque everywhere.
        palette: Images stored with a palette.
        cmyk: Images stored in printing colours.
        deep: Images of 16 bits a channel.
        animated: Images of several frames.
        copies: Images whose pixels are those of an earlier one.
        copies_across_classes: Those of them that have another label than it.
        near_copies: Further images that, at 8x8 pixels, look like another
            one; None where there were too many to compare.
        cropped: Mean share of an image that the crop to the centre square
            takes away.
        much_cropped: Images of which it takes more than `MUCH_CROPPED`.
    """

    name: str
    num_images: int
    num_bad: int
    bad: tuple[tuple[str, str], ...]
    class_counts: dict[str, int]
    sizes: dict[tuple[int, int], int]
    grey: int
    transparent: int
    palette: int
    cmyk: int
    deep: int
    animated: int
    copies: int
    copies_across_classes: int
    near_copies: int | None
    cropped: float
    much_cropped: int

    @property
    def channels(self) -> int:
        """1 where every image is grey, 3 otherwise."""
        return 1 if self.grey == self.num_images else 3

    def smaller_than(self, resolution: int) -> int:
        """Returns how many images would be enlarged to a resolution."""
        return sum(
            count
            for size, count in self.sizes.items()
            if min(size) < resolution
        )


def inspect_images(dataset: str, *, data_dir: str | None = None) -> Inspection:
    """Reads every image of a set once and tells what the set is like.

    Shows its progress on stderr. Of each image it keeps a hash and 66 bytes.

    Args:
        dataset: As `load_images` takes it.
        data_dir: As `load_images` takes it.

    Raises:
        ValueError: If the form is unknown or the set is not laid out as it
            must be.
        FileNotFoundError: If a path does not exist or a set of TFDS is not
            prepared.
    """
    items, count, class_names = _open(dataset, data_dir)
    found = _Found(class_names)
    items, again = itertools.tee(items)
    looks = decoded(again, lambda item: item.look())
    for number, (item, look) in enumerate(zip(items, looks, strict=True), 1):
        found.add(item, look)
        show_progress(number, count)
    return found.result(dataset)


class _Item(NamedTuple):
    """An image that has not been read: a file, encoded bytes, or pixels."""

    name: str
    label: int
    content: pathlib.Path | bytes | np.ndarray

    def look(self) -> _Look:
        from PIL import Image

        if isinstance(self.content, np.ndarray):
            grey = self.content.shape[-1] == 1
            pixels = self.content[..., 0] if grey else self.content
            return _look(Image.fromarray(pixels), set())
        source = self.content
        if isinstance(source, bytes):
            source = io.BytesIO(source)
        else:
            check_name(source)
        with Image.open(source, formats=image_formats()) as image:
            return _look(image, _stored(image))


class _Look(NamedTuple):
    """What one image is like; traits are fields of `Inspection`."""

    size: tuple[int, int]
    traits: set[str]
    digest: bytes
    thumbnail: np.ndarray


def _stored(image: Image.Image) -> set[str]:
    """Returns how a file stores its image, before it is decoded."""
    traits = {
        "palette": image.mode in ("P", "PA"),
        "cmyk": image.mode == "CMYK",
        "deep": image.mode.startswith("I"),
        "animated": _is_animated(image),
    }
    return {name for name, true in traits.items() if true}


def _is_animated(image: Image.Image) -> bool:
    try:
        return getattr(image, "is_animated", False)
    except (EOFError, OSError, SyntaxError, ValueError):
        # Only the first frame is trained on: what follows may be damaged.
        return False


def _look(image: Image.Image, traits: set[str]) -> _Look:
    from PIL import Image, ImageOps

    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.has_transparency_data:
        alpha = upright.convert("RGBA").getchannel("A")
        if alpha.getextrema()[0] < 255:
            traits.add("transparent")
    picture = opaque(upright)
    pixels = np.asarray(picture)
    if picture.mode == "RGB" and (pixels == pixels[..., :1]).all():
        picture = picture.getchannel(0)
    if picture.mode == "L":
        traits.add("grey")
    thumbnail = np.asarray(
        picture.convert("YCbCr").resize((THUMBNAIL,) * 2, Image.Resampling.BOX)
    )
    hues = thumbnail[..., 1:].mean(axis=(0, 1)).round().astype(np.uint8)
    content = f"{picture.mode} {picture.size} ".encode() + picture.tobytes()
    return _Look(
        upright.size,
        traits,
        hashlib.blake2b(content, digest_size=16).digest(),
        np.concatenate([thumbnail[..., 0].ravel(), hues]),
    )


class _Found:
    """What has been found in the images so far."""

    def __init__(self, class_names):
        self.class_names = class_names
        self.labels, self.sizes, self.traits = Counter(), Counter(), Counter()
        # The label of the first image with a content.
        self.first, self.across = {}, 0
        self.thumbnails, self.crops = [], []
        self.num_bad, self.bad = 0, []

    def add(self, item: _Item, look: _Look | str) -> None:
        if isinstance(look, str):
            self.num_bad += 1
            if len(self.bad) < NAMED:
                self.bad.append((item.name, look))
            return
        self.labels[item.label] += 1
        self.sizes[look.size] += 1
        self.traits.update(look.traits)
        self.crops.append(1 - min(look.size) / max(look.size))
        if look.digest in self.first:
            self.across += self.first[look.digest] != item.label
            return
        self.first[look.digest] = item.label
        if len(self.thumbnails) <= MOST_COMPARED:
            self.thumbnails.append(look.thumbnail)

    def result(self, name: str) -> Inspection:
        number = self.labels.total()
        crops, alike = np.asarray(self.crops), None
        if len(self.thumbnails) <= MOST_COMPARED:
            alike = near_copies(np.asarray(self.thumbnails, np.uint8))
        stored = ("grey", "transparent", "palette", "cmyk", "deep", "animated")
        return Inspection(
            name=name,
            num_images=number,
            num_bad=self.num_bad,
            bad=tuple(self.bad),
            class_counts={
                class_name: self.labels[label]
                for label, class_name in enumerate(self.class_names)
            },
            sizes=dict(self.sizes.most_common()),
            copies=number - len(self.first),
            copies_across_classes=self.across,
            near_copies=alike,
            cropped=float(crops.mean()) if number else 0.0,
            much_cropped=int((crops > MUCH_CROPPED).sum()),
            **{trait: self.traits[trait] for trait in stored},
        )


def _open(
    dataset: str, data_dir: str | None
) -> tuple[Iterator[_Item], int, tuple[str, ...]]:
    """Returns the images of a set, their number and the class names."""
    form, path = parse_dataset(dataset)
    if form == "tfds":
        return _open_prepared(path, data_dir, split_of(dataset))
    refuse_tfds_arguments(dataset, data_dir, "train")
    if form == "folder":
        root = pathlib.Path(path).expanduser()
        class_names, paths, labels = list_files(path, root)
        items = map(_Item, map(str, paths), labels.tolist(), paths)
        return items, len(paths), class_names
    if form == "npz":
        from keras_gans.data.archive import read_archive

        images, labels = read_archive(path)
        class_names = ()
        if labels is not None:
            class_names = tuple(map(str, range(int(labels.max()) + 1)))
    else:
        from keras_gans.data.embedded import CLASS_NAMES, read_embedded

        (images, labels), class_names = read_embedded(), CLASS_NAMES
    labels = [0] * len(images) if labels is None else labels.tolist()
    names = (f"image {number}" for number in itertools.count())
    return map(_Item, names, labels, images), len(images), class_names


def _open_prepared(path, data_dir, split):
    from keras_gans.data.prepared import (
        numpy_records,
        open_prepared,
        read_records,
    )

    name = path.partition("@")[0]
    builder, info, class_names = open_prepared(name, data_dir, split)

    def items():
        records = read_records(builder, split)
        records = numpy_records(f"tfds:{path}", records)
        for file, record in records:
            label = int(record["label"]) if class_names else 0
            yield _Item(file, label, record["image"])

    return items(), info.num_examples, class_names

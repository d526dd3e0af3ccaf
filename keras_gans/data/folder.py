"""`folder:PATH`: image files, with one sub-folder a class or with none."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Sequence

import numpy as np

from keras_gans.checks import sides
from keras_gans.data.image_set import ImageSet
from keras_gans.data.pixels import decode_image, image_formats
from keras_gans.data.reading import read_images
from keras_gans.data.sources import ArraySource, FileSource, fits_in_memory

_FORMAT_OF = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".webp": "WEBP",
}
_LAYOUT = (
    "folder:PATH takes images directly in PATH (unlabelled), or sub-folders "
    "of images, one a class. "
)


def load_folder(
    path: str,
    *,
    resolution: int | tuple[int, int],
    channels: int,
    skip_bad_images: bool,
) -> ImageSet:
    """Loads a folder of images, after decoding every one of them.

    The classes are the sub-folders in the order of their names. Hidden files
    and folders are ignored.

    Args:
        path: The folder.
        resolution: Side of the images, in pixels, or height and width.
        channels: 1 or 3.
        skip_bad_images: Whether to leave out files that are no complete
            images instead of raising.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it has no images, an empty class, another layout, or a
            corrupt, truncated or non-image file.
    """
    root = pathlib.Path(path).expanduser()
    class_names, files, labels = list_files(path, root)
    paths = list(map(str, files))
    shape = (*sides(resolution), channels)
    images, good, bad = read_images(
        f"folder:{path}",
        files,
        functools.partial(_decode, image_shape=shape),
        names=paths,
        count=len(files),
        image_shape=shape,
        skip_bad_images=skip_bad_images,
        keep_pixels=fits_in_memory(len(files), shape),
    )
    labels = labels[good] if class_names else None
    _check_not_empty(path, len(good), class_names, labels)
    if images is not None:
        source = ArraySource(images, labels)
    else:
        source = FileSource([paths[index] for index in good], labels, shape)
    return ImageSet(
        f"folder:{path}", source, class_names=class_names, bad_images=bad
    )


def _visible(folder: pathlib.Path) -> list[pathlib.Path]:
    entries = (e for e in folder.iterdir() if not e.name.startswith("."))
    return sorted(entries, key=lambda entry: entry.name)


def list_files(
    path: str, root: pathlib.Path
) -> tuple[tuple[str, ...], list[pathlib.Path], np.ndarray]:
    """Returns the class names, all files, and their labels.

    Args:
        path: The folder as the user wrote it.
        root: Where it is.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it has another layout.
    """
    if not root.is_dir():
        what = "a file" if root.exists() else "nothing"
        raise FileNotFoundError(
            f"folder:PATH needs a folder. Received: {path}, where there is "
            f"{what}. Check the path."
        )
    entries = _visible(root)
    folders = [entry for entry in entries if entry.is_dir()]
    files = [entry for entry in entries if not entry.is_dir()]
    if folders and files:
        raise ValueError(
            f"{_LAYOUT}Received: {path}, with {len(files):,} files (such as "
            f"{files[0].name}) beside {len(folders):,} sub-folders (such as "
            f"{folders[0].name}). Move either of them elsewhere."
        )
    if not folders:
        return (), files, np.zeros(len(files), np.int32)
    labels = []
    for label, folder in enumerate(folders):
        inside = _visible(folder)
        for entry in inside:
            if entry.is_dir():
                raise ValueError(
                    f"{_LAYOUT}Received: the folder {entry} inside a class. "
                    "Move its images up."
                )
        files.extend(inside)
        labels.extend([label] * len(inside))
    names = tuple(folder.name for folder in folders)
    return names, files, np.asarray(labels, np.int32)


def _decode(
    file: pathlib.Path, image_shape: tuple[int, int, int]
) -> np.ndarray:
    check_name(file)
    return decode_image(file, image_shape)


def check_name(file: pathlib.Path) -> None:
    """Raises ValueError for a file that is no image by its name."""
    if _FORMAT_OF.get(file.suffix.lower()) not in image_formats():
        raise ValueError(
            f"no image by its name; allowed: {', '.join(_FORMAT_OF)}"
        )


def _check_not_empty(
    path: str,
    num_images: int,
    class_names: Sequence[str],
    labels: np.ndarray | None,
) -> None:
    if num_images == 0:
        raise ValueError(
            f"{_LAYOUT}Received: {path}, which has no readable image. "
            f"Allowed: {', '.join(_FORMAT_OF)}."
        )
    if labels is None:
        return
    counts = np.bincount(labels, minlength=len(class_names))
    empty = [name for name, n in zip(class_names, counts, strict=True) if not n]
    if empty:
        raise ValueError(
            f"{_LAYOUT}Every class needs at least one readable image. "
            f"Received: {path}, without any in {', '.join(empty[:5])} "
            f"({len(empty):,} of {len(class_names):,} classes). Add images or "
            "remove the sub-folder."
        )

"""`npz:PATH`: images and labels in one NumPy archive."""

from __future__ import annotations

import pathlib
import pickle
import zipfile
import zlib

import numpy as np

from keras_gans.checks import did_you_mean
from keras_gans.data.image_set import ImageSet
from keras_gans.data.pixels import fit_images
from keras_gans.data.sources import ArraySource

_KEYS = ("images", "labels")
_MAX_CLASSES = 65536
_ALLOWED = (
    "An npz for training holds `images`, uint8 of shape (N, H, W, C) with C "
    "of 1, 3 or 4 (RGBA, put onto white), or (N, H, W); and, optionally, "
    "`labels`, integers 0..K-1 of shape (N,). "
)


def load_archive(
    path: str, *, resolution: int | tuple[int, int], channels: int
) -> ImageSet:
    """Loads an npz of images at the resolution and channel count.

    The images are cropped to the centre square and resized if need be. K is
    the greatest label plus one; a label may have no images.

    Args:
        path: The archive, with `images` uint8 `(N, H, W, C)` or `(N, H, W)`
            and, optionally, integer `labels` `(N,)`.
        resolution: Side of the images, in pixels, or height and width.
        channels: 1 or 3.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no complete npz, or its keys, dtypes or shapes
            are others.
    """
    images, labels = read_archive(path)
    images = fit_images(images, resolution=resolution, channels=channels)
    num_classes = 0 if labels is None else int(labels.max()) + 1
    return ImageSet(
        f"npz:{path}",
        ArraySource(images, labels),
        class_names=[str(number) for number in range(num_classes)],
    )


def read_archive(path: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the checked images (N, H, W, C) and labels of an npz."""
    file = pathlib.Path(path).expanduser()
    if not file.is_file():
        what = "a folder" if file.is_dir() else "nothing"
        raise FileNotFoundError(
            f"npz:PATH needs an npz file. Received: {path}, where there is "
            f"{what}. Check the path."
        )
    arrays = _read(file)
    return _check_images(path, arrays["images"]), _check_labels(path, arrays)


def _read(file: pathlib.Path) -> dict[str, np.ndarray]:
    try:
        # Opened here, since np.load leaves a damaged file open.
        with open(file, "rb") as stream:
            archive = np.load(stream, allow_pickle=False)
            if isinstance(archive, np.ndarray):
                raise ValueError("it holds one array, as an npy file does")
            keys = archive.files
            arrays = {key: archive[key] for key in keys if key in _KEYS}
    except (
        EOFError,
        OSError,
        ValueError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(
            f"{file} is no complete npz archive: {error}. {_ALLOWED}Write it "
            "with numpy.savez_compressed(path, images=..., labels=...)."
        ) from error
    _check_keys(file, keys)
    return arrays


def _check_keys(file: pathlib.Path, keys: list[str]) -> None:
    wrong = [key for key in keys if key not in _KEYS]
    if "images" in keys and not wrong:
        return
    hint = did_you_mean(wrong[0], _KEYS) if wrong else ""
    raise ValueError(
        f"{file} has the wrong keys.{hint} Received: {', '.join(keys)}. "
        f"{_ALLOWED}Rename or remove the others."
    )


def _check_images(path: str, images: np.ndarray) -> np.ndarray:
    received = (
        f"Received: {images.dtype} of shape {images.shape} in {path}. "
        f"{_ALLOWED}"
    )
    if images.dtype != np.uint8:
        raise ValueError(
            f"`images` must be uint8, grey levels 0 to 255. {received}"
            "Convert floats of [-1, 1] by ((x + 1) * 127.5).round()."
        )
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3, 4):
        raise ValueError(
            f"`images` must be channels-last, grey, RGB or RGBA. {received}"
            "Transpose (N, C, H, W) by images.transpose(0, 2, 3, 1)."
        )
    if 0 in images.shape:
        raise ValueError(
            f"`images` must not be empty. {received}Add images to it."
        )
    return images


def _check_labels(path: str, arrays: dict) -> np.ndarray | None:
    if "labels" not in arrays:
        return None
    labels, count = arrays["labels"], len(arrays["images"])
    received = (
        f"Received: {labels.dtype} of shape {labels.shape} for {count} images "
        f"in {path}. {_ALLOWED}"
    )
    if labels.dtype.kind not in "iu":
        raise ValueError(
            f"`labels` must be integers. {received}"
            "Convert names by numpy.unique(names, return_inverse=True)[1]."
        )
    if labels.shape != (count,):
        raise ValueError(
            f"`labels` must hold one label an image. {received}"
            "Convert one-hot labels by labels.argmax(-1)."
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= _MAX_CLASSES:
        raise ValueError(
            f"`labels` must be 0..K-1 with K at most {_MAX_CLASSES}. "
            f"Received: labels from {low} to {high} in {path}. Number the "
            "classes by numpy.unique(labels, return_inverse=True)[1]."
        )
    return labels

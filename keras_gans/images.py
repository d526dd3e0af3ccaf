"""Images as bytes: conversion, grids and PNG files.

Inside the library images are floats in [-1, 1]; what leaves it is uint8.
"""

import os
import pathlib

import keras
import numpy as np

from keras_gans import files


def to_uint8(images: object) -> np.ndarray:
    """Converts images from [-1, 1] to grey levels 0 to 255.

        y = clip(round((x + 1) · 127.5), 0, 255),

    computed in float32, with halves rounded to even. Values outside [-1, 1]
    are clipped.

    Args:
        images: Array or tensor of any backend and any floating dtype, of any
            shape.

    Returns:
        A uint8 NumPy array of the same shape.

    Raises:
        ValueError: If the images are not floating or hold NaN.

    Example:
    >>> to_uint8(np.array([-1.0, 0.0, 1.0], "float32")).tolist()
    [0, 128, 255]
    """
    array = keras.ops.convert_to_numpy(images)
    # bfloat16 is no NumPy type of its own: its kind is "V".
    dtype = keras.backend.standardize_dtype(array.dtype)
    if "float" not in dtype:
        raise ValueError(
            "Images must be floats in [-1, 1] to be converted to uint8. "
            f"Received: dtype={dtype}. Scale them first, for example "
            "x / 127.5 - 1 for grey levels from 0 to 255."
        )
    array = array.astype("float32")
    missing = int(np.isnan(array).sum())
    if missing:
        raise ValueError(
            "Images must not hold NaN. Received: "
            f"{missing} NaN of {array.size} values, so the network that made "
            "them has diverged. Go back to an earlier checkpoint, or lower "
            "the learning rates."
        )
    return np.clip(np.rint((array + 1.0) * 127.5), 0, 255).astype("uint8")


def image_grid(
    images: np.ndarray, columns: int, padding: int = 2, fill: int = 255
) -> np.ndarray:
    """Lays images out row by row on one sheet.

    Args:
        images: uint8 array of shape (N, H, W, C), N >= 1.
        columns: Images a row, at least 1. A last row that is not full is
            completed with `fill`.
        padding: Pixels between neighbours; the sheet has no outer border.
        fill: Grey level of the padding, 0 to 255.

    Returns:
        A uint8 array of shape (rows·(H + padding) - padding,
        columns·(W + padding) - padding, C), where rows = ⌈N / columns⌉.

    Raises:
        ValueError: If an argument is outside the ranges above.

    Example:
    >>> image_grid(np.zeros((6, 4, 4, 1), "uint8"), columns=3).shape
    (10, 16, 1)
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or not images.size:
        raise ValueError(
            "A grid is made of uint8 images of shape (N, H, W, C), N >= 1. "
            f"Received: dtype={images.dtype}, shape={images.shape}. "
            "Use `to_uint8` to convert floats in [-1, 1]."
        )
    if columns < 1 or padding < 0 or not 0 <= fill <= 255:
        raise ValueError(
            "A grid needs columns >= 1, padding >= 0 and fill in 0..255. "
            f"Received: columns={columns}, padding={padding}, fill={fill}."
        )
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    cells = np.full(
        (rows * columns, height + padding, width + padding, channels),
        fill,
        dtype="uint8",
    )
    cells[:count, :height, :width] = images
    cells = cells.reshape(rows, columns, *cells.shape[1:])
    sheet = cells.transpose(0, 2, 1, 3, 4).reshape(
        rows * (height + padding), columns * (width + padding), channels
    )
    return sheet[: sheet.shape[0] - padding, : sheet.shape[1] - padding]


def save_png(path: str | os.PathLike, image: np.ndarray) -> pathlib.Path:
    """Writes one image as a PNG file, by `keras_gans.files.replacing`.

    Args:
        path: Where the file goes.
        image: uint8 array of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4).

    Returns:
        The path written.

    Raises:
        ValueError: If the image has another dtype or shape.
    """
    import PIL.Image

    image = np.asarray(image)
    if image.ndim == 3 and image.shape[-1] == 1:
        image = image[..., 0]
    colour = image.ndim == 3 and image.shape[-1] in (3, 4)
    if (
        image.dtype != np.uint8
        or not image.size
        or not (image.ndim == 2 or colour)
    ):
        raise ValueError(
            "A PNG is written from uint8 of shape (H, W), (H, W, 1), "
            f"(H, W, 3) or (H, W, 4). Received: dtype={image.dtype}, "
            f"shape={image.shape}. Use `to_uint8` and `image_grid`."
        )
    path = pathlib.Path(path)
    with files.replacing(path) as temporary:
        PIL.Image.fromarray(image).save(temporary, format="PNG")
    return path

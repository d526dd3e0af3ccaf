"""From any picture to uint8 pixels at one resolution and channel count.

Every path does the same, in this order: transparency onto white, colour to
grey (if one channel is asked), the largest centre crop of the shape that is
asked for, bilinear resize with antialiasing, grey to three equal channels (if
three are asked).

Grey is the luma of ITU-R BT.601 in 16-bit fixed point,

    Y = (19595 R + 38470 G + 7471 B + 32768) / 65536,

which is 0.299 R + 0.587 G + 0.114 B rounded.
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from keras_gans.checks import sides

if TYPE_CHECKING:
    from PIL import Image


@functools.cache
def image_formats() -> tuple[str, ...]:
    """Returns the formats read here, by Pillow's names."""
    from PIL import features

    formats = ("PNG", "JPEG", "BMP", "GIF")
    return (*formats, "WEBP") if features.check("webp") else formats


def decode_image(
    source: str | os.PathLike | BinaryIO, image_shape: tuple[int, int, int]
) -> np.ndarray:
    """Decodes one picture completely.

    The EXIF orientation is applied, an animation gives its first frame, and
    16-bit grey is divided by 257.

    Args:
        source: Path or open file.
        image_shape: `(height, width, channels)`, channels 1 or 3.

    Returns:
        uint8 array of that shape.

    Raises:
        Exception: whatever Pillow raises for a file that is no complete
            image: OSError, SyntaxError, ValueError and others.
    """
    from PIL import Image, ImageOps

    with Image.open(source, formats=image_formats()) as image:
        # The frame of a GIF is complete only once it is loaded.
        image.load()
        upright = ImageOps.exif_transpose(image)
    return _fit(opaque(upright), image_shape)


def fit_images(
    images: np.ndarray,
    *,
    resolution: int | tuple[int, int],
    channels: int,
) -> np.ndarray:
    """Brings an array of pictures to one resolution and channel count.

    Args:
        images: uint8 array `(N, H, W, C)`, C 1 (grey), 3 (RGB) or 4 (RGBA).
        resolution: Side of the result, in pixels, or height and width.
        channels: 1 or 3.

    Returns:
        uint8 array `(N, height, width, channels)`, which is `images` itself
        if nothing has to change.
    """
    from PIL import Image

    shape = (*sides(resolution), channels)
    if images.shape[1:] == shape:
        return images
    fitted = np.empty((len(images), *shape), np.uint8)
    for index, pixels in enumerate(images):
        grey = pixels.shape[-1] == 1
        image = Image.fromarray(pixels[..., 0] if grey else pixels)
        fitted[index] = _fit(opaque(image), shape)
    return fitted


def opaque(image: Image.Image) -> Image.Image:
    """Returns a picture in mode L or RGB, transparency put onto white."""
    from PIL import Image

    if image.mode.startswith("I"):
        pixels = np.clip(np.asarray(image), 0, 65535)
        return Image.fromarray(np.rint(pixels / 257).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _fit(image: Image.Image, shape: tuple[int, int, int]) -> np.ndarray:
    from PIL import Image

    rows, columns, channels = shape
    if channels == 1:
        image = image.convert("L")
    width, height = image.size
    # Of the image, as much as has the shape.
    across = max(min(width, height * columns // rows), 1)
    down = max(min(height, width * rows // columns), 1)
    left, top = (width - across) // 2, (height - down) // 2
    image = image.crop((left, top, left + across, top + down))
    if (across, down) != (columns, rows):
        image = image.resize((columns, rows), Image.Resampling.BILINEAR)
    image = image.convert("L" if channels == 1 else "RGB")
    return np.asarray(image, np.uint8).reshape(shape)

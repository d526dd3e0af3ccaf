"""The resizers that the codes of FID put before their Inception network."""

from typing import Any

import keras
import numpy as np

from keras_gans.checks import integer, one_of
from keras_gans.metrics.statistics.arrays import as_images

METHODS = ("tf1_bilinear", "torch_bilinear", "clean", "clean_float")


def resize_images(images: Any, size: int, method: str) -> np.ndarray:
    """Returns images of `size` x `size` pixels.

    Scores depend on the resizer more than on many a model. For an input of
    n pixels and an output pixel i, the methods are

    - `"tf1_bilinear"`: between the two pixels around i n / size, the last
      pixel repeated: TensorFlow 1's `resize_bilinear`, which the first code
      of FID runs in its graph.
    - `"torch_bilinear"`: around max((i + ½) n / size - ½, 0): half-pixel
      centres, as `torch.nn.functional.interpolate(align_corners=False)`.
    - `"clean"`: bicubic (a = -½), its support widened by n / size when
      shrinking, so without aliasing: Pillow's `resize` of the uint8 image,
      which rounds to whole numbers after either axis.
    - `"clean_float"`: the same on float32 channels, clipped to [0, 255] but
      not rounded, which is what the package `clean-fid` does.

    Neither bilinear method removes aliasing.

    Args:
        images: uint8 of shape `(count, height, width, channels)`, 1 or 3
            channels.
        size: Side of the output in pixels, at least 1.
        method: One of the above.

    Returns:
        NumPy float32 of shape `(count, size, size, channels)` in [0, 255].

    Raises:
        ValueError: An argument is not as described.

    Example:
    >>> ramp = np.array([0, 100], np.uint8).reshape(1, 1, 2, 1)
    >>> resize_images(ramp, 4, "tf1_bilinear")[0, 0, :, 0].tolist()
    [0.0, 50.0, 100.0, 100.0]
    >>> resize_images(ramp, 4, "torch_bilinear")[0, 0, :, 0].tolist()
    [0.0, 25.0, 75.0, 100.0]

    Reference: [Parmar et al., 2022](https://arxiv.org/abs/2104.11222), §3.
    """
    images = as_images(images)
    integer("size", size, minimum=1)
    one_of("method", method, METHODS)
    if is_bilinear(method):
        resized = resize_bilinear(images, size, method)
        return keras.ops.convert_to_numpy(resized)
    resized = [resize_with_pillow(image, size, method) for image in images]
    return np.array(resized, np.float32).reshape(
        (len(images), size, size, images.shape[-1])
    )


def is_bilinear(method: str) -> bool:
    """Whether `resize_bilinear` resizes by this method, or Pillow does."""
    return method.endswith("_bilinear")


def resize_bilinear(images: np.ndarray, size: int, method: str) -> Any:
    """Returns what `resize_images` does, a tensor of the backend."""
    # Rows first: they are whole, so uint8 is copied in long pieces.
    for axis in (1, 2):
        lower, upper, weight = _neighbours(images.shape[axis], size, method)
        weight = weight.reshape((-1,) + (1,) * (3 - axis))
        weight = keras.ops.convert_to_tensor(weight)
        low, high = (
            keras.ops.cast(keras.ops.take(images, index, axis), "float32")
            for index in (lower, upper)
        )
        images = low + (high - low) * weight
    return images


def _neighbours(length, size, method):
    """Returns both input pixels of each output pixel, and the second's share.

    In float32, as both frameworks do.
    """
    step = np.float32(length) / np.float32(size)
    index = np.arange(size, dtype=np.float32)
    if method == "torch_bilinear":
        half = np.float32(0.5)
        position = np.maximum((index + half) * step - half, np.float32(0))
    else:
        position = index * step
    lower = np.minimum(position.astype(np.int32), length - 1)
    upper = np.minimum(lower + 1, length - 1)
    return lower, upper, np.clip(position - lower, 0, 1).astype(np.float32)


def resize_with_pillow(image: np.ndarray, size: int, method: str) -> np.ndarray:
    """Returns one image resized by Pillow, which releases the interpreter.

    It is uint8 for the method `"clean"`, else float32.
    """
    if method == "clean" and image.shape[-1] == 3:
        return _bicubic(image, size)
    channels = np.moveaxis(image, -1, 0)
    if method == "clean_float":
        channels = channels.astype(np.float32)
    resized = [_bicubic(np.ascontiguousarray(c), size) for c in channels]
    return np.clip(np.stack(resized, axis=-1), 0, 255)


def _bicubic(pixels, size):
    from PIL import Image

    image = Image.fromarray(pixels)
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))

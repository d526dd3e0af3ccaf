"""`embedded`: the 10,000 test images of Fashion-MNIST, with the package."""

from __future__ import annotations

import pathlib

import numpy as np

from keras_gans.data.archive import read_archive
from keras_gans.data.image_set import ImageSet
from keras_gans.data.pixels import fit_images
from keras_gans.data.sources import ArraySource

_FILE = pathlib.Path(__file__).with_name("fashion_mnist_test.npz")
_PADDED = 32
CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def load_embedded(
    *, resolution: int | tuple[int, int], channels: int
) -> ImageSet:
    """Loads the embedded set: 10 classes of 1,000 garments each.

    The images are grey, 28 x 28, on black. At 32 pixels they are framed by
    2 black pixels on each side, as is usual; at any other resolution they are
    resized.

    Args:
        resolution: Side of the images, in pixels, or height and width.
        channels: 1, or 3 for grey repeated.

    Reference: [Xiao et al., 2017](https://arxiv.org/abs/1708.07747).
    """
    images, labels = read_embedded()
    if resolution == _PADDED:
        border = (_PADDED - images.shape[1]) // 2
        images = np.pad(images, ((0, 0), (border,) * 2, (border,) * 2, (0, 0)))
    images = fit_images(images, resolution=resolution, channels=channels)
    return ImageSet(
        "embedded", ArraySource(images, labels), class_names=CLASS_NAMES
    )


def read_embedded() -> tuple[np.ndarray, np.ndarray]:
    """Returns the images as they are stored, (N, 28, 28, 1), and labels."""
    return read_archive(str(_FILE))

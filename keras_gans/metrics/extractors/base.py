"""What the extractors of image features share."""

import functools
import hashlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_gans.metrics.statistics.arrays import as_images


class FeatureExtractor:
    """A network that is run over images in passes of one size.

    Subclasses set the attributes below, `_network` (a `keras.Model` from what
    `_batches` yields to features), `_classifier` (kernel `(dimension,
    classes)` and bias `(classes,)` of the layer after the features, or a bias
    of zero), and `_path`, the file of the weights.

    Attributes:
        name: Says which network and which treatment of the images.
        dimension: Length of a feature vector.
        resolution: Side in pixels at which the network sees the images.
        resizer: Name of the method that brings images to that size.
        scaling: What the network is given for a pixel value x in [0, 255].
        published_hash: SHA-256 of the file of the published weights.
        batch_size: Images in one pass.
    """

    name: str
    dimension: int
    resolution: int
    resizer: str
    scaling: str
    published_hash: str
    batch_size: int

    @functools.cached_property
    def weights_hash(self) -> str:
        """SHA-256 of the weights file, in hexadecimal."""
        with open(self._path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @property
    def certificate(self) -> dict:
        """What the features depend on besides the images, ready for JSON.

        `genuine` says whether the weights are the published ones.
        """
        return {
            "extractor": self.name,
            "weights_hash": self.weights_hash,
            "resolution": self.resolution,
            "resizer": self.resizer,
            "scaling": self.scaling,
            "precision": "float32",
            "genuine": self.weights_hash == self.published_hash,
        }

    def __call__(self, images: Any) -> np.ndarray:
        """Returns the features of `images`, see the class."""
        images = as_images(images)
        features = np.empty((len(images), self.dimension), np.float32)
        starts = range(0, len(images), self.batch_size)
        for start, batch in zip(starts, self._batches(images), strict=True):
            rows = features[start : start + self.batch_size]
            rows[:] = self._network.predict_on_batch(batch)[: len(rows)]
        return features

    def outputs(self, images: Any) -> dict[str, np.ndarray]:
        """Returns features and class scores of `images`, in one pass.

        These are `features`, as a call returns them, and `logits`, float32 of
        shape `(count, classes)`: the scores before the softmax.
        """
        features = self(images)
        kernel, bias = self._classifier
        return {"features": features, "logits": features @ kernel + bias}

    def _batches(self, images):
        """Yields what the network takes, `batch_size` images at a time."""
        for start in range(0, len(images), self.batch_size):
            batch = images[start : start + self.batch_size]
            yield in_colour(padded(batch, self.batch_size))


def in_colour(images: np.ndarray) -> np.ndarray:
    """Returns `images` with 3 channels; grey is repeated."""
    return np.repeat(images, 3 // images.shape[-1], axis=-1)


def padded(images: np.ndarray, count: int) -> np.ndarray:
    """Returns `count` images: the given ones, then black ones.

    Passes of one size compile one program.
    """
    missing = count - len(images)
    if not missing:
        return images
    return np.pad(images, [(0, missing), (0, 0), (0, 0), (0, 0)])


def image_data_format() -> str:
    """Returns the order of the axes in which convolutions are quickest."""
    # On torch, Keras copies channels-last images around every convolution.
    is_torch = keras.backend.backend() == "torch"
    return "channels_first" if is_torch else "channels_last"


def channel_axis() -> int:
    """Returns the axis of the channels in this order."""
    return 1 if image_data_format() == "channels_first" else -1


def zeros(shape: Sequence[int], dtype: Any = None) -> np.ndarray:
    """An initializer for weights that are set later."""
    # JAX would compile a program for every shape of `keras.ops.zeros`.
    return np.zeros(shape, dtype)


def convolution(
    x: Any, name: str, channels: int, kernel_size: Any, **options: Any
) -> Any:
    """Returns features of a new `Conv2D`, whose weights are set later."""
    return keras.layers.Conv2D(
        channels,
        kernel_size,
        kernel_initializer=zeros,
        bias_initializer=zeros,
        data_format=image_data_format(),
        dtype="float32",
        name=name,
        **options,
    )(x)


def feature_network(images: Any, x: Any, name: str) -> keras.Model:
    """Returns a network from images to the means of the feature maps x."""
    x = keras.layers.GlobalAveragePooling2D(
        data_format=image_data_format(), dtype="float32"
    )(x)
    network = keras.Model(images, x, name=name, trainable=False)
    # XLA slows convolutions on TensorFlow's CPU kernels, and JAX runs
    # compiled only when asked.
    network.jit_compile = keras.backend.backend() == "jax"
    return network

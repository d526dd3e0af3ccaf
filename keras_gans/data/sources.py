"""Where a set's pixels are, and how they are read in a shuffled order.

A source gives batches of uint8 pixels (with int32 labels if it has any):

    training(batch_size, seed=, start_step=)   endless, every epoch a
                                               permutation, batches run across
                                               the borders of epochs
    evaluation(batch_size, limit=)             finite, always the same

The order of epoch e is a pure function of (seed, e). Batch k therefore starts
at position k * batch_size of a sequence that never depends on what was read.
"""

from __future__ import annotations

import abc
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from keras_gans.data.order import epochs, permutation, subset
from keras_gans.data.pixels import decode_image
from keras_gans.data.runtime import tf

# Sets of at most so many bytes (uint8, resized) are held in memory.
MEMORY_BUDGET = 2 * 2**30


def worker_count() -> int:
    """Returns the number of threads that decode images."""
    return min(32, 4 + (os.cpu_count() or 1))


def fits_in_memory(num_images: int, image_shape: Sequence[int]) -> bool:
    """Returns whether a set of uint8 images is held in memory."""
    return num_images * int(np.prod(image_shape)) <= MEMORY_BUDGET


class Source(abc.ABC):
    """Images of one size, with or without labels.

    Args:
        num_images: Positive number of images.
        image_shape: `(resolution, resolution, channels)`.
        labelled: Whether elements are `(images, labels)`.
    """

    def __init__(
        self, num_images: int, image_shape: Sequence[int], labelled: bool
    ):
        self.num_images = num_images
        self.image_shape = tuple(image_shape)
        self.labelled = labelled

    @abc.abstractmethod
    def training(
        self, batch_size: int, *, seed: int, start_step: int
    ) -> tf.data.Dataset:
        """Returns endless shuffled batches, from batch `start_step` on."""

    @abc.abstractmethod
    def evaluation(
        self, batch_size: int, *, limit: int | None
    ) -> tf.data.Dataset:
        """Returns every image once, or a fixed subset of `limit` images."""

    @abc.abstractmethod
    def labels(self) -> np.ndarray:
        """Returns the labels in the order of `evaluation`, int32 `(N,)`.

        Only for a labelled source.
        """

    @abc.abstractmethod
    def select(self, indices: np.ndarray, labels: np.ndarray) -> Source:
        """Returns the source of some images of a labelled one, relabelled.

        Args:
            indices: Increasing places in the order of `evaluation`, `(M,)`.
            labels: The label that each of these images gets, `(M,)`.
        """


class _IndexedSource(Source):
    """A source that reads any image by its index."""

    def __init__(self, num_images, image_shape, labels: np.ndarray | None):
        super().__init__(num_images, image_shape, labels is not None)
        self._labels = None if labels is None else labels.astype(np.int32)

    @abc.abstractmethod
    def _reader(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """Returns a function from int indices `(N,)` to pixels."""

    def labels(self) -> np.ndarray:
        return self._labels

    def training(
        self, batch_size: int, *, seed: int, start_step: int
    ) -> tf.data.Dataset:
        def one_epoch(key):
            return tf.data.Dataset.from_tensor_slices(
                permutation(self.num_images, key)
            )

        first = start_step * batch_size
        indices = epochs(one_epoch, self.num_images, first, seed)
        return self._read(indices.batch(batch_size, drop_remainder=True))

    def evaluation(
        self, batch_size: int, *, limit: int | None
    ) -> tf.data.Dataset:
        if limit is None or limit >= self.num_images:
            indices = np.arange(self.num_images)
        else:
            indices = subset(self.num_images, limit)
        indices = tf.data.Dataset.from_tensor_slices(indices)
        return self._read(indices.batch(batch_size))

    def _read(self, indices: tf.data.Dataset) -> tf.data.Dataset:
        read = self._reader()
        labels = None
        if self.labelled:
            with tf.device("CPU:0"):
                labels = tf.convert_to_tensor(self._labels)

        def element(index):
            images = tf.ensure_shape(
                read(index), (index.shape[0], *self.image_shape)
            )
            if labels is None:
                return images
            return images, tf.gather(labels, index)

        return indices.map(element, num_parallel_calls=tf.data.AUTOTUNE)


class ArraySource(_IndexedSource):
    """Images in memory.

    Args:
        images: uint8 array `(N, resolution, resolution, channels)`.
        labels: Optional integer array `(N,)`.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray | None = None):
        super().__init__(len(images), images.shape[1:], labels)
        self._images = images
        self._tensor = None

    def select(self, indices: np.ndarray, labels: np.ndarray) -> Source:
        images = self._pixels()
        if len(indices) < self.num_images:
            with tf.device("CPU:0"):
                images = tf.gather(images, indices)
        return ArraySource(images, labels)

    def _reader(self):
        pixels = self._pixels()
        return lambda indices: tf.gather(pixels, indices)

    def _pixels(self):
        if self._tensor is None:
            with tf.device("CPU:0"):
                self._tensor = tf.convert_to_tensor(self._images)
            # The tensor may share this memory; the second copy, if there is
            # one, would stay for the whole training.
            self._images = None
        return self._tensor


class FileSource(_IndexedSource):
    """Image files, decoded when they are needed.

    Args:
        paths: Paths of the images.
        labels: Optional integer array `(N,)`.
        image_shape: `(resolution, resolution, channels)`.
    """

    def __init__(
        self,
        paths: Sequence[str],
        labels: np.ndarray | None,
        image_shape: Sequence[int],
    ):
        super().__init__(len(paths), image_shape, labels)
        self._paths = tuple(paths)
        self._pool = ThreadPoolExecutor(worker_count())

    def select(self, indices: np.ndarray, labels: np.ndarray) -> Source:
        paths = [self._paths[index] for index in indices]
        return FileSource(paths, labels, self.image_shape)

    def _reader(self):
        return lambda indices: tf.numpy_function(
            self._decode, [indices], tf.uint8, stateful=False
        )

    def _decode(self, indices: np.ndarray) -> np.ndarray:
        return np.stack(list(self._pool.map(self._decode_one, indices)))

    def _decode_one(self, index: int) -> np.ndarray:
        path = self._paths[index]
        try:
            return decode_image(path, self.image_shape)
        except Exception as error:
            raise ValueError(
                f"{path} was readable when the run started and is not now: "
                f"{error}"
            ) from error

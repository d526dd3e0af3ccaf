"""Encoded images that can only be read one after another."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from keras_gans.data.order import epochs, permutation, subset
from keras_gans.data.pixels import decode_image
from keras_gans.data.runtime import tf
from keras_gans.data.sources import ArraySource, Source, fits_in_memory

# Streams are permuted in blocks of about so many encoded bytes.
_BLOCK_BYTES = 256 * 2**20
_MIN_BLOCK, _MAX_BLOCK = 256, 16384
_READ_BATCH = 1024


class RecordSource(Source):
    """Encoded images that can only be read one after another.

    An epoch is permuted in blocks of neighbours. The first block's size is
    drawn anew each epoch, so that neighbours mix across the borders.

    Args:
        records: Finite dataset of `encoded` or `(encoded, label)`, in a fixed
            order.
        num_images: Number of records.
        encoded_bytes: Mean bytes of a record, 0 if unknown.
        mixed: Whether the fixed order is already a random one.
        labelled: Whether the records have labels.
        image_shape: `(resolution, resolution, channels)`.
    """

    def __init__(
        self,
        records: tf.data.Dataset,
        num_images: int,
        *,
        encoded_bytes: float,
        mixed: bool,
        labelled: bool,
        image_shape: Sequence[int],
    ):
        super().__init__(num_images, image_shape, labelled)
        self._records = records
        self._mixed = mixed
        self._encoded_bytes = encoded_bytes
        size = _BLOCK_BYTES / max(encoded_bytes, 1.0)
        size = max(_MIN_BLOCK, min(size, _MAX_BLOCK))
        self._block = int(min(size, num_images))

    def training(
        self, batch_size: int, *, seed: int, start_step: int
    ) -> tf.data.Dataset:
        first = start_step * batch_size
        records = epochs(self._shuffled, self.num_images, first, seed)
        return self._decoded(records).batch(batch_size, drop_remainder=True)

    def evaluation(
        self, batch_size: int, *, limit: int | None
    ) -> tf.data.Dataset:
        records = self._records
        if limit is not None and limit < self.num_images:
            if not self._mixed:
                chosen = np.zeros(self.num_images, bool)
                chosen[subset(self.num_images, limit)] = True
                chosen = tf.data.Dataset.from_tensor_slices(chosen)
                records = tf.data.Dataset.zip((chosen, records))
                records = records.filter(lambda keep, record: keep)
                records = records.map(lambda keep, record: record)
            records = records.take(limit)
        return self._decoded(records).batch(batch_size)

    def labels(self) -> np.ndarray:
        labels = self._records.map(lambda encoded, label: label)
        batches = labels.batch(_READ_BATCH).as_numpy_iterator()
        return np.concatenate(list(batches)).astype(np.int32)

    def select(self, indices: np.ndarray, labels: np.ndarray) -> Source:
        new_labels = np.zeros(self.num_images, np.int32)
        new_labels[indices] = labels
        chosen = np.zeros(self.num_images, bool)
        chosen[indices] = True
        marks = tf.data.Dataset.from_tensor_slices((chosen, new_labels))
        records = tf.data.Dataset.zip((marks, self._records))
        records = records.filter(lambda mark, record: mark[0])
        selected = RecordSource(
            records.map(lambda mark, record: (record[0], mark[1])),
            len(indices),
            encoded_bytes=self._encoded_bytes,
            mixed=self._mixed,
            labelled=True,
            image_shape=self.image_shape,
        )
        if not fits_in_memory(len(indices), self.image_shape):
            return selected
        return selected._into_memory(np.asarray(labels))

    def _into_memory(self, labels):
        images = np.empty((self.num_images, *self.image_shape), np.uint8)
        batches = self.evaluation(_READ_BATCH, limit=None)
        for number, (pixels, _) in enumerate(batches.as_numpy_iterator()):
            first = number * _READ_BATCH
            images[first : first + len(pixels)] = pixels
        return ArraySource(images, labels)

    def _shuffled(self, key: tf.Tensor) -> tf.data.Dataset:
        first = tf.random.stateless_uniform(
            [], key, 1, self._block + 1, tf.int64, alg="philox"
        )
        blocks = self._records.take(first).batch(self._block)
        rest = self._records.skip(first).batch(self._block)

        def permuted(number, block):
            leaf = tf.nest.flatten(block)[0]
            order = permutation(
                tf.shape(leaf)[0], tf.random.fold_in(key, number, alg="philox")
            )
            return tf.nest.map_structure(lambda x: tf.gather(x, order), block)

        blocks = blocks.concatenate(rest).enumerate()
        blocks = blocks.map(lambda *numbered: permuted(*numbered))
        return blocks.prefetch(1).unbatch()

    def _decoded(self, records: tf.data.Dataset) -> tf.data.Dataset:
        def decode(encoded):
            return decode_image(io.BytesIO(encoded), self.image_shape)

        def pixels(encoded):
            image = tf.numpy_function(
                decode, [encoded], tf.uint8, stateful=False
            )
            return tf.ensure_shape(image, self.image_shape)

        def labelled(encoded, label):
            return pixels(encoded), tf.cast(label, tf.int32)

        return records.map(
            labelled if self.labelled else pixels,
            num_parallel_calls=tf.data.AUTOTUNE,
        )

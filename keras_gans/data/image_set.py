"""A set of images, as the batches that training and evaluation read."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence

import numpy as np

from keras_gans.checks import as_resolution, integer
from keras_gans.data.augmentation import (
    build_augmentation,
    check_augmentations,
    dequantized,
)
from keras_gans.data.order import stream, subset
from keras_gans.data.runtime import tf
from keras_gans.data.sources import Source

_HASH_BATCH = 256


class ImageSet:
    """Images of one resolution, with or without class labels.

    Attributes:
        name: What was loaded, in the form of `--dataset`.
        num_images: Number of images.
        num_classes: Number of classes K, labels being 0..K-1; 0 if the set is
            unlabelled.
        class_names: K names, or none.
        resolution: Side of the images, in pixels; height and width where they
            are not square.
        channels: 1 (grey) or 3 (RGB).
        bad_images: The files that were skipped.

    Args:
        name: See above.
        source: The pixels and labels.
        class_names: One name a class; must be empty if and only if the source
            has no labels.
        bad_images: See above.

    Example:
    >>> from keras_gans.data import load_images
    >>> images = load_images("embedded", resolution=32, channels=1)
    >>> images.num_images, images.num_classes, images.class_names[0]
    (10000, 10, 'T-shirt/top')
    """

    def __init__(
        self,
        name: str,
        source: Source,
        *,
        class_names: Sequence[str] = (),
        bad_images: Sequence[str] = (),
    ):
        if source.labelled != bool(class_names):
            raise ValueError(
                "A labelled source has class names and an unlabelled one has "
                f"none. Received: labelled={source.labelled}, "
                f"class_names={tuple(class_names)!r}."
            )
        self.name = name
        self.num_images = source.num_images
        self.class_names = tuple(class_names)
        self.num_classes = len(self.class_names)
        height, width, self.channels = source.image_shape
        self.resolution = as_resolution(height, width)
        self.bad_images = tuple(bad_images)
        self._source = source
        self._training_source = source
        self._content_hash = None

    def training_batches(
        self,
        batch_size: int,
        *,
        seed: int,
        start_step: int = 0,
        augment: Sequence[str] = (),
        dequantize: bool = False,
        num_batches: int | None = None,
    ) -> tf.data.Dataset:
        """Returns shuffled batches for ever, or `num_batches` of them.

        Batch k is a pure function of (seed, k): reading from `start_step=k`
        gives the batches that follow after k batches from the start. Every
        epoch is a permutation of the images, and batches run across the
        borders of epochs, so that no image is left out. A set of TFDS too
        large for the memory is permuted in blocks (see `RecordSource`).

        Args:
            batch_size: Images a batch, positive; may exceed `num_images`.
            seed: Integer of [0, 2^63).
            start_step: Number of the first batch.
            augment: Some of `AUGMENTATIONS`.
            dequantize: Whether to spread each of the 256 levels x uniformly
                over its interval, 2 (x / 256 - 1/2) + U[0, 1/128), as
                SNGAN's and WGAN-GP's CIFAR-10 code does; x / 127.5 - 1
                otherwise.
            num_batches: Number of batches; None for no end.

        Returns:
            Prefetched elements `images` or, if labelled, `(images, labels)`:
            float32 of [-1, 1], `(batch_size, resolution, resolution,
            channels)`, and int32 `(batch_size,)`.

        Raises:
            ValueError: if a number is out of range or an augmentation is
                unknown.
        """
        batch_size = integer("batch_size", batch_size, minimum=1)
        seed = integer("seed", seed, minimum=0)
        start_step = integer("start_step", start_step, minimum=0)
        if num_batches is not None:
            num_batches = integer("num_batches", num_batches, minimum=0)
        names = check_augmentations(augment)
        augmented = build_augmentation(names, self.resolution)

        def element(step, batch):
            images, *labels = tf.nest.flatten(batch)
            images = tf.cast(images, tf.float32)
            if dequantize:
                images = dequantized(images, seed, step)
            else:
                images = images / 127.5 - 1.0
            images = augmented(images, seed, step)
            return (images, *labels) if labels else images

        batches = self._training_source.training(
            batch_size, seed=seed, start_step=start_step
        )
        batches = batches.enumerate(start=start_step)
        if num_batches is not None:
            batches = batches.take(num_batches)
        batches = stream(batches, element, num_batches)
        return batches.prefetch(tf.data.AUTOTUNE)

    def evaluation_batches(
        self, batch_size: int, *, limit: int | None = None
    ) -> tf.data.Dataset:
        """Returns every image once, without augmentation.

        Args:
            batch_size: Images a batch, positive; the last may be smaller.
            limit: At most so many images. If there are more, the same subset
                is taken each time, spread over the whole set.

        Returns:
            Elements `images` or, if labelled, `(images, labels)`: uint8
            `(batch, resolution, resolution, channels)` and int32 `(batch,)`.

        Raises:
            ValueError: if a number is out of range.
        """
        batch_size = integer("batch_size", batch_size, minimum=1)
        if limit is not None:
            limit = integer("limit", limit, minimum=1)
        batches = self._source.evaluation(batch_size, limit=limit)
        return batches.prefetch(tf.data.AUTOTUNE)

    def subset_of_classes(self, start: int, stop: int) -> ImageSet:
        """Returns the images of classes `start` to `stop` - 1.

        Their labels begin at 0. A streamed set of TFDS is read once for its
        labels; a part of it that fits in memory is decoded now.

        Args:
            start: First class of the part.
            stop: Class after its last, at most `num_classes`.

        Raises:
            ValueError: if the range is empty, not one of the set's classes,
                or without images.
        """
        if not 0 <= start < stop <= self.num_classes:
            raise ValueError(
                "A part of the classes is a range start < stop within 0 to "
                f"{self.num_classes}, the number of classes of {self.name}. "
                f"Received: start={start}, stop={stop}."
            )
        labels = self._source.labels()
        indices = np.flatnonzero((labels >= start) & (labels < stop))
        if not len(indices):
            raise ValueError(
                f"{self.name} has no image of the classes {start} to "
                f"{stop - 1}. Choose another range."
            )
        return ImageSet(
            f"{self.name}[{start}:{stop}]",
            self._source.select(indices, labels[indices] - start),
            class_names=self.class_names[start:stop],
            bad_images=self.bad_images,
        )

    def with_labelled_fraction(self, fraction: float) -> ImageSet:
        """Returns the set with -1 for the label of some training images.

        For semi-supervised training. Of each class of n images,
        max(1, round(fraction·n)) keep their label, always the same ones.
        Evaluation batches and the content hash stay those of this set.

        Args:
            fraction: Share of labelled images, in (0, 1].

        Raises:
            ValueError: if the set is unlabelled or the share out of range.
        """
        if not 0.0 < fraction <= 1.0 or not self.num_classes:
            raise ValueError(
                "Of a labelled set, a share in (0, 1] of the labels can be "
                f"kept. Received: fraction={fraction}, and {self.name} has "
                f"{self.num_classes} classes. To train without labels, use a "
                "model without classes."
            )
        labels = self._source.labels()
        kept = np.full_like(labels, -1)
        for label in np.unique(labels):
            members = np.flatnonzero(labels == label)
            count = max(1, round(fraction * len(members)))
            kept[members[subset(len(members), count)]] = label
        result = copy.copy(self)
        everything = np.arange(self.num_images)
        result._training_source = self._source.select(everything, kept)
        return result

    def content_hash(self) -> str:
        """Returns the SHA-256 of shape, pixels and labels, in hexadecimal.

        The first call reads the whole set; the result is kept.
        """
        if self._content_hash is not None:
            return self._content_hash
        shape = (self.num_images, *self._source.image_shape, self.num_classes)
        digest = hashlib.sha256(repr(shape).encode())
        all_labels = []
        for batch in self.evaluation_batches(_HASH_BATCH).as_numpy_iterator():
            images, *labels = batch if self.num_classes else (batch,)
            digest.update(np.ascontiguousarray(images))
            all_labels += labels
        if all_labels:
            digest.update(np.concatenate(all_labels).astype("<i4"))
        self._content_hash = digest.hexdigest()
        return self._content_hash

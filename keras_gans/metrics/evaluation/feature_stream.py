"""From batches of images to features, in the extractor's own batch size."""

from collections.abc import Iterable, Iterator

import numpy as np

from keras_gans.metrics.extractors.base import FeatureExtractor
from keras_gans.metrics.registry import Described
from keras_gans.metrics.statistics.arrays import as_images, as_labels


class FeatureStream:
    """Runs an extractor over images that come in batches of any size.

    Full passes waste no work on an extractor of fixed batch size. Images of
    another shape than the waiting ones begin a new pass.

    Args:
        extractor: `EfficientNetLite0Features`, or an object like it.
        logits: Whether to compute the class scores too.
    """

    def __init__(self, extractor: FeatureExtractor, *, logits: bool = False):
        self._extractor = extractor
        self._logits = logits
        # Pairs of images and labels.
        self._waiting = []

    def over(self, batches: Iterable) -> Iterator[Described]:
        """Yields everything in `batches`, pairs of images and labels."""
        for images, labels in batches:
            yield from self.add(images, labels)
        yield from self.end()

    def add(
        self, images: np.ndarray, labels: np.ndarray | None = None
    ) -> Iterator[Described]:
        """Takes a batch and yields the images that fill whole passes."""
        if self._waiting and self._waiting[0][0].shape[1:] != images.shape[1:]:
            yield from self.end()
        self._waiting.append((images, labels))
        yield from self._passes(self._extractor.batch_size)

    def end(self) -> Iterator[Described]:
        """Yields what still waits."""
        yield from self._passes(1)

    def _passes(self, size):
        """Yields what waits, but for the images beyond a multiple of `size`."""
        waiting = sum(len(images) for images, _ in self._waiting)
        count = waiting - waiting % size
        if not count:
            return
        images, labels = (
            None if parts[0] is None else np.concatenate(parts)
            for parts in zip(*self._waiting, strict=True)
        )
        taken, rest = (
            (images[part], None if labels is None else labels[part])
            for part in (slice(count), slice(count, None))
        )
        self._waiting = [rest] if count < waiting else []
        yield self._described(*taken)

    def _described(self, images, labels):
        if self._logits:
            outputs = self._extractor.outputs(images)
            features = outputs["features"]
            # The original code of the Inception score adds no bias.
            logits = outputs.get("logits_unbiased", outputs["logits"])
        else:
            features, logits = np.asarray(self._extractor(images)), None
        bad = ~np.isfinite(features).all(axis=1)
        if bad.any():
            raise ValueError(
                f"The features of {bad.sum()} of {len(bad)} images are NaN or "
                f"infinite. The extractor '{self._extractor.name}' and its "
                "weights must be intact."
            )
        return Described(images, features, logits, labels)


def image_batches(
    batches: Iterable, count: int | None = None, *, labelled: bool = False
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Yields pairs of checked images and their labels; no empty batches.

    Args:
        batches: Iterable of uint8 images `(n, h, w, 1 or 3)`, or of tuples
            that begin with them and go on with the labels.
        count: Images in all, the first ones; None takes all.
        labelled: Whether labels are needed; without, they are None.

    Raises:
        ValueError: Images that are not uint8; or, where they are needed,
            labels that are missing or are not integers, one an image.
    """
    taken = 0
    for batch in batches:
        parts = batch if isinstance(batch, tuple | list) else (batch,)
        images = as_images(parts[0])
        labels = _as_labels(parts[1:], len(images)) if labelled else None
        if count is not None and taken + len(images) > count:
            images = images[: count - taken]
            labels = None if labels is None else labels[: count - taken]
        taken += len(images)
        if len(images):
            yield images, labels
        if taken == count:
            return


def _as_labels(rest, count):
    if not rest:
        raise ValueError(
            "Metrics of classes need labelled images, in batches of (images, "
            "labels). Received: images alone. Leave these metrics out, or "
            "give labels."
        )
    return as_labels(rest[0], count)

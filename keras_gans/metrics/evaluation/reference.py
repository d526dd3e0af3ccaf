"""What an evaluation needs of the real images."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from keras_gans.checks import integer
from keras_gans.metrics.evaluation.feature_stream import (
    FeatureStream,
    image_batches,
)
from keras_gans.metrics.evaluation.reference_cache import (
    cache_path,
    read_cache,
    write_cache,
)
from keras_gans.metrics.extractors.base import FeatureExtractor
from keras_gans.metrics.scores.fid import FrechetDistance
from keras_gans.metrics.statistics.feature_sample import (
    KEPT_FEATURES,
    FeatureSample,
)
from keras_gans.metrics.statistics.moments import Moments


@dataclasses.dataclass(eq=False, repr=False)
class Reference:
    """Moments and features of real images, and the extractor that made them.

    Made by `from_images`.

    Attributes:
        name: Of the image set.
        content_hash: Of its pixels.
        split: Which part of the set it is.
        extractor: What made the features.
        moments: `Moments` of all its features.
        features: A uniform sample of at most 10,000 of them, float32
            `(kept, dimension)`.
        class_moments: `Moments` by label, or None if not asked for.
        frechet: `FrechetDistance` to all its features.
    """

    extractor: FeatureExtractor
    moments: Moments
    features: np.ndarray
    class_moments: dict[int, Moments] | None = None
    _: dataclasses.KW_ONLY
    name: str
    content_hash: str
    split: str = "train"

    def __post_init__(self):
        # Factored once, for all evaluations.
        self.frechet = FrechetDistance(self.moments)

    @property
    def count(self) -> int:
        """Number of real images."""
        return self.moments.count

    @property
    def suffix(self) -> str:
        """What the names of scores against this reference end in.

        `lite0` or `lite1` for EfficientNet-Lite; `clean`, `tensorflow` or
        `pytorch` for FID's Inception network; followed by `_custom` where the
        weights are not the published ones.
        """
        return suffix_of(self.extractor)

    @property
    def provides(self) -> set[str]:
        """What metrics can have of it, see `registry.NEEDS`."""
        has = {"features", "sample", "labels"}
        if hasattr(self.extractor, "outputs"):
            has.add("logits")
        if self.class_moments is not None:
            has.add("classes")
        return has

    @property
    def certificate(self) -> dict:
        """What a score depends on of the real images, ready for JSON."""
        return {
            "reference": self.name,
            "reference_hash": self.content_hash,
            "reference_split": self.split,
            "reference_count": self.count,
        }

    @classmethod
    def from_images(
        cls,
        batches: Iterable,
        extractor: FeatureExtractor,
        *,
        name: str,
        content_hash: str,
        split: str = "train",
        count: int | None = None,
        by_class: bool = False,
        cache_dir: str | Path | None = None,
    ) -> "Reference":
        """Returns the reference of a real image set, cached on disk.

        The cache is keyed by `content_hash`, `count`, `by_class` and the
        extractor's certificate. A damaged or unfinished cache file is
        computed again and replaced, at once and whole.

        Args:
            batches: Finite iterable of uint8 images `(n, h, w, 1 or 3)`, or
                of tuples that begin with them; not touched on a cache hit.
            extractor: `EfficientNetLite0Features`, `InceptionFeatures`, or an
                object like them.
            name: What to call the set in certificates.
            content_hash: Identifies the pixels of the set.
            split: Which part of the set these images are.
            count: Images used, the first of `batches`; `None` takes all.
            by_class: Whether to keep moments of each class too, for
                `intra_fid`; the batches must then be `(images, labels)`. It
                takes 8 d² bytes a class for features of length d: 13 MB at
                1,280, in memory and on disk.
            cache_dir: Directory of the cache; `None` keeps none.

        Raises:
            ValueError: Fewer than two images, fewer than `count`, no labels
                where they are needed, or images that the extractor refuses.
        """
        if count is not None:
            integer("count", count, minimum=2)
        path = stored = None
        if cache_dir is not None:
            path = cache_path(
                cache_dir, extractor.certificate, content_hash, count, by_class
            )
            stored = read_cache(path, extractor.dimension, count, by_class)
        if stored is None:
            stored = _computed(batches, extractor, name, count, by_class)
            if path is not None:
                write_cache(path, *stored)
        return cls(
            extractor,
            *stored,
            name=name,
            content_hash=content_hash,
            split=split,
        )


def _computed(batches, extractor, name, count, by_class):
    """Returns moments, kept features, and moments by label or None."""
    moments = Moments(extractor.dimension)
    sample = FeatureSample(extractor.dimension, KEPT_FEATURES)
    class_moments = {} if by_class else None
    stream = FeatureStream(extractor)
    for part in stream.over(image_batches(batches, count, labelled=by_class)):
        moments.update_state(part.features)
        sample.update_state(part.features)
        if by_class:
            _add_by_class(class_moments, part)
    needed = 2 if count is None else count
    if moments.count < needed:
        raise ValueError(
            f"The reference '{name}' needs at least {needed} images. "
            f"Received: {moments.count}."
        )
    if by_class:
        class_moments = dict(sorted(class_moments.items()))
    return moments, sample.features, class_moments


def _add_by_class(class_moments, part):
    for label in np.unique(part.labels).tolist():
        members = part.features[part.labels == label]
        if label not in class_moments:
            class_moments[label] = Moments(members.shape[1])
        class_moments[label].update_state(members)


def suffix_of(extractor: FeatureExtractor) -> str:
    """Returns what the names of scores by an extractor end in."""
    certificate = extractor.certificate
    name = certificate["extractor"]
    for family in ("efficientnet_", "inception_"):
        name = name.removeprefix(family)
    return name if certificate["genuine"] else f"{name}_custom"

"""FID-lite0 and KID-lite0 of samples against a reference set.

The names say which features are compared: EfficientNet-Lite0's, at a stated
resolution. They are not the FID and KID of the literature, which use an
Inception network, and cannot be compared with those.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import keras
import numpy as np

from keras_gans.metrics.extractor import as_images
from keras_gans.metrics.feature_sample import FeatureSample
from keras_gans.metrics.frechet import FrechetDistance
from keras_gans.metrics.kernel import KernelDistance
from keras_gans.metrics.moments import Moments
from keras_gans.metrics.reference_cache import (
    KEPT_FEATURES,
    cache_path,
    read_cache,
    write_cache,
)


class Reference:
    """What an evaluation needs of the real images: moments and features.

    Made by `from_images`.

    Attributes:
        name: Of the image set, for the certificate.
        content_hash: Of its pixels.
        moments: `Moments` of all its features.
        features: A uniform sample of them, float32 `(kept, dimension)`.
        extractor_key: What made the features, as in the certificate.
    """

    def __init__(
        self,
        name: str,
        content_hash: str,
        moments: Moments,
        features: np.ndarray,
        extractor_key: dict,
    ):
        if moments.count < 2:
            raise ValueError(
                "A reference needs at least 2 images. Received: "
                f"{moments.count} in '{name}'."
            )
        self.name = name
        self.content_hash = content_hash
        self.moments = moments
        self.features = features
        self.extractor_key = extractor_key
        self._frechet = FrechetDistance(moments)

    @property
    def count(self) -> int:
        """Number of real images."""
        return self.moments.count

    def frechet_distance(self, moments: Moments) -> float:
        """Returns the Fréchet distance of `moments` to this set."""
        self._frechet.reset_state()
        self._frechet.merge(moments)
        return self._frechet.result()

    @classmethod
    def from_images(
        cls,
        batches: Iterable,
        extractor,
        *,
        name: str,
        content_hash: str,
        count: int | None = None,
        cache_dir: str | Path | None = None,
    ) -> "Reference":
        """Returns the reference of a real image set, cached on disk.

        The cache is keyed by `content_hash`, `count` and the extractor (name,
        weights, resolution). A damaged cache file is computed again and
        replaced.

        Args:
            batches: Finite iterable of uint8 images `(n, h, w, 1 or 3)`, or
                of tuples that begin with them; not touched on a cache hit.
            extractor: `EfficientNetLite0Features`, or an object like it.
            name: What to call the set in certificates.
            content_hash: Identifies the pixels of the set.
            count: Images used, the first of `batches`; `None` takes all.
            cache_dir: Directory of the cache; `None` keeps none.

        Raises:
            ValueError: Fewer than two images, fewer than `count`, or images
                that the extractor refuses.
        """
        _require_count(count)
        key = _extractor_key(extractor)
        path = None
        if cache_dir is not None:
            path = cache_path(cache_dir, key, content_hash, count)
            path.parent.mkdir(parents=True, exist_ok=True)
            stored = read_cache(path, extractor.dimension, count)
            if stored is not None:
                return cls(name, content_hash, *stored, key)
        moments = Moments(extractor.dimension)
        sample = FeatureSample(extractor.dimension, KEPT_FEATURES)
        for features in _features(batches, extractor, count):
            moments.update_state(features)
            sample.update_state(features)
        if count is not None and moments.count < count:
            raise ValueError(
                f"The reference '{name}' was to use {count} images. "
                f"Received: {moments.count}. Ask for at most as many."
            )
        reference = cls(name, content_hash, moments, sample.features, key)
        if path is not None:
            write_cache(path, moments, reference.features)
        return reference


def evaluate_samples(
    sample_batches: Iterable,
    reference: Reference,
    extractor,
    *,
    count: int | None = None,
    subset_size: int = 1000,
    subsets: int = 20,
    seed: int = 0,
) -> dict:
    """Returns FID-lite0 and KID-lite0 of samples, with their certificate.

    Args:
        sample_batches: Iterable of uint8 images `(n, h, w, 1 or 3)`.
        reference: The real images.
        extractor: The extractor that made `reference`.
        count: Samples used, the first of `sample_batches`, which may then be
            endless; `None` takes all.
        subset_size: Of the kernel distance.
        subsets: Of the kernel distance.
        seed: Fixes the subsets of the kernel distance.

    Returns:
        `fid_lite0`, `kid_lite0`, `kid_lite0_std`, `count`, and `certificate`:
        what the numbers depend on besides the samples. Plain numbers, strings
        and dictionaries, ready for JSON.

    Raises:
        ValueError: Fewer than two samples or than `count`, another extractor
            than the reference's, or images that the extractor refuses.
    """
    _require_count(count)
    key = _extractor_key(extractor)
    if key != reference.extractor_key:
        raise ValueError(
            "Samples must be evaluated with the extractor of the reference. "
            f"Received: {key}, reference: {reference.extractor_key}."
        )
    moments = Moments(extractor.dimension)
    kernel = KernelDistance(
        reference.features, subset_size=subset_size, subsets=subsets, seed=seed
    )
    for features in _features(sample_batches, extractor, count):
        moments.update_state(features)
        kernel.update_state(features)
    needed = 2 if count is None else count
    if moments.count < needed:
        raise ValueError(
            f"The evaluation needs at least {needed} samples. "
            f"Received: {moments.count}."
        )
    kid, deviation = kernel.result()
    return {
        "fid_lite0": reference.frechet_distance(moments),
        "kid_lite0": kid,
        "kid_lite0_std": deviation,
        "count": moments.count,
        "certificate": {
            **_certificate(key, reference, moments.count),
            "kid_subset_size": min(
                subset_size, moments.count, len(reference.features)
            ),
            "kid_subsets": subsets,
            "kid_seed": seed,
        },
    }


def _certificate(key, reference, count):
    return {
        **key,
        "reference": reference.name,
        "reference_hash": reference.content_hash,
        "reference_count": reference.count,
        "sample_count": count,
        "versions": {
            "keras": keras.__version__,
            "numpy": np.__version__,
            "backend": keras.backend.backend(),
        },
    }


def _require_count(count):
    if count is not None and (
        not isinstance(count, int | np.integer) or count < 2
    ):
        raise ValueError(
            "`count` must be None (all images) or an integer of at least 2. "
            f"Received: count={count!r}."
        )


def _extractor_key(extractor):
    return {
        "extractor": extractor.name,
        "weights_hash": extractor.weights_hash,
        "resolution": extractor.resolution,
    }


def _features(batches, extractor, count):
    for images in _regrouped(batches, extractor.batch_size, count):
        features = np.asarray(extractor(images))
        bad = ~np.isfinite(features).all(axis=1)
        if bad.any():
            raise ValueError(
                f"The features of {bad.sum()} of {len(bad)} images are NaN or "
                f"infinite. The extractor '{extractor.name}' and its weights "
                "must be intact."
            )
        yield features


def _regrouped(batches, size: int, count: int | None) -> Iterator[np.ndarray]:
    """Yields the images of `batches` in groups of `size`.

    Full groups waste no work on an extractor of fixed batch size. Images of
    another shape than the waiting ones begin a new group.
    """
    waiting, number, taken = [], 0, 0
    for batch in batches:
        images = batch[0] if isinstance(batch, tuple | list) else batch
        images = as_images(images)
        if count is not None:
            images = images[: count - taken]
        if waiting and waiting[0].shape[1:] != images.shape[1:]:
            yield np.concatenate(waiting)
            waiting, number = [], 0
        waiting.append(images)
        number += len(images)
        taken += len(images)
        if number >= size:
            joined = np.concatenate(waiting)
            whole = number - number % size
            yield joined[:whole]
            waiting, number = [joined[whole:]], number - whole
        if taken == count:
            break
    if number:
        yield np.concatenate(waiting)

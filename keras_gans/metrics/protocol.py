"""All scores against one reference, from one pass over the samples."""

from keras_gans.metrics.certificate import Score, differences, versions
from keras_gans.metrics.class_diversity import ClassDiversity
from keras_gans.metrics.class_metrics import IntraClassDistance
from keras_gans.metrics.feature_sample import FeatureSample
from keras_gans.metrics.feature_stream import FeatureStream
from keras_gans.metrics.frechet_uncertainty import (
    FrechetWithInterval,
    frechet_infinity,
)
from keras_gans.metrics.inception_score import InceptionScore
from keras_gans.metrics.intervals import student_quantile
from keras_gans.metrics.kernel import kernel_distance, kernel_interval
from keras_gans.metrics.manifold import ManifoldMetrics
from keras_gans.metrics.memorization import Memorization
from keras_gans.metrics.reference import Reference
from keras_gans.metrics.reference_cache import KEPT_FEATURES
from keras_gans.metrics.settings import (
    MANIFOLD,
    MEMORIZATION,
    MetricSettings,
    settings_of,
)


class Protocol:
    """Collects what the metrics of one reference need of the samples.

    Distances, kernels and neighbours are of the reference's extractor, and
    named after it: `fid_lite0`. Kernels and neighbours see a uniform sample
    of at most 10,000 vectors of each side.

    Args:
        reference: The real images.
        metrics: Some of `METRICS`.
        settings: Of the metrics.
        generator: What certificates say of the generator.
        held_out: Real images that were not trained on, for `memorization`,
            which takes `reference` for the training set.

    Raises:
        ValueError: A metric that the reference has not what it takes for.
    """

    def __init__(
        self,
        reference: Reference,
        metrics: tuple[str, ...],
        settings: MetricSettings,
        generator: dict,
        held_out: Reference | None = None,
    ):
        self.reference = reference
        self.held_out = held_out
        self.metrics = metrics
        self.settings = settings
        self._generator = generator
        self._stream = FeatureStream(
            reference.extractor, logits="inception_score" in metrics
        )
        self._fid = FrechetWithInterval(
            reference.frechet, settings.fid_groups, settings.seed
        )
        self._sample = FeatureSample(
            reference.extractor.dimension, KEPT_FEATURES, settings.seed
        )
        self._manifold = self._inception_score = self._intra = None
        if set(MANIFOLD) & set(metrics):
            self._manifold = ManifoldMetrics(
                reference.features,
                precision_k=settings.precision_k,
                density_k=settings.density_k,
                capacity=KEPT_FEATURES,
                seed=settings.seed,
            )
        if "inception_score" in metrics:
            self._inception_score = InceptionScore(
                settings.inception_score_splits, seed=settings.seed
            )
        if "intra_fid" in metrics:
            if reference.class_moments is None:
                raise ValueError(
                    "`intra_fid` needs a reference with moments of each "
                    f"class. Received: '{reference.name}' without. Make it "
                    "with by_class=True, of labelled images."
                )
            self._intra = IntraClassDistance(reference.class_moments)
        self._memorization = None
        if "memorization" in metrics:
            self._memorization = self._of_held_out()

    def _of_held_out(self):
        reference, held_out = self.reference, self.held_out
        here = reference.extractor.certificate
        there = {} if held_out is None else held_out.extractor.certificate
        if here != there:
            raise ValueError(
                "`memorization` needs held-out real images, described by the "
                "extractor of the reference. Received: "
                f"{'; '.join(differences(here, there)) if there else 'none'}."
            )
        if held_out.content_hash == reference.content_hash:
            raise ValueError(
                "Held-out images must be others than the reference. Received: "
                f"'{held_out.name}' and '{reference.name}', of equal content."
            )
        return Memorization(
            reference.features, held_out.features, seed=self.settings.seed
        )

    @property
    def count(self) -> int:
        """Number of samples seen."""
        return self._fid.count

    def add(self, images, labels=None) -> None:
        """Adds a batch of uint8 images and, where needed, labels."""
        for part in self._stream.add(images, labels):
            self._collect(part)

    def end(self) -> None:
        """Takes the images that waited for a full pass of the extractor."""
        for part in self._stream.end():
            self._collect(part)

    def _collect(self, part):
        self._fid.update_state(part.features)
        if {"kid", "fid_infinity"} & set(self.metrics):
            self._sample.update_state(part.features)
        if self._manifold:
            self._manifold.update_state(part.features)
        if self._inception_score:
            self._inception_score.update_state(part.logits)
        if self._intra:
            self._intra.update_state(part.features, part.labels)
        if self._memorization:
            self._memorization.update_state(part.features)

    def scores(self) -> list[Score]:
        """Returns the scores of the samples seen, in the order of `METRICS`."""
        values = {}
        if "fid" in self.metrics:
            values["fid"] = self._fid.result()
        if "kid" in self.metrics:
            values |= self._kernel()
        if self._inception_score:
            mean, deviation = self._inception_score.result()
            values["inception_score"] = {"value": mean}
            values["inception_score_std"] = {"value": deviation}
        if self._manifold:
            for name, value in self._manifold.result().items():
                if name in self.metrics:
                    values[name] = {"value": value}
        if "fid_infinity" in self.metrics:
            result = frechet_infinity(
                self.reference.moments,
                self._sample.features,
                seed=self.settings.seed,
            )
            del result["slope"]
            values["fid_infinity"] = result
        if self._intra:
            values["intra_fid"] = {"value": self._intra.result()["mean"]}
        if self._memorization:
            result = self._memorization.result()
            values |= {name: {"value": result[name]} for name in MEMORIZATION}
        return [self._score(name, **value) for name, value in values.items()]

    def _kernel(self):
        settings, fake = self.settings, self._sample.features
        mean, deviation = kernel_distance(
            self.reference.features,
            fake,
            subset_size=settings.kid_subset_size,
            subsets=settings.kid_subsets,
            seed=settings.seed,
        )
        result = {"value": mean}
        if len(fake) >= 2 * settings.fid_groups:
            # The real features' own term changes no difference of groups.
            error = kernel_interval(
                self.reference.features,
                fake,
                groups=settings.fid_groups,
                seed=settings.seed,
                within_real=0.0,
            )["standard_error"]
            reach = error * student_quantile(settings.fid_groups - 1)
            result |= {
                "standard_error": error,
                "low": mean - reach,
                "high": mean + reach,
            }
        return {"kid": result, "kid_std": {"value": deviation}}

    def _score(self, name, value, **interval):
        metric = name.removesuffix("_std")
        certificate = {
            **self.reference.extractor.certificate,
            **self.reference.certificate,
            **sample_certificate(self.count, self._generator),
            **settings_of(metric, self.settings),
        }
        if name in MEMORIZATION:
            certificate["held_out"] = self.held_out.name
            certificate["held_out_hash"] = self.held_out.content_hash
            certificate["held_out_count"] = self.held_out.count
        suffix = self.reference.suffix
        full = f"{metric}_{suffix}" + name.removeprefix(metric)
        return Score(full, value, certificate, **interval)


class Diversity:
    """Collects what the mean MS-SSIM within classes needs of the samples.

    It compares pixels, whatever the extractor, and needs no real images.
    """

    def __init__(self, settings: MetricSettings, generator: dict):
        self._settings, self._generator = settings, generator
        self._metric = ClassDiversity(settings.ms_ssim_pairs, settings.seed)
        self._count = 0

    def add(self, images, labels) -> None:
        """Adds a batch of uint8 images and their labels."""
        self._metric.update_state(images, labels)
        self._count += len(images)

    def end(self) -> None:
        """Nothing waits."""

    def scores(self) -> list[Score]:
        """Returns `ms_ssim`, the mean over the classes."""
        result = self._metric.result()
        certificate = {
            "ms_ssim_levels": result["levels"],
            **sample_certificate(self._count, self._generator),
            **settings_of("ms_ssim", self._settings),
        }
        return [Score("ms_ssim", result["mean"], certificate)]


def sample_certificate(count: int, generator: dict) -> dict:
    """Returns what a certificate says of the samples and the software."""
    return {"sample_count": count, **generator, "versions": versions()}

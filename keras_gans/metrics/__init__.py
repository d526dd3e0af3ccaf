"""Distances between sets of images, and the features they compare."""

from keras_gans.metrics.evaluation.certificate import (
    Score,
    generator_fields,
    mean_score,
)
from keras_gans.metrics.evaluation.evaluate import (
    evaluate_samples,
    scores_of_samples,
)
from keras_gans.metrics.evaluation.reference import Reference
from keras_gans.metrics.extractors.choice import extractors_of_run
from keras_gans.metrics.extractors.efficientnet_lite0 import (
    EfficientNetLite0Features,
    EfficientNetLite1Features,
)
from keras_gans.metrics.extractors.inception import InceptionFeatures
from keras_gans.metrics.extractors.resizing import resize_images
from keras_gans.metrics.registry import (
    METRICS,
    Inputs,
    Metric,
    MetricSettings,
    register,
)
from keras_gans.metrics.scores.class_diversity import (
    ClassDiversity,
    class_diversity,
)
from keras_gans.metrics.scores.fid import FrechetDistance, frechet_distance
from keras_gans.metrics.scores.fid_infinity import frechet_infinity
from keras_gans.metrics.scores.fid_interval import FrechetWithInterval
from keras_gans.metrics.scores.inception_accuracy import inception_accuracy
from keras_gans.metrics.scores.inception_score import (
    InceptionScore,
    inception_score,
)
from keras_gans.metrics.scores.intra_fid import intra_class_distance
from keras_gans.metrics.scores.kid import kernel_distance, kernel_interval
from keras_gans.metrics.scores.memorization import Memorization, memorization
from keras_gans.metrics.scores.mode_coverage import mode_coverage
from keras_gans.metrics.scores.ms_ssim import ms_ssim
from keras_gans.metrics.scores.neighbours import nearest_neighbours
from keras_gans.metrics.scores.ngram import NgramDivergence
from keras_gans.metrics.scores.precision_recall import (
    density_coverage,
    precision_recall,
)
from keras_gans.metrics.scores.sliced_wasserstein import sliced_wasserstein
from keras_gans.metrics.scores.sliced_wasserstein_images import (
    SlicedWassersteinImages,
)
from keras_gans.metrics.statistics.intervals import compare_intervals
from keras_gans.metrics.statistics.moments import Moments

__all__ = [
    "ClassDiversity",
    "EfficientNetLite0Features",
    "EfficientNetLite1Features",
    "FrechetDistance",
    "FrechetWithInterval",
    "InceptionFeatures",
    "InceptionScore",
    "Inputs",
    "METRICS",
    "Memorization",
    "Metric",
    "MetricSettings",
    "Moments",
    "NgramDivergence",
    "Reference",
    "Score",
    "SlicedWassersteinImages",
    "class_diversity",
    "compare_intervals",
    "density_coverage",
    "evaluate_samples",
    "extractors_of_run",
    "frechet_distance",
    "frechet_infinity",
    "generator_fields",
    "inception_accuracy",
    "inception_score",
    "intra_class_distance",
    "kernel_distance",
    "kernel_interval",
    "mean_score",
    "memorization",
    "mode_coverage",
    "ms_ssim",
    "nearest_neighbours",
    "precision_recall",
    "register",
    "resize_images",
    "scores_of_samples",
    "sliced_wasserstein",
]

"""Distances between sets of images, and the features they compare."""

from keras_gans.metrics.certificate import (
    Score,
    generator_fields,
    mean_score,
)
from keras_gans.metrics.class_diversity import ClassDiversity, class_diversity
from keras_gans.metrics.class_metrics import (
    IntraClassDistance,
    intra_class_distance,
)
from keras_gans.metrics.efficientnet_lite0 import EfficientNetLite0Features
from keras_gans.metrics.evaluation import (
    evaluate_samples,
    scores_of_samples,
)
from keras_gans.metrics.frechet import FrechetDistance, frechet_distance
from keras_gans.metrics.frechet_uncertainty import (
    FrechetWithInterval,
    frechet_infinity,
)
from keras_gans.metrics.inception import InceptionFeatures
from keras_gans.metrics.inception_accuracy import (
    InceptionAccuracy,
    inception_accuracy,
)
from keras_gans.metrics.inception_score import InceptionScore, inception_score
from keras_gans.metrics.intervals import compare_intervals
from keras_gans.metrics.kernel import (
    KernelDistance,
    kernel_distance,
    kernel_distance_unbiased,
    kernel_interval,
)
from keras_gans.metrics.manifold import (
    ManifoldMetrics,
    density_coverage,
    precision_recall,
)
from keras_gans.metrics.memorization import Memorization, memorization
from keras_gans.metrics.mode_coverage import mode_coverage
from keras_gans.metrics.moments import Moments
from keras_gans.metrics.ms_ssim import ms_ssim
from keras_gans.metrics.neighbours import (
    NearestNeighbours,
    nearest_neighbours,
)
from keras_gans.metrics.ngram import NgramDivergence
from keras_gans.metrics.reference import Reference
from keras_gans.metrics.resizing import resize_images
from keras_gans.metrics.settings import METRICS, MetricSettings
from keras_gans.metrics.sliced_wasserstein import sliced_wasserstein
from keras_gans.metrics.sliced_wasserstein_images import (
    SlicedWassersteinImages,
)

__all__ = [
    "ClassDiversity",
    "EfficientNetLite0Features",
    "FrechetDistance",
    "FrechetWithInterval",
    "InceptionAccuracy",
    "InceptionFeatures",
    "InceptionScore",
    "IntraClassDistance",
    "KernelDistance",
    "METRICS",
    "ManifoldMetrics",
    "Memorization",
    "MetricSettings",
    "Moments",
    "NearestNeighbours",
    "NgramDivergence",
    "Reference",
    "Score",
    "SlicedWassersteinImages",
    "class_diversity",
    "compare_intervals",
    "density_coverage",
    "evaluate_samples",
    "frechet_distance",
    "frechet_infinity",
    "generator_fields",
    "inception_accuracy",
    "inception_score",
    "intra_class_distance",
    "kernel_distance",
    "kernel_distance_unbiased",
    "kernel_interval",
    "mean_score",
    "memorization",
    "mode_coverage",
    "ms_ssim",
    "nearest_neighbours",
    "precision_recall",
    "resize_images",
    "scores_of_samples",
    "sliced_wasserstein",
]

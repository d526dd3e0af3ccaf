"""Distances between sets of images, and the features they compare."""

from keras_gans.metrics.class_diversity import ClassDiversity, class_diversity
from keras_gans.metrics.class_metrics import (
    IntraClassDistance,
    intra_class_distance,
)
from keras_gans.metrics.efficientnet_lite0 import EfficientNetLite0Features
from keras_gans.metrics.evaluation import Reference, evaluate_samples
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
from keras_gans.metrics.mode_coverage import mode_coverage
from keras_gans.metrics.moments import Moments
from keras_gans.metrics.ms_ssim import ms_ssim
from keras_gans.metrics.ngram import NgramDivergence
from keras_gans.metrics.resizing import resize_images
from keras_gans.metrics.sliced_wasserstein import sliced_wasserstein

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
    "ManifoldMetrics",
    "Moments",
    "NgramDivergence",
    "Reference",
    "class_diversity",
    "compare_intervals",
    "density_coverage",
    "evaluate_samples",
    "frechet_distance",
    "frechet_infinity",
    "inception_accuracy",
    "inception_score",
    "intra_class_distance",
    "kernel_distance",
    "kernel_distance_unbiased",
    "kernel_interval",
    "mode_coverage",
    "ms_ssim",
    "precision_recall",
    "resize_images",
    "sliced_wasserstein",
]

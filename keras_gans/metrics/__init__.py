"""Distances between sets of images, and the features they compare."""

from keras_gans.metrics.efficientnet_lite0 import EfficientNetLite0Features
from keras_gans.metrics.evaluation import Reference, evaluate_samples
from keras_gans.metrics.frechet import FrechetDistance, frechet_distance
from keras_gans.metrics.kernel import KernelDistance, kernel_distance
from keras_gans.metrics.mode_coverage import mode_coverage
from keras_gans.metrics.moments import Moments
from keras_gans.metrics.ngram import NgramDivergence
from keras_gans.metrics.sliced_wasserstein import sliced_wasserstein

__all__ = [
    "EfficientNetLite0Features",
    "FrechetDistance",
    "KernelDistance",
    "Moments",
    "NgramDivergence",
    "Reference",
    "evaluate_samples",
    "frechet_distance",
    "kernel_distance",
    "mode_coverage",
    "sliced_wasserstein",
]

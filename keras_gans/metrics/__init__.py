"""Distances between sets of images, and the features they compare."""

from keras_gans.metrics.efficientnet_lite0 import EfficientNetLite0Features
from keras_gans.metrics.evaluation import Reference, evaluate_samples
from keras_gans.metrics.frechet import FrechetDistance, frechet_distance
from keras_gans.metrics.kernel import KernelDistance, kernel_distance
from keras_gans.metrics.moments import Moments

__all__ = [
    "EfficientNetLite0Features",
    "FrechetDistance",
    "KernelDistance",
    "Moments",
    "Reference",
    "evaluate_samples",
    "frechet_distance",
    "kernel_distance",
]

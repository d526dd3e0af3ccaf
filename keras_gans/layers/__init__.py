"""Layers of generators and discriminators."""

from keras_gans.layers.batch_normalization import (
    BatchNormalization,
    ConditionalBatchNormalization,
)
from keras_gans.layers.class_projection import ClassProjection
from keras_gans.layers.minibatch_stddev import MinibatchStdDev
from keras_gans.layers.resampling import Conv2DAveragePool, UpsampleConv2D
from keras_gans.layers.self_attention import SelfAttention
from keras_gans.layers.spectral_normalization import SpectralNormalization

__all__ = [
    "BatchNormalization",
    "ClassProjection",
    "ConditionalBatchNormalization",
    "Conv2DAveragePool",
    "MinibatchStdDev",
    "SelfAttention",
    "SpectralNormalization",
    "UpsampleConv2D",
]

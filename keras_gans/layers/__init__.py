"""Layers of generators and discriminators."""

from keras_gans.layers.batch_normalization import (
    BatchNormalization,
    ConditionalBatchNormalization,
)
from keras_gans.layers.bilinear import (
    BilinearDownsample2D,
    BilinearUpsample2D,
)
from keras_gans.layers.class_projection import ClassProjection
from keras_gans.layers.convolution import Conv2D, Conv2DTranspose
from keras_gans.layers.depth_to_space import DepthToSpace
from keras_gans.layers.efficientnet_features import EfficientNetFeatures
from keras_gans.layers.equalized import (
    EqualizedConv2D,
    EqualizedLatentMap,
    EqualizedUpsampleConv2D,
)
from keras_gans.layers.fade_in import FadeIn
from keras_gans.layers.gated import GatedActivation
from keras_gans.layers.linear_conditional_batch_normalization import (
    LinearConditionalBatchNormalization,
)
from keras_gans.layers.minibatch_stddev import MinibatchStdDev
from keras_gans.layers.normal_to_uniform import NormalToUniform
from keras_gans.layers.pixel_normalization import PixelNormalization
from keras_gans.layers.random_mixing import RandomMixing
from keras_gans.layers.resampling import (
    AveragePool2D,
    Conv2DAveragePool,
    Upsample2D,
    UpsampleConv2D,
)
from keras_gans.layers.residual_control import ResidualControl
from keras_gans.layers.self_attention import SelfAttention
from keras_gans.layers.spatial_basis import BasisPooling, LatentBasis
from keras_gans.layers.spectral_normalization import SpectralNormalization

__all__ = [
    "AveragePool2D",
    "BasisPooling",
    "BatchNormalization",
    "BilinearDownsample2D",
    "BilinearUpsample2D",
    "ClassProjection",
    "ConditionalBatchNormalization",
    "Conv2D",
    "Conv2DAveragePool",
    "Conv2DTranspose",
    "DepthToSpace",
    "EfficientNetFeatures",
    "EqualizedConv2D",
    "EqualizedLatentMap",
    "EqualizedUpsampleConv2D",
    "FadeIn",
    "GatedActivation",
    "LatentBasis",
    "LinearConditionalBatchNormalization",
    "MinibatchStdDev",
    "NormalToUniform",
    "PixelNormalization",
    "RandomMixing",
    "ResidualControl",
    "SelfAttention",
    "SpectralNormalization",
    "Upsample2D",
    "UpsampleConv2D",
]

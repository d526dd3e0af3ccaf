"""What holds the discriminator down: penalties and weight clipping."""

from keras_gans.penalties.consistency import BCR, ZCR
from keras_gans.penalties.drift import Drift
from keras_gans.penalties.flip_and_shift import FlipAndShift
from keras_gans.penalties.gradient_penalty import GradientPenalty
from keras_gans.penalties.lecam import LeCam
from keras_gans.penalties.orthogonal import OrthogonalRegularization
from keras_gans.penalties.penalty import DiscriminatorUpdate, Penalty
from keras_gans.penalties.weight_clipping import WeightClipping
from keras_gans.penalties.weights import CosineWeight
from keras_gans.penalties.zero_centred import R1, R2

__all__ = [
    "BCR",
    "R1",
    "R2",
    "ZCR",
    "CosineWeight",
    "DiscriminatorUpdate",
    "Drift",
    "FlipAndShift",
    "GradientPenalty",
    "LeCam",
    "OrthogonalRegularization",
    "Penalty",
    "WeightClipping",
]

"""What holds the discriminator down: penalties and weight clipping."""

from keras_gans.penalties.gradient_penalty import GradientPenalty
from keras_gans.penalties.weight_clipping import WeightClipping

__all__ = ["GradientPenalty", "WeightClipping"]

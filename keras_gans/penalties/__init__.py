"""Penalties on the discriminator."""

from keras_gans.penalties.gradient_penalty import GradientPenalty

__all__ = ["GradientPenalty"]

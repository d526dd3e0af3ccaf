"""Generators as SavedModels that need nothing but TensorFlow."""

from keras_gans.serving.export import export_generator

__all__ = ["export_generator"]

"""Importing Keras and TensorFlow without their start-up log."""

from recipes.common.light import without_keras

with without_keras():
    from keras_gans.cli.quiet import import_keras, startup_log_filtered

__all__ = ["import_keras", "startup_log_filtered"]

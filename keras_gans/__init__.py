"""GANs in Keras 3, on TensorFlow, JAX and PyTorch."""

import sys

from keras_gans import environment
from keras_gans.cli import runs_without_keras

# Backends read the environment while they are imported.
environment.prepare()

if not runs_without_keras(sys.orig_argv):
    from keras_gans import (
        callbacks,
        data,
        distribution,
        layers,
        losses,
        metrics,
        models,
        networks,
        penalties,
        precision,
        presets,
        serving,
    )
    from keras_gans.models import ACGAN, GAN, LGAGAN, MSGGAN, SAGAN, WGANGP

__version__ = "0.1.0"

__all__ = [
    "ACGAN",
    "GAN",
    "LGAGAN",
    "MSGGAN",
    "SAGAN",
    "WGANGP",
    "callbacks",
    "data",
    "distribution",
    "environment",
    "layers",
    "losses",
    "metrics",
    "models",
    "networks",
    "penalties",
    "precision",
    "presets",
    "serving",
]

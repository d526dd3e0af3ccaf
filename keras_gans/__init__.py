"""GANs in Keras 3, on TensorFlow, JAX and PyTorch."""

import sys

from keras_gans import environment
from keras_gans.cli import commanded

# Backends read the environment while they are imported.
environment.prepare()

_command = commanded(sys.orig_argv)
if _command and _command.needs_keras:
    from keras_gans.cli.quiet import import_keras

    import_keras()

if not _command or _command.needs_keras:
    from keras_gans import (
        augmentation,
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
        transfer,
    )
    from keras_gans.models import (
        ACGAN,
        GAN,
        LGAGAN,
        MSGGAN,
        R3GAN,
        SAGAN,
        WGANGP,
        ProGAN,
    )

__version__ = "0.1.0"

__all__ = [
    "ACGAN",
    "GAN",
    "LGAGAN",
    "MSGGAN",
    "ProGAN",
    "R3GAN",
    "SAGAN",
    "WGANGP",
    "augmentation",
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
    "transfer",
]

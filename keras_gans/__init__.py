"""GANs in Keras 3, on TensorFlow, JAX and PyTorch."""

from keras_gans import environment

environment.prepare()

# Backends read the environment while they are imported.
from keras_gans import (  # noqa: E402
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
from keras_gans.models import (  # noqa: E402
    ACGAN,
    GAN,
    LGAGAN,
    MSGGAN,
    SAGAN,
    WGANGP,
)

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

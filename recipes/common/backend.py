"""The backend that Keras will use, known before Keras is imported."""

import json
import os
import pathlib

from recipes.common.light import without_keras

with without_keras():
    from keras_gans.checks import did_you_mean

BACKENDS = ("tensorflow", "jax", "torch")


def keras_backend() -> str:
    """Returns the backend, chosen as Keras does.

    That is KERAS_BACKEND, or else what keras.json in KERAS_HOME (~/.keras)
    says, or else tensorflow.

    Raises:
        ValueError: If it is none of tensorflow, jax and torch.
    """
    backend = os.environ.get("KERAS_BACKEND") or _configured()
    if backend not in BACKENDS:
        raise ValueError(
            f"KERAS_BACKEND must be one of {', '.join(BACKENDS)}. Received: "
            f"{backend!r}.{did_you_mean(backend, BACKENDS)}"
        )
    return backend


def _configured() -> str:
    home = pathlib.Path(os.environ.get("KERAS_HOME") or "~/.keras")
    try:
        settings = json.loads((home.expanduser() / "keras.json").read_text())
        return str(settings["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return BACKENDS[0]

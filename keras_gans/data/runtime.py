"""TensorFlow as the machine of the data pipeline, on every backend."""

from __future__ import annotations

import functools
import types

import keras


@functools.cache
def import_tensorflow() -> types.ModuleType:
    """Imports TensorFlow on first use and keeps it off other backends' GPUs.

    On JAX and torch TensorFlow only feeds images. Its GPUs are hidden there,
    because it would otherwise reserve their whole memory.
    """
    import tensorflow

    if keras.backend.backend() != "tensorflow":
        try:
            tensorflow.config.set_visible_devices([], "GPU")
        except RuntimeError:
            # Somebody started TensorFlow's devices before: too late to hide
            # them, and the pipeline below runs on the CPU all the same.
            pass
    return tensorflow

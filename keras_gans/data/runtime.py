"""TensorFlow as the machine of the data pipeline, on every backend.

`tf` is TensorFlow, imported at its first use: it takes seconds.
"""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

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


class _TensorFlow:
    def __getattr__(self, name: str) -> Any:
        return getattr(import_tensorflow(), name)


if TYPE_CHECKING:
    import tensorflow as tf
else:
    tf = _TensorFlow()

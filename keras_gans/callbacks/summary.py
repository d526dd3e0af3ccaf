"""TensorBoard event files, on every backend."""

import functools
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_gans import distribution

if TYPE_CHECKING:
    import tensorflow as tf


class SummaryWriter:
    """Writes scalars, images and histograms for TensorBoard.

    TensorFlow writes the files whatever the backend; nothing is created
    before the first value. Where several processes train one model, the chief
    writes.

    Args:
        log_dir: Directory of the event files.
    """

    def __init__(self, log_dir: str | os.PathLike):
        self.log_dir = str(log_dir)

    def scalars(self, values: dict[str, Any], step: int) -> None:
        """Writes numbers by name."""
        numbers = {name: float(value) for name, value in values.items()}
        self._write("scalar", numbers, step)

    def image(self, name: str, image: np.ndarray, step: int) -> None:
        """Writes one uint8 image of shape (height, width, channels)."""
        self._write("image", {name: image[None]}, step)

    def histograms(self, values: dict[str, Any], step: int) -> None:
        """Writes the distribution of arrays by name."""
        self._write("histogram", values, step)

    def flush(self) -> None:
        """Puts what was written on the disk."""
        if distribution.is_chief():
            self._writer.flush()

    def _write(self, kind: str, values: dict[str, Any], step: int) -> None:
        if not distribution.is_chief():
            return
        import tensorflow as tf

        # Whatever the devices of the training are.
        with tf.device("CPU:0"), self._writer.as_default(step=step):
            for name, value in values.items():
                getattr(tf.summary, kind)(name, value)

    @functools.cached_property
    def _writer(self) -> "tf.summary.SummaryWriter":
        import tensorflow as tf

        return tf.summary.create_file_writer(self.log_dir)

"""TensorBoard event files, on every backend."""

import os
from typing import Any

import numpy as np

from keras_gans import distribution
from keras_gans.data.runtime import tf


class SummaryWriter:
    """Writes scalars, images and histograms for TensorBoard.

    TensorFlow writes the files whatever the backend; nothing is created
    before the first value, and each is on the disk at once. Where several
    processes train one model, the chief writes.

    Args:
        log_dir: Directory of the event files; None writes nothing.
    """

    def __init__(self, log_dir: str | os.PathLike | None):
        self.log_dir = log_dir and str(log_dir)
        self._writer = None

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

    def _write(self, kind: str, values: dict[str, Any], step: int) -> None:
        if not self.log_dir or not distribution.is_chief():
            return
        self._writer = self._writer or tf.summary.create_file_writer(
            self.log_dir
        )
        # Whatever the devices of the training are.
        with tf.device("CPU:0"), self._writer.as_default(step=step):
            for name, value in values.items():
                getattr(tf.summary, kind)(name, value)
        self._writer.flush()

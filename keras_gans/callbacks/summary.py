"""TensorBoard event files, on every backend."""

import functools

import numpy as np


class SummaryWriter:
    """Writes scalars, images and histograms for TensorBoard.

    TensorFlow writes the files whatever the backend; nothing is created
    before the first value.

    Args:
        log_dir: Directory of the event files.
    """

    def __init__(self, log_dir):
        self.log_dir = str(log_dir)

    def scalars(self, values: dict, step: int):
        """Writes numbers by name."""
        with self._at(step) as summary:
            for name, value in values.items():
                summary.scalar(name, float(value))

    def image(self, name: str, image: np.ndarray, step: int):
        """Writes one uint8 image of shape (height, width, channels)."""
        with self._at(step) as summary:
            summary.image(name, image[None])

    def histograms(self, values: dict, step: int):
        """Writes the distribution of arrays by name."""
        with self._at(step) as summary:
            for name, value in values.items():
                summary.histogram(name, value)

    def flush(self):
        """Puts what was written on the disk."""
        self._writer.flush()

    @functools.cached_property
    def _writer(self):
        import tensorflow as tf

        return tf.summary.create_file_writer(self.log_dir)

    def _at(self, step):
        return _Step(self._writer, step)


class _Step:
    """A writer as the default one, on the CPU, at a step."""

    def __init__(self, writer, step):
        self._writer = writer
        self._step = step

    def __enter__(self):
        import tensorflow as tf

        self._contexts = [
            tf.device("CPU:0"),
            self._writer.as_default(step=self._step),
        ]
        for context in self._contexts:
            context.__enter__()
        return tf.summary

    def __exit__(self, *error):
        for context in reversed(self._contexts):
            context.__exit__(*error)

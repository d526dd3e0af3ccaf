"""How long whoever reads a dataset waits for its batches."""

from __future__ import annotations

import uuid

from keras_gans.data.runtime import tf


class Waiting:
    """Adds up the time between the request for a batch and its arrival.

    Zip asks its datasets in turn, so that a clock zipped in front of the
    batches is read when a batch is asked for. A batch that lies ready costs
    some microseconds, and any other counts with the time it still needs. What
    the dataset does ahead, while nobody waits, does not count.

    Args:
        batches: A `tf.data.Dataset`.

    Attributes:
        batches: The dataset to read instead, with the same elements.

    Raises:
        ValueError: When `batches` is no dataset.

    Example:
    >>> import tensorflow as tf
    >>> waiting = Waiting(tf.data.Dataset.range(3))
    >>> [int(batch) for batch in waiting.batches], 0 < waiting.seconds < 10
    ([0, 1, 2], True)
    """

    def __init__(self, batches: tf.data.Dataset):
        if not isinstance(batches, tf.data.Dataset):
            raise ValueError(
                "Waiting is measured on a tf.data.Dataset. Received: "
                f"{type(batches).__name__}. Pass what `training_batches` "
                "returns, or make a dataset of it."
            )
        # A tf.Variable would be mirrored under a distribution strategy.
        with tf.device("CPU:0"):
            self._total = tf.raw_ops.VarHandleOp(
                dtype=tf.float64, shape=[], shared_name=f"{uuid.uuid4()}"
            )
            tf.raw_ops.AssignVariableOp(
                resource=self._total, value=tf.constant(0.0, tf.float64)
            )
        requests = tf.data.Dataset.range(tf.int64.max).map(
            lambda number: tf.timestamp()
        )
        watched = tf.data.Dataset.zip((requests, batches)).map(self._add)
        # Otherwise tf.data puts a buffer behind the clock.
        options = tf.data.Options()
        options.experimental_optimization.inject_prefetch = False
        self.batches = watched.with_options(options)

    @property
    def seconds(self) -> float:
        """Time waited so far by all readers together."""
        return float(
            tf.raw_ops.ReadVariableOp(resource=self._total, dtype=tf.float64)
        )

    def _add(self, requested, batch):
        tf.raw_ops.AssignAddVariableOp(
            resource=self._total, value=tf.timestamp() - requested
        )
        return batch

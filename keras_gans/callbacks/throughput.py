"""Images, or other samples, a second, on the progress bar and in the logs."""

import collections
import itertools
import statistics
import time

import keras

from keras_gans.callbacks.at_steps import Logs


class Throughput(keras.callbacks.Callback):
    """Adds `images/s` to the logs: real images trained on a second.

    It is taken from the median duration of the last 20 steps, so that neither
    compilation nor an evaluation in between distorts it. It must come before
    callbacks that read the logs.

    Args:
        images_per_step: Real images of a training step.
        noun: What they are, where they are no images: the name in the logs.
    """

    def __init__(self, images_per_step: int, noun: str = "images"):
        super().__init__()
        self.images_per_step = images_per_step
        self.noun = noun
        self._ends = collections.deque(maxlen=21)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self._ends.append((batch, time.perf_counter()))
        durations = [
            (end - begin) / (last - first)
            for (first, begin), (last, end) in itertools.pairwise(self._ends)
            if last > first
        ]
        if durations and logs is not None:
            median = statistics.median(durations)
            logs[f"{self.noun}/s"] = self.images_per_step / median

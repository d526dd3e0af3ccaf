"""Snapshots of power-function averages while training goes on."""

import os
import pathlib
from typing import Any

import numpy as np

from keras_gans import distribution
from keras_gans.callbacks.at_steps import AtSteps, Logs
from keras_gans.callbacks.snapshots import (
    find_snapshots,
    snapshot_path,
    write_network,
    write_snapshot,
)


class Averages(AtSteps):
    """Keeps a model's power-function averages in files, every so many steps.

    They are those of `GAN(averages=...)`. Of some 16 to 32 files the command
    `keras-gans average` makes averages of other lengths, and of earlier
    steps. A number takes two bytes in them. Where several processes train one
    model, the chief writes.

    Args:
        directory: Folder of the files, see `callbacks.snapshots`.
        every: Steps between snapshots; 0 at the end only.

    Raises:
        ValueError: When `every` is negative; when training begins, if the
            model keeps no averages, or the folder has snapshots of later
            steps, which another training has made.
    """

    def __init__(self, directory: str | os.PathLike, every: int = 0):
        super().__init__(every)
        self.directory = pathlib.Path(directory)

    def on_train_begin(self, logs: Logs = None) -> None:
        super().on_train_begin(logs)
        if self.model.power_averages is None:
            raise ValueError(
                "Snapshots are of a model that keeps averages. Received: one "
                "without. Construct it with averages=(0.05, 0.10)."
            )
        later = [
            s for s in find_snapshots(self.directory) if s.step > self.step
        ]
        if later:
            raise ValueError(
                "Training goes on from its own snapshots. Received: "
                f"{later[0].path}, and a model that has taken {self.step} "
                "steps. Name an empty folder, or remove the later snapshots."
            )
        if distribution.is_chief():
            write_network(self.directory, self.model.generator)

    def at_step(self, step: int, logs: Logs) -> None:
        del logs
        self.write(step, snapshot_path(self.directory, step))

    def write(self, step: int, path: pathlib.Path) -> None:
        """Writes the model's averages, which are of a step, to a file."""
        kept: Any = self.model.power_averages
        # What processes hold together all of them read.
        averages = [
            [np.asarray(weight.numpy()) for weight in row]
            for row in kept.averages
        ]
        if distribution.is_chief():
            write_snapshot(path, step, kept.lengths, averages)

"""Whether memory or the time of a step grow over thousands of steps.

A small SAGAN trains on the embedded images as a recipe does: the same `fit`,
with the callbacks of a run but for evaluations, grids and checkpoints every
250 steps. Every 500 steps it prints the resident memory, after a collection
of garbage, and a step's lower quartiles of time and of processor time.

It ends with status 1 when from step 1,000 on the memory has grown by more
than 1%, or a step by more than 5% in both of its times: other programs on the
machine lengthen the first, and threads that wait busily the second.

    KERAS_BACKEND=jax python -m benchmarks.endurance
    python -m benchmarks.endurance --steps=20000
"""

import argparse
import ctypes
import dataclasses
import gc
import os
import pathlib
import statistics
import sys
import tempfile
import time
from functools import partial

import keras
import numpy as np

from benchmarks.machine import line, table
from keras_gans import SAGAN, callbacks
from recipes import sagan
from recipes.common.images import build_model, load_data
from recipes.common.training import build_gan, fit

BLOCK = 500  # steps between measurements
SETTLED = 1000  # steps after which nothing should grow
MEMORY_LIMIT, TIME_LIMIT = 0.01, 0.05
# A run whose networks cost little beside the machinery.
CONFIG = dataclasses.replace(
    sagan.SMOKE, sample_every=250, checkpoint_every=250, log_every=50
)
HEADER = ("step", "memory MiB", "ms a step", "processor ms")


def resident_memory() -> int:
    """Returns this process's resident memory in bytes, garbage collected."""
    gc.collect()
    if sys.platform != "linux":
        raise OSError(
            "Resident memory is read from /proc, which Linux has. Received: "
            f"{sys.platform}. Run this benchmark on Linux."
        )
    # The C library keeps what was freed; a leak is what it cannot give back.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)
    pages = pathlib.Path("/proc/self/statm").read_text("ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")


class Endurance(callbacks.AtSteps):
    """Measures and prints the state of the process every `BLOCK` steps.

    Attributes:
        measured: Step, resident memory in bytes, and the lower quartiles of
            a step's time and processor time since the last one, in seconds.
    """

    def __init__(self):
        super().__init__(BLOCK, at_end=False)
        self.measured, self.durations = [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.begin = clocks()

    def on_train_batch_end(self, batch, logs=None):
        self.durations.append(np.subtract(clocks(), self.begin))
        super().on_train_batch_end(batch, logs)

    def at_step(self, step, logs):
        times = np.quantile(self.durations, 0.25, axis=0)
        self.durations.clear()
        memory = resident_memory()
        self.measured.append((step, memory, *times))
        shown = [f"{1000 * time:.2f}" for time in times]
        print(line((f"{step:,}", f"{memory / 2**20:.1f}", *shown)), flush=True)


def train(steps: int, directory: pathlib.Path) -> list[tuple]:
    """Trains as a recipe does and returns what was measured on the way."""
    config = dataclasses.replace(CONFIG, steps=steps)
    images = load_data(config)
    gan, scope = build_gan(
        config, partial(build_model, SAGAN, config, images.num_classes)
    )
    batches = images.training_batches(
        config.images_per_step, seed=config.seed, augment=config.augment
    )
    endurance = Endurance()
    with scope:
        monitor = callbacks.InputMonitor(batches, log_dir=directory)
        every = [
            monitor,
            endurance,
            callbacks.Throughput(config.images_per_step),
            callbacks.StopAt(config.steps),
            callbacks.TensorBoard(directory, config.log_every),
            callbacks.WeightHistograms(directory, config.sample_every),
            callbacks.SampleGrid(
                directory, config.sample_every, log_dir=directory
            ),
            callbacks.Checkpoint(directory, config.checkpoint_every),
        ]
        fit(gan, monitor.batches, config, every)
    return endurance.measured


def clocks() -> tuple[float, float]:
    """Returns the time and the process's processor time, in seconds."""
    return time.perf_counter(), time.process_time()


def growth(measured: list[tuple]) -> tuple[float, float]:
    """Returns by which shares memory and time have grown since `SETTLED`.

    The memory is that of the last measurement against the first; the times
    are medians of the last and of the first three, of which the one counts
    that has grown less.
    """
    settled = [row[1:] for row in measured if row[0] >= SETTLED]
    memory, *times = zip(*settled, strict=True)
    slower = min(
        statistics.median(seconds[-3:]) / statistics.median(seconds[:3])
        for seconds in times
    )
    return memory[-1] / memory[0] - 1.0, slower - 1.0


def main() -> int:
    """Prints the table and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog="It fails when memory or time grow.",
    )
    parser.add_argument("--steps", type=int, default=5000)
    steps = parser.parse_args().steps
    if steps < SETTLED + BLOCK:
        parser.error(f"--steps must be at least {SETTLED + BLOCK}.")
    # Progress bars would run through the table.
    keras.config.disable_interactive_logging()
    print(f"{keras.backend.backend()}: SAGAN-32, width 8, batch 8")
    print(table(HEADER, []))
    with tempfile.TemporaryDirectory() as directory:
        measured = train(steps, pathlib.Path(directory))
    memory, seconds = growth(measured)
    print(
        f"From step {SETTLED:,} to {measured[-1][0]:,}: memory "
        f"{memory:+.2%} (at most {MEMORY_LIMIT:+.0%}), time of a step "
        f"{seconds:+.2%} (at most {TIME_LIMIT:+.0%})"
    )
    return int(memory > MEMORY_LIMIT or seconds > TIME_LIMIT)


if __name__ == "__main__":
    sys.exit(main())

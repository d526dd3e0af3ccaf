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

import numpy as np

from recipes import sagan
from recipes.common.quiet import import_keras

BLOCK = 500  # steps between measurements
SETTLED = 1000  # steps after which nothing should grow
MEMORY_LIMIT, TIME_LIMIT = 0.01, 0.05


@dataclasses.dataclass(frozen=True)
class Measurement:
    """The state of the process after a training step.

    Attributes:
        step: Training steps done.
        memory: Resident memory in bytes.
        seconds: Of a training step, lower quartile since the last one.
        processor_seconds: Of all processors together, likewise.
    """

    step: int
    memory: int
    seconds: float
    processor_seconds: float


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


def settings(steps: int) -> sagan.Config:
    """Returns a run whose networks cost little beside the machinery."""
    return dataclasses.replace(
        sagan.SMOKE,
        steps=steps,
        sample_every=250,
        checkpoint_every=250,
        log_every=50,
    )


def train(config: sagan.Config, directory: pathlib.Path) -> list[Measurement]:
    """Trains as a recipe does and measures on the way."""
    from keras_gans import SAGAN, callbacks
    from recipes.common.images import build_model, load_data
    from recipes.common.run import build_gan, fit

    images = load_data(config)
    gan, scope = build_gan(
        config, partial(build_model, SAGAN, config, images.num_classes)
    )
    batches = images.training_batches(
        config.images_per_step, seed=config.seed, augment=config.augment
    )
    measurements = []
    with scope:
        monitor = callbacks.InputMonitor(batches, log_dir=directory)
        every = [
            monitor,
            _endurance(measurements),
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
    return measurements


def _endurance(measurements: list[Measurement]):
    """Returns a callback that appends measurements and prints them."""
    from keras_gans.callbacks import AtSteps

    class Endurance(AtSteps):
        def __init__(self):
            super().__init__(BLOCK, at_end=False)
            self.durations = []

        def on_train_batch_begin(self, batch, logs=None):
            self.begin = clocks()

        def on_train_batch_end(self, batch, logs=None):
            self.durations.append(np.subtract(clocks(), self.begin))
            super().on_train_batch_end(batch, logs)

        def at_step(self, step, logs):
            quartiles = np.quantile(self.durations, 0.25, axis=0)
            self.durations.clear()
            measurements.append(
                Measurement(step, resident_memory(), *map(float, quartiles))
            )
            print(row(measurements[-1]), flush=True)

    return Endurance()


def clocks() -> tuple[float, float]:
    """Returns the time and the process's processor time, in seconds."""
    return time.perf_counter(), time.process_time()


def row(measurement: Measurement) -> str:
    """Returns a line of the table."""
    return (
        f"{measurement.step:8,d} {measurement.memory / 2**20:10.1f} "
        f"{1000 * measurement.seconds:10.2f} "
        f"{1000 * measurement.processor_seconds:13.2f}"
    )


def growth(measurements: list[Measurement]) -> tuple[float, float]:
    """Returns by which shares memory and time have grown since `SETTLED`.

    The memory is that of the last measurement against the first; the times
    are medians of the last and of the first three, of which the one counts
    that has grown less.
    """
    settled = [m for m in measurements if m.step >= SETTLED]
    if len(settled) < 2:
        raise ValueError(
            f"Growth is measured from step {SETTLED:,} on, every {BLOCK} "
            f"steps. Received: {len(settled)} measurements from there on. Use "
            f"--steps of at least {SETTLED + BLOCK:,}."
        )
    times = [(m.seconds, m.processor_seconds) for m in settled]
    slower = min(
        statistics.median(seconds[-3:]) / statistics.median(seconds[:3])
        for seconds in zip(*times, strict=True)
    )
    return settled[-1].memory / settled[0].memory - 1.0, slower - 1.0


def main(arguments: list[str] | None = None) -> int:
    """Prints the table and returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog="It fails when memory or time grow.",
    )
    parser.add_argument("--steps", type=int, default=5000)
    steps = parser.parse_args(arguments).steps
    if steps < SETTLED + BLOCK:
        parser.error(f"--steps must be at least {SETTLED + BLOCK}.")
    import_keras()
    import keras

    # Progress bars would run through the table.
    keras.config.disable_interactive_logging()
    print(f"{keras.backend.backend()}: SAGAN-32, width 8, batch 8")
    print(
        f"{'step':>8s} {'memory MiB':>10s} {'ms a step':>10s} "
        f"{'processor ms':>13s}"
    )
    with tempfile.TemporaryDirectory() as directory:
        measurements = train(settings(steps), pathlib.Path(directory))
    memory, seconds = growth(measurements)
    print(
        f"From step {SETTLED:,} to {measurements[-1].step:,}: memory "
        f"{memory:+.2%} (at most {MEMORY_LIMIT:+.0%}), time of a step "
        f"{seconds:+.2%} (at most {TIME_LIMIT:+.0%})"
    )
    return int(memory > MEMORY_LIMIT or seconds > TIME_LIMIT)


if __name__ == "__main__":
    sys.exit(main())

"""A training step of each model, on each backend, in each form.

    python -m benchmarks.training_step
    python -m benchmarks.training_step --models=SNGAN --backends=torch --turns=9

Forms: `folded`, the default; `plain`, `folding=False`; and `keras`, plain with
the convolutions of `keras.ops`, as layers of Keras compute them. AC-GAN has
stride-2 transposed convolutions, which are their own folded form: for it there
is one form. The others are folded too: `shared fakes` draws images once for
both players, `lazy penalty` computes the penalty at every fourth step,
`accumulated` takes the batch in four parts, `remat` computes features again,
`diffaugment` (its three policies) and `ada` augment real and generated images.

GFLOP and GB are counted from the graph of the step, but for a lazy penalty and
accumulation, of which the graph has branches and loops; the peak is that of
TensorFlow's matrix product in the same precision, on other devices than CPUs of
the backend's; MiB are what the process needed beyond its libraries, or the
device's memory at its peak.

`quickstart` is that recipe's step, with its threads of TensorFlow (see
`recipes.common.threads`); the others have the papers' widths.

Every variant has a process of its own, which has all cores while the others
wait. They take turns, so that changes of the machine's speed meet all; the
ratio is the median over turns of the time of the first variant over that of
the variant in the same turn.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

from benchmarks.machine import (
    matrix_product_rate,
    mebibytes,
    ratios,
    table,
)
from recipes import quickstart
from recipes.common.threads import threads

MODELS = (
    "quickstart",
    "SNGAN",
    "SAGAN",
    "MSG-GAN",
    "AC-GAN",
    "WGAN-GP",
    "LGA",
    "R3GAN",
)
BACKENDS = ("tensorflow", "torch", "jax")
OPTIONS = {
    "quickstart": ("diffaugment", "ada"),
    "SNGAN": ("shared fakes", "accumulated", "remat", "diffaugment", "ada"),
    "WGAN-GP": ("lazy penalty",),
}
HEADER = (
    "model",
    "form",
    "precision",
    "ms a step",
    "images/s",
    "times as fast",
    "GFLOP",
    "share of the peak",
    "GB moved",
    "MiB",
)


class Worker:
    """The process of one variant."""

    def __init__(self, backend, model, form, precision):
        self.variant = model, form, precision
        environment = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
        if model == "quickstart":
            environment |= threads(quickstart.CPU)
        if form == "keras":
            # The C library's own way with large blocks of memory.
            environment["MALLOC_MMAP_MAX_"] = "65536"
        command = [sys.executable, "-m", "benchmarks.step_worker"]
        self._process = subprocess.Popen(
            [*command, model, form, precision],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | environment,
        )

    def ask(self, question):
        """Returns the answer to a line."""
        self._process.stdin.write(f"{question}\n")
        self._process.stdin.flush()
        return self.answer()

    def stop(self):
        """Ends the process."""
        self._process.communicate()

    def answer(self):
        """Returns what the process says next; first, that it is ready."""
        for line in self._process.stdout:
            if line.startswith(("{", '"ready"', *"0123456789")):
                return json.loads(line)
        raise RuntimeError(f"The process of {self.variant} ended.")


def variants(model: str, backend: str) -> list[tuple[str, str]]:
    """Returns the forms and precisions of a model that are compared."""
    if model == "AC-GAN":
        return [("folded", "float32"), ("folded", "mixed_bfloat16")]
    chosen = [("plain", "float32"), ("folded", "float32")]
    if model == "SNGAN":
        chosen.insert(0, ("keras", "float32"))
    if model in ("SNGAN", "quickstart") or backend == "tensorflow":
        chosen.append(("folded", "mixed_bfloat16"))
    chosen += [(form, "float32") for form in OPTIONS.get(model, ())]
    return chosen


def measure(model: str, backend: str, turns: int, steps: int) -> list[tuple]:
    """Returns a row for each variant of a model on a backend."""
    peaks = {
        precision: matrix_product_rate(precision, backend)
        for precision in {kind for _, kind in variants(model, backend)}
    }
    workers = [
        Worker(backend, model, *variant) for variant in variants(model, backend)
    ]
    for worker in workers:
        worker.answer()
    # Steps of milliseconds want more of them.
    steps *= 20 if model == "quickstart" else 1
    by_turn = [[worker.ask(steps) for worker in workers] for _ in range(turns)]
    times = list(zip(*by_turn, strict=True))
    counts = []
    for worker in workers:
        counts.append(worker.ask("counts"))
        worker.stop()
    rows = []
    for worker, own, count in zip(workers, times, counts, strict=True):
        seconds = statistics.median(own)
        ratio, low, high = ratios(times[0], own)
        rows.append(
            (
                *worker.variant,
                f"{1000 * seconds:.0f}",
                f"{count['images'] / seconds:.1f}",
                f"{ratio:.2f} ({low:.2f} to {high:.2f})",
                *counted(worker.variant, count, seconds, peaks),
                mebibytes(count["memory"]),
            )
        )
    return rows


def counted(variant: tuple, counts: dict, seconds: float, peaks: dict) -> tuple:
    """Returns the columns that rest on the graph of a step."""
    peak = peaks[variant[2]]
    if variant[1] in ("lazy penalty", "accumulated"):
        return ("", "", "")
    return (
        f"{counts['flops'] / 1e9:.0f}",
        f"{100 * counts['flops'] / seconds / peak:.0f} % of "
        f"{peak / 1e9:.0f} GFLOP/s",
        f"{counts['bytes'] / 1e9:.1f}",
    )


def main() -> None:
    """Prints a table for each backend."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--backends", default=",".join(BACKENDS))
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    options = parser.parse_args()
    models, backends = options.models.split(","), options.backends.split(",")
    for names, known in ((models, MODELS), (backends, BACKENDS)):
        if unknown := [name for name in names if name not in known]:
            parser.error(
                f"Unknown: {', '.join(unknown)}. Known are {', '.join(known)}."
            )
    for backend in backends:
        rows = []
        for model in models:
            rows += measure(model, backend, options.turns, options.steps)
        print(f"{backend}:\n\n{table(HEADER, rows)}\n", flush=True)


if __name__ == "__main__":
    main()

"""Runs the benchmarks, one after the other, and writes RESULTS.md.

    python -m benchmarks.report

Each runs in a process of its own; the machine should have nothing else to do.
"""

import datetime
import os
import pathlib
import subprocess
import sys

from benchmarks.machine import describe

RESULTS = pathlib.Path(__file__).with_name("RESULTS.md")
BACKENDS = ("tensorflow", "jax", "torch")
# Title, module, arguments, and the backends that it runs on.
BENCHMARKS = (
    ("A training step", "training_step", (), BACKENDS[:1]),
    ("Over a hand-written loop", "step_overhead", (), BACKENDS),
    ("Growing batches", "scaling", (), BACKENDS),
    ("The input pipeline", "pipeline", (), BACKENDS[:1]),
    ("Evaluation", "evaluation", (), BACKENDS[:1]),
    ("Serving", "serving", (), BACKENDS[:1]),
)


def run(module: str, arguments: tuple, backend: str) -> str:
    """Returns what a benchmark prints."""
    print(f"{module} on {backend}", flush=True)
    process = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        capture_output=True,
        text=True,
        env=os.environ
        | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    if process.returncode:
        raise SystemExit(f"{module} failed:\n{process.stderr[-4000:]}")
    return process.stdout.strip()


def section(title, module, arguments, backends) -> str:
    """Returns the text of one benchmark on all its backends."""
    doc = (RESULTS.parent / f"{module}.py").read_text(encoding="utf-8")
    about = doc.split('"""')[1].strip()
    outputs = [run(module, arguments, backend) for backend in backends]
    return f"## {title}\n\n{about}\n\n" + "\n\n".join(outputs)


def main() -> None:
    """Writes the results of every benchmark."""
    head = (
        "# Measured\n\nWritten by `make bench` on "
        f"{datetime.date.today().isoformat()}. {describe()}\n\nTimes are of "
        "a shared machine: compare within a table, by the ratios."
    )
    sections = []
    for benchmark in BENCHMARKS:
        sections.append(section(*benchmark))
        # What has been measured outlasts what fails after it.
        text = "\n\n".join([head, *sections, ""])
        RESULTS.write_text(text, encoding="utf-8")
    print(f"Written to {RESULTS}.")


if __name__ == "__main__":
    main()

"""What a benchmark ran on, and what that machine can do."""

import functools
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

from recipes.common.light import without_keras

with without_keras():
    from keras_gans.cli.machine import cores, memory, processor
    from keras_gans.cli.machine import peak_memory as peak_memory

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy")


def describe() -> str:
    """Returns processor, cores, memory, system and library versions."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in PACKAGES
    )
    return (
        f"{processor()}, {cores():g} cores, "
        f"{memory() / 2**30:.0f} GiB; {platform.system()}, Python "
        f"{platform.python_version()}; {versions}."
    )


def seconds(function: Callable, *arguments: object) -> float:
    """Returns how long a call takes."""
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def ratios(
    times: Iterable[float], others: Iterable[float]
) -> tuple[float, float, float]:
    """Returns times over those of the same turns: median, least, greatest."""
    turns = zip(times, others, strict=True)
    found = [time / other for time, other in turns]
    return statistics.median(found), min(found), max(found)


def output_of(*arguments: str, backend: str = "tensorflow") -> str:
    """Returns what a Python process of its own prints.

    Raises:
        RuntimeError: If it fails; the message ends with the process's.
    """
    process = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        env=os.environ
        | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    if process.returncode:
        raise RuntimeError(f"{arguments} failed:\n{process.stderr[-4000:]}")
    return process.stdout.strip()


def matrix_product_rate(
    precision: str = "float32", backend: str = "tensorflow"
) -> float:
    """Returns the operations a second of the best matrix product.

    Of the backends TensorFlow has the fastest on CPUs; on other devices it is
    the backend's own. Any may be running here, so it is measured in a process
    of its own.
    """
    if device_of(backend) == "cpu":
        backend = "tensorflow"
    arguments = ("-m", "benchmarks.device", precision)
    return float(output_of(*arguments, backend=backend))


@functools.cache
def device_of(backend: str) -> str:
    """Returns the name of the device that a backend computes on."""
    return output_of("-m", "benchmarks.device", backend=backend)


def table(header: Iterable[str], rows: Iterable[Iterable]) -> str:
    """Returns a Markdown table of texts and numbers."""
    header = tuple(header)
    return "\n".join(map(line, [header, ("---",) * len(header), *rows]))


def line(cells: Iterable) -> str:
    """Returns a row of such a table."""
    return f"| {' | '.join(map(str, cells))} |"


def mebibytes(memory: int) -> str:
    """Returns a number of bytes in MiB, whole."""
    return f"{memory / 2**20:.0f}"

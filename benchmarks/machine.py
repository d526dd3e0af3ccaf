"""What a benchmark ran on, and what that machine can do."""

import importlib.metadata
import os
import pathlib
import platform
import subprocess
import sys
import time

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy")


def describe() -> str:
    """Returns processor, cores, memory, system and library versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in PACKAGES
    )
    return (
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores, "
        f"{memory:.0f} GiB; {platform.system()}, Python "
        f"{platform.python_version()}; {versions}."
    )


def _processor() -> str:
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def peak_memory() -> int:
    """Returns the most memory that this process has held so far, in bytes."""
    status = pathlib.Path("/proc/self/status").read_text().split()
    return 1024 * int(status[status.index("VmHWM:") + 1])


def matrix_product_rate(precision: str = "float32") -> float:
    """Returns the operations a second of TensorFlow's best matrix product.

    Of the backends it has the fastest on CPUs; any may be running here, so it
    is measured in a process of its own.
    """
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.machine", precision],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"KERAS_BACKEND": "tensorflow"},
        check=True,
    )
    return float(process.stdout)


def _best_product(precision):
    from keras import ops

    size = 2048
    matrix = ops.ones((size, size), precision.removeprefix("mixed_"))
    best = 0.0
    for _ in range(50):
        start = time.perf_counter()
        product = ops.matmul(matrix, matrix)
        # Some backends answer before they have computed.
        float(ops.cast(product[0, 0], "float32"))
        best = max(best, 2 * size**3 / (time.perf_counter() - start))
    return best


def table(header: tuple[str, ...], rows: list[tuple]) -> str:
    """Returns a Markdown table of texts and numbers."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


if __name__ == "__main__":
    print(_best_product(sys.argv[1]))

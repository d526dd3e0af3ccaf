"""What a benchmark ran on."""

import importlib.metadata
import os
import pathlib
import platform

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


def table(header: tuple[str, ...], rows: list[tuple]) -> str:
    """Returns a Markdown table of texts and numbers."""
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)

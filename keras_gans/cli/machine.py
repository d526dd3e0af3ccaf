"""What this machine is; needs no Keras."""

import dataclasses
import os
import pathlib
import platform
import shutil

from keras_gans import environment

# What Linux calls the instructions that matter here, by their usual names.
INSTRUCTIONS = {
    "AVX2": "avx2",
    "AVX-512": "avx512f",
    "AVX-512 bfloat16": "avx512_bf16",
    "AMX bfloat16": "amx_bf16",
}
_CGROUP = pathlib.Path("/sys/fs/cgroup")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine, as far as training depends on it.

    Attributes:
        processor: Its name.
        cores: Cores that this process may use, at most its quota of time.
        instructions: Those of `INSTRUCTIONS` that it has; None if unknown.
        memory: Bytes that this process may use; None if unknown.
        free_memory: Bytes of it that are free; None if unknown.
        disk: Folder where runs are written.
        free_disk: Bytes that are free there.
        system: Operating system.
        python: Version.
        nvidia: Names of NVIDIA GPUs, whether or not anything can use them.
    """

    processor: str
    cores: float
    instructions: tuple[str, ...] | None
    memory: int | None
    free_memory: int | None
    disk: str
    free_disk: int
    system: str
    python: str
    nvidia: tuple[str, ...]


def this_machine() -> Machine:
    """Returns the machine that this process runs on."""
    flags = environment.processor_flags()
    here = pathlib.Path.cwd()
    return Machine(
        processor=processor(),
        cores=cores(),
        instructions=tuple(
            n for n, flag in INSTRUCTIONS.items() if flag in flags
        )
        if flags
        else None,
        memory=memory(),
        free_memory=free_memory(),
        disk=str(here),
        free_disk=shutil.disk_usage(here).free,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        nvidia=nvidia_gpus(),
    )


def processor() -> str:
    """Returns the name of the processor."""
    for line in (_read(environment.CPU_INFO) or "").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def cores() -> float:
    """Returns the cores this process may use, a fraction under a quota."""
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    quota, _, period = (_read(_CGROUP / "cpu.max") or "max").partition(" ")
    if quota == "max":
        quota = _read(_CGROUP / "cpu/cpu.cfs_quota_us") or "-1"
        period = _read(_CGROUP / "cpu/cpu.cfs_period_us") or "100000"
    share = int(quota) / int(period or 100_000)
    return share if 0 < share < allowed else allowed


def memory() -> int | None:
    """Returns the bytes of memory there are, within the group's limit."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None
    return min(total, _memory_limit() or total)


def free_memory() -> int | None:
    """Returns the bytes that more processes could use; None if unknown."""
    for line in (_read(pathlib.Path("/proc/meminfo")) or "").splitlines():
        if line.startswith("MemAvailable:"):
            free, limit = 1024 * int(line.split()[1]), _memory_limit()
            if limit is None:
                return free
            return max(0, min(free, limit - _memory_used()))
    return None


def _memory_limit():
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        limit = _read(_CGROUP / name)
        if limit and limit != "max":
            return int(limit)
    return None


def _memory_used():
    for name in ("memory.current", "memory/memory.usage_in_bytes"):
        if used := _read(_CGROUP / name):
            return int(used)
    return 0


def nvidia_gpus() -> tuple[str, ...]:
    """Returns the names of NVIDIA GPUs that the driver of Linux knows."""
    names = []
    folder = pathlib.Path("/proc/driver/nvidia/gpus")
    for path in sorted(folder.glob("*/information")):
        for line in (_read(path) or "").splitlines():
            key, _, value = line.partition(":")
            if key == "Model":
                names.append(value.strip())
    if names:
        return tuple(names)
    devices = sorted(pathlib.Path("/dev").glob("nvidia[0-9]*"))
    return tuple(device.name for device in devices)


def peak_memory() -> int:
    """Returns the most memory this process has held so far, in bytes."""
    status = (_read(pathlib.Path("/proc/self/status")) or "").split()
    if "VmHWM:" in status:
        return 1024 * int(status[status.index("VmHWM:") + 1])
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # KiB, but for macOS.
    return peak if platform.system() == "Darwin" else 1024 * peak


def _read(path):
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None

"""How the C library hands out memory on Linux."""

import ctypes
import functools
import os
import sys

# Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8
_PAD = 2**28


@functools.cache
def keep_freed_memory() -> None:
    """Lets large blocks that were freed serve the next ones.

    By default glibc asks the kernel for every block of over 32 MiB anew and
    gives it back at once. The kernel then clears each page at its first
    touch, which takes several times as long as an activation function on it:
    with PyTorch on two cores, a step of SNGAN at 32 pixels took 1.8 times as
    long. It holds for the whole process: training on PyTorch and JAX without a
    GPU starts by it, and nothing else does it. Settings in the environment, as
    MALLOC_MMAP_MAX_, come first: with any, as MALLOC_ARENA_MAX=8, it is off.
    """
    _set({_MMAP_MAX: 0, _TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: _PAD})


@functools.cache
def share_one_heap() -> None:
    """Lets threads that start from now on allocate from the first heap.

    glibc gives threads heaps of their own, and those back to the kernel that
    are empty: `keep_freed_memory` does not reach them. Without it, on one
    thread of an AMD EPYC, JAX's step of SNGAN at 32 pixels took 1.36 times as
    long, and the quickstart's 1.42 times.
    Settings in the environment come first here too.
    """
    _set({_ARENA_MAX: 1})


def _set(parameters: dict[int, int]) -> None:
    chosen = any(
        name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ
    )
    if chosen or sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # Another C library.
        return
    for parameter, value in parameters.items():
        mallopt(parameter, value)

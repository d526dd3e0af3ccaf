"""What importing the package does to the process."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
# glibc counts the blocks that it asked the kernel for one by one.
PROGRAM = """
import ctypes
import numpy as np

class Information(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "abcdefghij"]

libc = ctypes.CDLL("libc.so.6")
libc.mallinfo2.restype = Information
libc.malloc.restype = ctypes.c_void_p

def mapped():
    before = libc.mallinfo2().d
    libc.malloc(ctypes.c_size_t(2**26))
    return libc.mallinfo2().d - before

from tests.callbacks.tiny import fit, tiny_gan
gan = tiny_gan()
gan.predict(np.zeros((2, 3), "float32"), verbose=0)
before = mapped()
fit(gan, 1, [])
print(before, mapped())
"""


@pytest.mark.once
@pytest.mark.parametrize(
    ("backend", "chosen", "expected"),
    [
        ("torch", {}, "1 0"),
        ("jax", {}, "1 0"),
        ("torch", {"MALLOC_ARENA_MAX": "8"}, "1 1"),
    ],
)
def test_memory_is_kept_from_the_first_training_step_on(
    backend, chosen, expected
):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))
    }
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment | {"KERAS_BACKEND": backend} | chosen,
    )
    assert result.stdout.split("\n")[-2] == expected

"""What the environment must say before a backend is imported; needs no Keras.

Backends read these variables once, while they are imported, and leave off by
themselves what pays on ordinary processors. Whatever the user has set stays.
"""

import functools
import json
import os
import pathlib
import platform
import sys
import warnings
from typing import NamedTuple

BACKENDS = ("tensorflow", "jax", "torch")
ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
CPU_INFO = pathlib.Path("/proc/cpuinfo")
# With one of these TensorFlow for Linux turns oneDNN on by itself.
ONEDNN_FLAGS = frozenset(
    {
        "avx512_vnni",
        "avx512_bf16",
        "avx_vnni",
        "amx_tile",
        "amx_int8",
        "amx_bf16",
    }
)


class Setting(NamedTuple):
    """A variable of the environment, its value, the machines, the reason."""

    name: str
    value: str
    machines: tuple[str, ...]
    why: str


X86 = ("x86_64", "AMD64")
SETTINGS = (
    Setting(ONEDNN, "1", X86, "convolutions by oneDNN, AVX2 suffices for it"),
)


@functools.cache
def prepare() -> None:
    """Sets the variables of `SETTINGS` that the user has not set.

    Comes before TensorFlow, JAX, PyTorch and Keras are imported; processes
    that are started later inherit the variables. Calls after the first do
    nothing.

    Warns:
        UserWarning: When TensorFlow, which Keras uses, was imported before,
            and has left oneDNN off because nobody had set the variable.
    """
    too_late = onednn_is_left_off()
    for name, value, machines, _ in SETTINGS:
        if platform.machine() in machines:
            os.environ.setdefault(name, value)
    if too_late:
        warnings.warn(
            "TensorFlow was imported before keras_gans and leaves oneDNN off "
            "on this processor, with which training is up to twice as fast. "
            "Import keras_gans before keras and tensorflow, or set "
            f"{ONEDNN}=1 before Python starts; {ONEDNN}=0 keeps it off "
            "without this warning.",
            stacklevel=3,
        )


def onednn_is_left_off() -> bool:
    """Returns whether TensorFlow was imported without oneDNN, by nobody's wish.

    False on backends other than tensorflow. TensorFlow has no public function
    that tells; this is its rule: the variable, or else the processor.
    """
    return (
        "tensorflow" in sys.modules
        and configured_backend() == "tensorflow"
        and not os.environ.get(ONEDNN)
        and sys.platform == "linux"
        and platform.machine() in X86
        and not ONEDNN_FLAGS & processor_flags()
    )


def processor_flags() -> frozenset[str]:
    """Returns what the processor can do, as Linux names it; empty elsewhere."""
    try:
        lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return frozenset(value.split())
    return frozenset()


def configured_backend() -> str:
    """Returns the backend that Keras takes, known before it is imported.

    That is KERAS_BACKEND, or else what keras.json in KERAS_HOME (~/.keras)
    says, or else tensorflow. It may be one that does not exist.
    """
    backend = os.environ.get("KERAS_BACKEND")
    if backend:
        return backend
    home = pathlib.Path(os.environ.get("KERAS_HOME") or "~/.keras")
    try:
        settings = json.loads((home.expanduser() / "keras.json").read_text())
        return str(settings["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return BACKENDS[0]

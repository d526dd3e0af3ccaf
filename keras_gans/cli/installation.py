"""What is installed here; needs no Keras."""

import concurrent.futures
import dataclasses
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable, Mapping

from keras_gans.environment import BACKENDS

# Versions of the backends that tests run on and nothing requires.
TESTED = {"jax": "0.10.2", "torch": "2.13.0"}
_ROOT = pathlib.Path(__file__).parents[2]
# What a process prints of a backend: {"devices": [...]}, GPUs and TPUs.
_DEVICES = {
    "tensorflow": """
import tensorflow
devices = [
    tensorflow.config.experimental.get_device_details(device).get(
        "device_name", device.name
    )
    for kind in ("GPU", "TPU")
    for device in tensorflow.config.list_physical_devices(kind)
]
""",
    "jax": """
import jax
devices = [d.device_kind for d in jax.devices() if d.platform != "cpu"]
""",
    "torch": """
import torch
devices = [
    torch.cuda.get_device_name(number)
    for number in range(torch.cuda.device_count())
]
""",
}
_PROBE = """
import json, keras
{devices}
print(json.dumps({{"devices": devices}}), flush=True)
"""
# A first import reads some GB from the disk.
_PATIENCE = 300


@dataclasses.dataclass(frozen=True, kw_only=True)
class Backend:
    """A backend of Keras on this machine.

    Attributes:
        name: Its name.
        version: What is installed; None for nothing.
        devices: GPUs and TPUs that it sees.
        error: Last line of what it says when it is imported; None if it can
            be.
    """

    name: str
    version: str | None
    devices: tuple[str, ...] = ()
    error: str | None = None

    @property
    def works(self) -> bool:
        """Whether one can train on it."""
        return self.version is not None and self.error is None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Installation:
    """Packages and backends.

    Attributes:
        packages: By name of a required package, the version that is
            installed, None for nothing, and the required one.
        backends: By name.
    """

    packages: Mapping[str, tuple[str | None, str]]
    backends: Mapping[str, Backend]


def this_installation(
    probe: Callable[[str], Backend] | None = None,
) -> Installation:
    """Returns what is installed for this interpreter.

    Args:
        probe: Function from a backend's name to what it is here; by default
            a process for each one imports it.
    """
    with concurrent.futures.ThreadPoolExecutor(len(BACKENDS)) as pool:
        backends = list(pool.map(probe or probed, BACKENDS))
    return Installation(
        packages={
            name: (version_of(name), required)
            for name, required in required_versions().items()
        },
        backends={backend.name: backend for backend in backends},
    )


def probed(name: str) -> Backend:
    """Imports a backend, and Keras on it, in a process of its own."""
    if importlib.util.find_spec(name) is None:
        return Backend(name=name, version=None)
    version = version_of(name) or "unknown"
    code = _PROBE.format(devices=_DEVICES[name])
    try:
        process = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
            env=os.environ
            | {"KERAS_BACKEND": name, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
    except subprocess.TimeoutExpired:
        error = f"the import did not end within {_PATIENCE} seconds"
        return Backend(name=name, version=version, error=error)
    if process.returncode:
        error = last_line(process.stderr) or f"status {process.returncode}"
        return Backend(name=name, version=version, error=error)
    devices = tuple(json.loads(last_line(process.stdout))["devices"])
    return Backend(name=name, version=version, devices=devices)


def last_line(text: str) -> str:
    """Returns the last line that says anything."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def version_of(name: str) -> str | None:
    """Returns the installed version of a distribution, None for none.

    CPU builds of torch call themselves 2.13.0+cpu: the rest is left out.
    """
    try:
        return importlib.metadata.version(name).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None


def required_versions() -> dict[str, str]:
    """Returns the pinned version of each required package.

    They are in the metadata of the installed library, or in the
    requirements.txt of a checkout.
    """
    file = _ROOT / "requirements.txt"
    if file.exists():
        lines = file.read_text(encoding="utf-8").splitlines()
    else:
        try:
            lines = importlib.metadata.requires("keras-gans") or []
        except importlib.metadata.PackageNotFoundError:
            lines = []
    pins = (re.match(r"([\w.-]+)==([\w.]+)$", line.strip()) for line in lines)
    return dict(pin.groups() for pin in pins if pin)


def notes(installation: Installation) -> list[str]:
    """Returns what is worth knowing, and not wrong."""
    found = []
    for name, tested in TESTED.items():
        version = installation.backends[name].version
        if version is None:
            found.append(
                f"{name} is not installed: pip install {name}=={tested} adds "
                "it."
            )
        elif version not in (tested, "unknown"):
            found.append(f"{name} is {version}; tests run on {tested}.")
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        if os.environ.get(name):
            found.append(f"{name}={os.environ[name]} limits the threads.")
    return found


def keras_settings() -> tuple[pathlib.Path, dict]:
    """Returns the path of keras.json, and what it says if it can be read."""
    home = pathlib.Path(os.environ.get("KERAS_HOME") or "~/.keras")
    path = home.expanduser() / "keras.json"
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return path, {}
    return path, settings if isinstance(settings, dict) else {}

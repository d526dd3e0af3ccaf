"""What is installed here, and what is wrong with it; needs no Keras."""

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

from keras_gans.cli.machine import Machine

BACKENDS = ("tensorflow", "jax", "torch")
# Versions of the backends that tests run on and nothing requires.
TESTED = {"jax": "0.10.2", "torch": "2.13.0"}
# Checkpoints and exports of a run of minutes take some 50 MB.
LEAST_DISK = 2**30
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


def problems(installation: Installation, machine: Machine) -> list[str]:
    """Returns what is wrong, each with what to do about it."""
    return [
        *_wrong_packages(installation),
        *_broken_backends(installation),
        *_unseen_gpus(installation, machine),
        *_wrong_settings(installation),
        *_wrong_places(machine),
    ]


def _wrong_packages(installation):
    for name, (version, required) in installation.packages.items():
        if version == required:
            continue
        what = "is not installed" if version is None else f"is {version}"
        yield (
            f"{name} {what}, and {required} is required: pip install "
            f"{name}=={required}"
        )


def _broken_backends(installation):
    for backend in installation.backends.values():
        if backend.error is not None:
            yield (
                f"{backend.name} {backend.version} cannot be imported "
                f"({backend.error}): reinstall it, with pip install "
                f"--force-reinstall {_pinned(backend.name, installation)}"
            )


def _pinned(name, installation):
    _, required = installation.packages.get(name, (None, TESTED.get(name)))
    return f"{name}=={required}" if required else name


def _unseen_gpus(installation, machine):
    if not machine.nvidia:
        return
    for backend in installation.backends.values():
        if backend.works and not backend.devices:
            yield (
                f"{backend.name} does not see the GPU ({machine.nvidia[0]}): "
                "pip install -r requirements-gpu.txt, and look whether "
                "CUDA_VISIBLE_DEVICES or JAX_PLATFORMS hides it"
            )


def _wrong_settings(installation):
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        yield (
            "TF_ENABLE_ONEDNN_OPTS=0 switches off TensorFlow's fast "
            "convolutions: unset TF_ENABLE_ONEDNN_OPTS"
        )
    path, settings = keras_settings()
    chosen = os.environ.get("KERAS_BACKEND") or settings.get(
        "backend", BACKENDS[0]
    )
    where = "KERAS_BACKEND" if os.environ.get("KERAS_BACKEND") else path
    if chosen not in BACKENDS:
        yield (
            f"{where} names the backend {chosen}, and there are "
            f"{', '.join(BACKENDS)}: export KERAS_BACKEND=tensorflow"
        )
    elif not installation.backends[chosen].works:
        working = [b.name for b in installation.backends.values() if b.works]
        yield (
            f"Keras takes the backend {chosen} ({where}), which does not work "
            "here: "
            + (
                f"export KERAS_BACKEND={working[0]}"
                if working
                else f"pip install {_pinned(chosen, installation)}"
            )
        )
    for name, wanted in (
        ("floatx", "float32"),
        ("image_data_format", "channels_last"),
    ):
        if settings.get(name, wanted) != wanted:
            yield (
                f"{path} sets {name} to {settings[name]}, and keras_gans "
                f'needs {wanted}: write "{name}": "{wanted}" there'
            )


def keras_settings() -> tuple[pathlib.Path, dict]:
    """Returns the path of keras.json, and what it says if it can be read."""
    home = pathlib.Path(os.environ.get("KERAS_HOME") or "~/.keras")
    path = home.expanduser() / "keras.json"
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return path, {}
    return path, settings if isinstance(settings, dict) else {}


def _wrong_places(machine):
    if not os.access(machine.disk, os.W_OK):
        yield (
            f"Runs are written to {machine.disk}, which this user may not "
            "write to: cd elsewhere, or give recipes --run_dir and --export_dir"
        )
    elif machine.free_disk < LEAST_DISK:
        yield (
            f"{machine.free_disk / 2**20:,.0f} MiB are free in {machine.disk}, "
            "where runs are written: make room, or give recipes --run_dir and "
            "--export_dir"
        )
    if importlib.util.find_spec("recipes") is None:
        yield (
            "The recipes are not found: install keras-gans, or go to the "
            "folder of its checkout"
        )

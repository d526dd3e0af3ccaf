"""What is wrong with an installation, and what to do; needs no Keras."""

import importlib.util
import os

from keras_gans.cli.installation import TESTED, Installation, keras_settings
from keras_gans.cli.machine import Machine
from keras_gans.environment import BACKENDS, ONEDNN, configured_backend

# Checkpoints and exports of a run of minutes take some 50 MB.
LEAST_DISK = 2**30


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
    if os.environ.get(ONEDNN) == "0":
        yield (
            f"{ONEDNN}=0 switches off TensorFlow's fast convolutions: unset "
            f"{ONEDNN}"
        )
    path, settings = keras_settings()
    chosen = configured_backend()
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

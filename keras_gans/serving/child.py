"""Exports in a process of its own, where Keras runs on TensorFlow.

Keras on JAX or torch cannot write a SavedModel: such a generator goes through
a `.keras` file into a child process that can.
"""

import dataclasses
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import keras

from keras_gans.serving.saved_model import write_saved_model
from keras_gans.serving.signatures import Form

FOUND_WITHOUT_IMPORT = {"keras", "builtins"}


def write_in_child(
    generator: keras.Model, path: str | os.PathLike, form: Form
) -> dict:
    """Does `write_saved_model` in a child process on the TensorFlow backend.

    The generator may be on any backend.

    Raises:
        ValueError: What `write_saved_model` raises, or that a custom layer's
            module cannot be imported in another process.
        RuntimeError: If the child fails otherwise, with the end of its log.
    """
    with tempfile.TemporaryDirectory(prefix="keras-gans-export-") as name:
        folder = pathlib.Path(name)
        request = {
            "generator": str(folder / "generator.keras"),
            "path": str(pathlib.Path(path).resolve()),
            "form": dataclasses.asdict(form),
            "modules": _modules_of(generator),
            "reply": str(folder / "reply.json"),
        }
        generator.save(request["generator"])
        text = json.dumps(request)
        finished = subprocess.run(
            [sys.executable, "-m", "keras_gans.serving.child", text],
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        reply_file = pathlib.Path(request["reply"])
        if not reply_file.exists():
            raise RuntimeError(
                "The child process that exports on the TensorFlow backend "
                f"failed with exit code {finished.returncode}. The end of its "
                f"log:\n{finished.stdout[-4000:]}"
            )
        reply = json.loads(reply_file.read_text())
    if "error" in reply:
        raise ValueError(reply["error"])
    return reply


def _modules_of(generator: keras.Model) -> list[str]:
    """Returns the modules that define the classes a model is made of."""
    found, pending = set(), [keras.saving.serialize_keras_object(generator)]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if "class_name" in item and isinstance(item.get("module"), str):
                found.add(item["module"])
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            pending.extend(item)
    return sorted(
        module
        for module in found
        if module.split(".")[0] not in FOUND_WITHOUT_IMPORT
    )


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    # These would make the child a worker of a cluster, or hand TensorFlow
    # flags that only another backend's compiler knows.
    for name in ("TF_CONFIG", "XLA_FLAGS"):
        environment.pop(name, None)
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    package_root = str(pathlib.Path(__file__).resolve().parents[2])
    return environment | {
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONPATH": os.pathsep.join(
            [package_root, *(os.path.abspath(entry) for entry in sys.path)]
        ),
    }


def _import_modules(names: list[str]) -> None:
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ValueError(
                "Every layer of the generator must be defined in a module "
                "that another process can import, for a model that is trained "
                "on JAX or torch is exported in one. Received: a layer of "
                f"{name!r} ({error}). Move the layer to an importable module."
            ) from error


def main(text: str) -> None:
    """Carries out one request of `write_in_child`, which is JSON."""
    request = json.loads(text)
    try:
        _import_modules(request["modules"])
        generator = keras.models.load_model(request["generator"], compile=False)
        form = Form(**request["form"])
        reply = write_saved_model(generator, request["path"], form)
    except ValueError as error:
        reply = {"error": str(error)}
    pathlib.Path(request["reply"]).write_text(json.dumps(reply))


if __name__ == "__main__":
    main(sys.argv[1])

"""Reads what `export_generator` wrote."""

import json
import os
import pathlib

import numpy as np

from keras_gans.data.runtime import tf


class ExportedGenerator:
    """A generator of images read from an export, on TensorFlow.

    Args:
        path: A version of an export, or the directory of its versions, of
            which the newest is taken.

    Call arguments:
        latents: `(count, latent_dim)`.
        labels: Integers `(count,)`; only for a model with classes.

    Returns:
        uint8 images `(count, height, width, channels)`.

    Attributes:
        path: The version.
        manifest: What is in its `manifest.json`.
        latent_dim: Length of one latent vector.
        num_classes: Number of classes, 0 for a model without labels.
        image_shape: Height, width and channels of an image.

    Raises:
        FileNotFoundError: There is no export at `path`.
        ValueError: It makes no images, or is damaged.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = newest_version(pathlib.Path(path))
        self.manifest = _read_manifest(self.path)
        try:
            self._model = tf.saved_model.load(os.fspath(self.path))
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise ValueError(
                "An export must be a complete SavedModel. Received: "
                f"{self.path}, which cannot be loaded: "
                f"{str(error).splitlines()[0]} Export it again."
            ) from error
        self.latent_dim = self.manifest["latent_dim"]
        self.num_classes = self.manifest["num_classes"]
        self.image_shape = tuple(self.manifest["image_shape"])

    def __call__(
        self, latents: np.ndarray, labels: np.ndarray | None = None
    ) -> np.ndarray:
        inputs = {"latents": tf.constant(latents, tf.float32)}
        if self.num_classes:
            inputs["labels"] = tf.constant(labels, tf.int32)
        return self._model.serving_default(**inputs)["images"].numpy()


def is_export(path: str | os.PathLike) -> bool:
    """Returns whether a directory is an export or holds versions of one."""
    path = pathlib.Path(path)
    return (path / "saved_model.pb").is_file() or bool(_versions(path))


def _versions(path):
    """Returns the versions in a directory, the newest last."""
    found = (saved.parent for saved in path.glob("*/saved_model.pb"))
    numbered = [version for version in found if version.name.isdecimal()]
    return sorted(numbered, key=lambda version: int(version.name))


def newest_version(path: pathlib.Path) -> pathlib.Path:
    """Returns a version of an export, of the directory of some the newest.

    Raises:
        FileNotFoundError: There is no export at `path`.
    """
    if (path / "saved_model.pb").is_file():
        return path
    versions = _versions(path)
    if not versions:
        raise FileNotFoundError(
            "An export is a directory with a saved_model.pb, or one of "
            f"numbered versions. Received: {path}, which is neither."
        )
    return versions[-1]


def _read_manifest(path):
    file = path / "manifest.json"
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        outputs = manifest["outputs"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            "An export has a manifest.json beside its saved_model.pb. "
            f"Received: {path}, where it is missing or damaged ({error}). "
            "Export the generator with `export_generator`."
        ) from error
    if outputs != "images":
        raise ValueError(
            f"The export must make images. Received: {path}, which makes "
            f"{outputs}."
        )
    return manifest

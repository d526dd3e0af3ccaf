"""Where the weights of a trained model may lie, and how they are read."""

import dataclasses
import io
import os
import pathlib
import re
import warnings
import zipfile
from collections.abc import Mapping, Sequence

import h5py
import numpy as np

from keras_gans.callbacks.checkpoint import saved_weights
from keras_gans.data.runtime import tf
from keras_gans.serving.load import is_export, newest_version
from keras_gans.transfer.arrays import Place, check_finite, read_arrays

# The networks of a `GAN`, as it names them.
GENERATOR, AVERAGED = "generator", "averaged_generator"
DISCRIMINATOR = "discriminator"
NETWORKS = (GENERATOR, AVERAGED, DISCRIMINATOR)
FORMS = (
    "a run's directory or one of its checkpoints, a .keras file of a generator "
    "or of a whole GAN, a .weights.h5 file of a GAN, or an exported generator"
)
_EXPORTED = re.compile(r"weights/(\d+)/\.ATTRIBUTES/VARIABLE_VALUE")
_DAMAGED = (OSError, KeyError, RuntimeError, ValueError, zipfile.BadZipFile)


@dataclasses.dataclass(frozen=True)
class Source:
    """Weights of a trained model.

    Attributes:
        path: The file, or the folder of an export, that has them.
        networks: Arrays by network, some of `NETWORKS`. Those of an exported
            generator have no names and are a sequence, in its order.
    """

    path: pathlib.Path
    networks: Mapping[str, Mapping[Place, np.ndarray] | Sequence[np.ndarray]]


def read_source(model: str | os.PathLike) -> Source:
    """Reads the weights of a trained model, in one of these forms.

    - The directory of a run: its last checkpoint, which has both players and
      the averaged generator; without any, best.keras, then final.keras.
    - A checkpoint of a run, as `RUN_DIR/checkpoints/step_00001000`.
    - A `.keras` file: of a generator, as `RUN_DIR/best.keras`, or by
      `gan.save` of a whole model.
    - A file by `gan.save_weights`, `.weights.h5`.
    - An exported generator: a version, or the directory of its versions.

    Raises:
        FileNotFoundError: When there is nothing at `model`, or a run without
            anything to read.
        ValueError: When it is none of these, or damaged.
    """
    path = pathlib.Path(model).expanduser()
    if not path.exists():
        raise FileNotFoundError(
            f"A model to start from is {FORMS}. Received: {path}, where there "
            "is nothing. Check the path."
        )
    if path.is_file():
        return _of_file(path)
    if is_export(path):
        return _of_export(newest_version(path))
    return _of_run(path)


def _of_run(path):
    # It may be one of the checkpoints itself.
    files = [file for file in saved_weights(path.parent) if file.parent == path]
    if not files:
        files = saved_weights(path / "checkpoints")
        files += [path / name for name in ("best.keras", "final.keras")]
    failures = []
    for file in filter(pathlib.Path.is_file, files):
        try:
            source = _of_file(file)
        except ValueError as error:
            failures.append(str(error))
            continue
        for failure in failures:
            warnings.warn(f"Another file is used: {failure}", stacklevel=4)
        return source
    if failures:
        raise ValueError(failures[0])
    if (path / "config.json").is_file():
        raise FileNotFoundError(
            f"The run in {path} has no checkpoint yet to start from. Let it "
            "train on, or name another model."
        )
    raise ValueError(
        f"A model to start from is {FORMS}. Received: {path}, a directory "
        "without any of these."
    )


def _of_file(path):
    try:
        with _opened(path) as file:
            networks = _networks(file)
            found = {name: read_arrays(networks[name]) for name in networks}
    except _DAMAGED as error:
        raise ValueError(
            f"A model to start from is {FORMS}. Received: {path}, which is "
            f"damaged or something else: {error}. Name another file."
        ) from error
    return Source(path, found)


def _opened(path):
    """Returns the HDF5 file of weights, which a .keras file contains."""
    if not zipfile.is_zipfile(path):
        return h5py.File(path, "r")
    with zipfile.ZipFile(path) as archive:
        return h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r")


def _networks(file):
    """Returns the groups of networks in a file of a GAN or a generator."""
    found = {
        name: file[name]
        for name in NETWORKS
        if name in file and "layers" in file[name]
    }
    if not found and "layers" in file:
        found = {GENERATOR: file}
    if not found:
        raise ValueError("it holds the weights of no generator")
    return found


def _of_export(path):
    try:
        prefix = os.fspath(path / "variables" / "variables")
        reader = tf.train.load_checkpoint(prefix)
        keys = filter(_EXPORTED.fullmatch, reader.get_variable_to_shape_map())
        keys = sorted(keys, key=lambda key: int(key.split("/")[1]))
        arrays = [reader.get_tensor(key) for key in keys]
        for index, array in enumerate(arrays):
            check_finite(array, f"of array {index}")
    except (OSError, ValueError, tf.errors.OpError) as error:
        raise ValueError(
            "An exported generator must be a complete SavedModel. Received: "
            f"{path}, whose weights cannot be read: "
            f"{str(error).splitlines()[0]}. Name another model."
        ) from error
    return Source(path, {GENERATOR: arrays})

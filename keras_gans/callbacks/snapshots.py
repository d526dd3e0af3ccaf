"""Files of power-function averages, of which others are made after training.

A folder of snapshots holds `generator.json`, the network without its weights,
and for each moment `step_00001000.npz` with

    step       training steps that the averages are of
    lengths    their relative lengths, float64 (K,)
    values     all weights one after the other, float16 (K, P)
    exponents  of each weight, int16 (K, n): its values are those of the file
               times 2^exponent, which has the largest in [2^14, 2^15)

Half precision then loses a share of 2^-12 of a value at most, but for values
that are 2^-28 of the largest of their weight, or less.
"""

import dataclasses
import json
import os
import pathlib
import zipfile
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_gans import files

_PREFIX = "step_"
_NETWORK = "generator.json"
# Where the mantissa of a weight's largest value, in [1/2, 1), is moved.
_SHIFT = 15


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A file of averages.

    Attributes:
        path: Of the file.
        step: Training steps that they are of.
        lengths: Their relative lengths.
    """

    path: pathlib.Path
    step: int
    lengths: tuple[float, ...]

    def values(self, sizes: Sequence[int]) -> np.ndarray:
        """Returns the averages, all weights in a row, float32 (K, P).

        Args:
            sizes: Of each weight of the network.

        Raises:
            ValueError: If the file is damaged, is of another network, or has
                values that are not finite.
        """
        arrays = _read(self.path, "values", "exponents")
        values = arrays["values"].astype("float32")
        shape = (len(self.lengths), sum(sizes))
        if values.shape != shape or arrays["exponents"].shape[1] != len(sizes):
            raise ValueError(
                f"Snapshots must be of the network in {_NETWORK} beside them. "
                f"Received: {self.path} with values of shape {values.shape}, "
                f"where {shape} are expected."
            )
        scales = np.repeat(arrays["exponents"], sizes, axis=1)
        values = np.ldexp(values, scales)
        if not np.isfinite(values).all():
            raise ValueError(
                f"Averages must be finite. Received: {self.path}, where some "
                "are not: training has diverged before. Give an earlier --step."
            )
        return values


def write_snapshot(
    path: str | os.PathLike,
    step: int,
    lengths: Sequence[float],
    averages: Sequence[Sequence[np.ndarray]],
) -> None:
    """Writes averages to a file, whole or not at all.

    Args:
        path: Of the file.
        step: Training steps that they are of.
        lengths: Their relative lengths.
        averages: For each, all weights.
    """
    exponents = [[_exponent(weight) for weight in row] for row in averages]
    values = [
        np.concatenate(
            [
                np.ldexp(np.ravel(weight), -power)
                for weight, power in zip(row, powers, strict=True)
            ]
        )
        for row, powers in zip(averages, exponents, strict=True)
    ]
    with files.replacing(path) as temporary, np.errstate(all="ignore"):
        np.savez(
            temporary,
            step=step,
            lengths=np.array(lengths, "float64"),
            values=np.array(values).astype("float16"),
            exponents=np.array(exponents, "int16"),
        )


def _exponent(weight):
    largest = np.abs(weight).max(initial=0.0)
    return int(np.frexp(largest)[1]) - _SHIFT if np.isfinite(largest) else 0


def snapshot_path(directory: str | os.PathLike, step: int) -> pathlib.Path:
    """Returns the path of a step's snapshot in a folder."""
    return pathlib.Path(directory) / f"{_PREFIX}{step:08d}.npz"


def find_snapshots(directory: str | os.PathLike) -> list[Snapshot]:
    """Returns the snapshots of a folder, in the order of steps.

    Raises:
        ValueError: If one of them is damaged.
    """
    found = []
    for path in pathlib.Path(directory).glob(f"{_PREFIX}*.npz"):
        arrays = _read(path, "step", "lengths")
        lengths = tuple(arrays["lengths"].tolist())
        found.append(Snapshot(path, int(arrays["step"]), lengths))
    return sorted(found, key=lambda snapshot: snapshot.step)


def remove_later(directory: str | os.PathLike, step: int) -> None:
    """Removes the snapshots of later steps, which are to be taken again.

    A run that was killed between a snapshot and the next checkpoint resumes
    from before that snapshot.
    """
    for path in pathlib.Path(directory).glob(f"{_PREFIX}*.npz"):
        if path > snapshot_path(directory, step):
            path.unlink()


def _read(path, *names):
    try:
        with (
            open(path, "rb") as file,
            np.load(file, allow_pickle=False) as archive,
        ):
            return {name: archive[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as e:
        raise ValueError(
            f"{path} must be a complete snapshot of averages, and cannot be "
            f"read: {e} Remove it to go on without it."
        ) from e


def write_network(directory: str | os.PathLike, network: keras.Model) -> None:
    """Writes what a network is, without its weights, into a folder.

    Raises:
        ValueError: If it could not be read again with the same weights in
            the same order.
    """
    config = keras.saving.serialize_keras_object(network)
    files.write_text(pathlib.Path(directory) / _NETWORK, json.dumps(config))
    if _described(read_network(directory)) != _described(network):
        raise ValueError(
            "Averages are kept of a generator that get_config and from_config "
            f"build again. Received: {network.name!r}, whose weights then come "
            "in another order. Train without averages."
        )


def _described(network):
    """Returns owner, name and shape of each weight.

    What a layer is wrapped in is in the path of its weights or not, depending
    on when it was built.
    """
    return [(w.path.split("/")[-2:], tuple(w.shape)) for w in network.weights]


def read_network(directory: str | os.PathLike) -> Any:
    """Returns the network of a folder of snapshots, with other weights.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is damaged, or of layers that are not known.
    """
    path = pathlib.Path(directory) / _NETWORK
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return keras.saving.deserialize_keras_object(config)
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{path} must describe a generator, all of whose classes are "
            f"registered with Keras. It cannot be read: {error}"
        ) from error

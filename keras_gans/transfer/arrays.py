"""The arrays of a network in a file that Keras has written."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np


@dataclasses.dataclass(frozen=True)
class Place:
    """Where an array of a network is.

    Attributes:
        layer: Name of the layer of the network that it belongs to.
        inner: Where it is within that layer.
        path: Where it is in the file, by the classes of layers.
    """

    layer: str
    inner: str
    path: str

    @property
    def key(self) -> tuple[str, str]:
        """By what arrays of two networks are the same one."""
        return self.layer, self.inner


def datasets(network: h5py.Group) -> Iterator[tuple[Place, h5py.Dataset]]:
    """Yields the floating point arrays of a functional model in a file.

    Args:
        network: The group of the model, of a file by `save_weights` or
            within one by `save`.
    """
    for name, group in network["layers"].items():
        own = group.get("vars")
        layer = name if own is None else own.attrs.get("name", name)
        for inner, dataset in _below(group):
            if dataset.dtype.kind == "f":
                yield Place(str(layer), inner, f"{name}/{inner}"), dataset


def read_arrays(network: h5py.Group) -> dict[Place, np.ndarray]:
    """Returns the arrays of `datasets`, in memory.

    Raises:
        ValueError: When one is not finite.
    """
    found = {place: dataset[()] for place, dataset in datasets(network)}
    for place, array in found.items():
        check_finite(array, place.layer)
    return found


def check_finite(array: np.ndarray, layer: str) -> None:
    """Raises ValueError for an array with NaN or infinity."""
    if not np.isfinite(array).all():
        raise ValueError(
            f"the layer {layer} has NaN or infinity: its training has diverged"
        )


def _below(group: h5py.Group) -> list[tuple[str, Any]]:
    found = []

    def visit(path, item):
        if isinstance(item, h5py.Dataset):
            found.append((path, item))

    group.visititems(visit)
    return found

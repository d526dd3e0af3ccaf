"""Which arrays of a trained network a new one takes, and in which form."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_gans.layers import (
    BatchNormalization,
    ClassProjection,
    ConditionalBatchNormalization,
)
from keras_gans.transfer.arrays import Place

# Layers that are named in a line.
_SHOWN = 4


@dataclasses.dataclass(frozen=True)
class Taken:
    """What a network has taken of a trained one.

    Attributes:
        network: Which network it is.
        taken: How many of its arrays it has taken.
        total: How many arrays it has.
        by_class: How many of the taken ones were made for another number of
            classes.
        reshaped: Layers with an array that has another shape there.
        missing: Layers with an array that is not there.
    """

    network: str
    taken: int
    total: int
    by_class: int = 0
    reshaped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def left(self) -> tuple[str, ...]:
        """Layers that have not taken all of their arrays."""
        return (*self.reshaped, *self.missing)

    def __str__(self) -> str:
        name = self.network.replace("_", " ")
        text = f"{name}: {self.taken} of {self.total} arrays taken"
        if self.by_class:
            text += f", {self.by_class} of them of another number of classes"
        reasons = (
            (self.reshaped, "of another shape"),
            (self.missing, "not in it"),
        )
        left = [f"{_listed(n)} ({why})" for n, why in reasons if n]
        return f"{text}; not: {'; '.join(left)}" if left else text

    def record(self) -> dict[str, Any]:
        """Returns it as JSON has it."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class ClassAxis:
    """Where the classes are on an array.

    Attributes:
        axis: The axis, or None for a vector that may be one by class.
        first: Entries of the axis before those of classes.
    """

    axis: int | None
    first: int = 0


def class_axis(
    network: keras.Model, layer: str, shape: Sequence[int], num_classes: int
) -> ClassAxis | None:
    """Returns where an array of a network depends on the class, if it does.

    That are the tables of conditional batch normalization, class vectors and
    embeddings; the units of `class_logits`; and rows of the first kernel of
    AC-GAN's generator, which one-hot labels reach beside the latents.

    Args:
        network: The network that is to take weights.
        layer: Name of the layer of the array.
        shape: The array's.
        num_classes: Classes of the network, 0 for none.
    """
    kind = network.get_layer(layer)
    tables = (
        ConditionalBatchNormalization,
        ClassProjection,
        keras.layers.Embedding,
    )
    if isinstance(kind, tables):
        table = len(shape) == 2 and shape[0] == num_classes
        return ClassAxis(0) if table else None
    if isinstance(kind, BatchNormalization):
        return ClassAxis(None)
    if layer == "class_logits":
        return ClassAxis(len(shape) - 1)
    if len(shape) == 2 and _takes_one_hot_labels(network, layer):
        return ClassAxis(0, network.inputs[0].shape[-1])
    return None


def fitted(
    own: np.ndarray, old: np.ndarray, axis: ClassAxis | None
) -> np.ndarray | None:
    """Returns what an array becomes by a trained one; None if nothing fits.

    An array of the same shape is taken as it is. Of one for another number of
    classes, each of the new classes has the mean over the old ones, and so
    has a network without classes. Where there were no classes before, each
    has what there was for all images; rows of one-hot labels stay as they are.

    Args:
        own: The array that is to take it.
        old: The trained one.
        axis: Where `own` depends on the class, if it does.
    """
    if own.shape == old.shape:
        return old
    if axis is None:
        return None
    if axis.axis is None or own.ndim != old.ndim:
        return _between_vector_and_table(own, old)
    rest = [np.delete(array.shape, axis.axis) for array in (own, old)]
    if not np.array_equal(*rest) or old.shape[axis.axis] < axis.first:
        return None
    known, classes = np.split(old, [axis.first], axis.axis)
    count = own.shape[axis.axis] - axis.first
    if classes.shape[axis.axis]:
        mean = classes.mean(axis.axis, keepdims=True)
        new = np.repeat(mean, count, axis.axis)
    else:
        _, new = np.split(own, [axis.first], axis.axis)
    return np.concatenate([known, new], axis.axis).astype(own.dtype)


def _between_vector_and_table(own, old):
    if old.ndim == 2 and own.ndim == 1 and old.shape[1:] == own.shape:
        return old.mean(0).astype(own.dtype)
    if own.ndim == 2 and old.ndim == 1 and own.shape[1:] == old.shape:
        return np.broadcast_to(old, own.shape)
    return None


def match(
    own: Mapping[Place, np.ndarray],
    old: Mapping[Place, np.ndarray],
    network: keras.Model,
    name: str,
    num_classes: int,
) -> tuple[dict[Place, np.ndarray], Taken]:
    """Returns the arrays that a network takes, and what is to be said of it.

    Arrays are the same one by the name of their layer and their place within
    it. Networks whose layers share no name, as Keras names those without one
    in the order in which they are made, are matched by the classes of their
    layers, if these and all shapes are the same. A layer that has layers
    within, where that of the same name has none, is one of another kind.

    Args:
        own: The arrays of the network.
        old: Those of the trained one.
        network: The network.
        name: What it is called.
        num_classes: Its classes, 0 for none.
    """
    found = {place.key: array for place, array in old.items()}
    if not {layer for layer, _ in found} & {place.layer for place in own}:
        paths = {place.path: array for place, array in old.items()}
        if _shapes(paths) == _shapes({p.path: a for p, a in own.items()}):
            found = {place.key: paths[place.path] for place in own}
    kinds = _groups(found), _groups(place.key for place in own)
    new, by_class, reshaped, missing = {}, 0, [], []
    order = [layer.name for layer in network.layers]
    # Files have layers in the order of their classes' names.
    for place in sorted(own, key=lambda place: order.index(place.layer)):
        array = own[place]
        layer = place.layer
        if place.key not in found or kinds[0][layer] != kinds[1][layer]:
            missing.append(place.layer)
            continue
        trained = found[place.key]
        axis = class_axis(network, place.layer, array.shape, num_classes)
        value = fitted(array, trained, axis)
        if value is None:
            reshaped.append(place.layer)
            continue
        new[place] = value
        by_class += array.shape != trained.shape
    return new, Taken(
        name, len(new), len(own), by_class, _once(reshaped), _once(missing)
    )


def _takes_one_hot_labels(network, layer):
    """Whether a layer is AC-GAN's first, of latents and one-hot labels."""
    first = next(kind for kind in network.layers if kind.weights)
    one_hot = any(kind.name == "one_hot" for kind in network.layers)
    return one_hot and first.name == layer


def _groups(keys):
    """Returns where the arrays of each layer are within it."""
    groups = {}
    for layer, inner in keys:
        groups.setdefault(layer, set()).add(inner.rpartition("/")[0])
    return groups


def _shapes(arrays):
    return {name: array.shape for name, array in arrays.items()}


def _once(names):
    return tuple(dict.fromkeys(names))


def _listed(names):
    more = len(names) - _SHOWN
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown

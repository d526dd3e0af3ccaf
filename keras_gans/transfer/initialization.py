"""Gives a new model the weights of a trained one."""

import dataclasses
import os
import pathlib
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import keras
import numpy as np

from keras_gans.models.freezing import frozen_layers
from keras_gans.models.gan import GAN
from keras_gans.transfer.arrays import Place, datasets, read_arrays
from keras_gans.transfer.matching import Taken, match
from keras_gans.transfer.sources import (
    AVERAGED,
    DISCRIMINATOR,
    GENERATOR,
    Source,
    read_source,
)

Arrays = dict[Place, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Initialization:
    """What a model has taken of a trained one.

    Attributes:
        path: The file, or the folder of an export, that it was taken from.
        networks: What each network has taken.
        absent: Networks of which there was nothing.
    """

    path: pathlib.Path
    networks: tuple[Taken, ...]
    absent: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"Initialized from {self.path}:"]
        lines += [f"  {taken}" for taken in self.networks]
        lines += [f"  {name}: none there, starts anew" for name in self.absent]
        return "\n".join(lines)

    def record(self) -> dict[str, Any]:
        """Returns it as JSON has it."""
        return {
            "path": str(self.path.resolve()),
            "networks": [taken.record() for taken in self.networks],
            "absent": list(self.absent),
        }


def initialize_from(gan: GAN, model: str | os.PathLike) -> Initialization:
    """Lets a new model start from the weights of a trained one.

    Each network takes what it has in common with the trained one: arrays,
    moving statistics and spectral vectors included, of layers of the same
    name that have the same shape; those by class of another number of classes
    too, see `keras_gans.transfer.matching.fitted`. Other arrays stay as they
    are, and so do the optimizers, which begin anew. An averaged generator
    starts from the trained average, or without one from the generator;
    power-function averages start from the generator.
    Nothing is changed where anything is refused.

    Args:
        gan: The model, which has not been trained.
        model: See `keras_gans.transfer.read_source`.

    Returns:
        What was taken and what was not; `print` it.

    Raises:
        FileNotFoundError: When there is nothing at `model`.
        ValueError: When it is damaged, or has no kernel in common with the
            model; when frozen layers of the discriminator
            (`freeze_discriminator`) would not take all of their weights; or
            when the model has been trained.

    Example:
    >>> import pathlib, tempfile
    >>> from keras_gans import SAGAN
    >>> small = {"generator_width": 8, "discriminator_width": 8}
    >>> trained = SAGAN.from_preset("sagan_cifar10_32", **small)
    >>> gan = SAGAN.from_preset("sagan_cifar10_32", **small, num_classes=3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "trained.keras"
    ...     trained.save(path)
    ...     found = initialize_from(gan, path)
    >>> found.networks[0].taken == found.networks[0].total
    True
    """
    if gan.compiled and gan.step:
        raise ValueError(
            "A model starts from another one before it is trained. Received: "
            f"a model after {gan.step:,} steps. Build it anew."
        )
    source = read_source(model)
    networks = _networks(gan)
    with tempfile.TemporaryDirectory(prefix="keras-gans-") as folder:
        folder = pathlib.Path(folder)
        trained = _trained(source, gan, folder)
        new, taken = {}, []
        for name in filter(trained.get, networks):
            own = _written(networks[name], folder / f"{name}.weights.h5")
            new[name], report = match(
                own, trained[name], networks[name], name, gan.num_classes
            )
            taken.append(report)
        _check_common(source, new)
        _check_frozen(gan, source, taken)
        for name, arrays in new.items():
            _load(networks[name], folder / f"{name}.weights.h5", arrays)
    if gan.power_averages is not None:
        gan.power_averages.begin(gan.generator)
    absent = tuple(name for name in networks if name not in new)
    return Initialization(source.path, tuple(taken), absent)


def _networks(gan: GAN) -> dict[str, keras.Model]:
    networks = {GENERATOR: gan.generator, AVERAGED: gan.averaged_generator}
    networks = {name: one for name, one in networks.items() if one is not None}
    return networks | {DISCRIMINATOR: gan.discriminator}


def _trained(source: Source, gan: GAN, folder: pathlib.Path) -> dict:
    """Returns the arrays of the source for each network of a model."""
    found = dict(source.networks)
    generator = found.get(GENERATOR, found.get(AVERAGED))
    if isinstance(generator, Sequence):
        generator = _named(generator, gan, folder, source.path)
    return {
        GENERATOR: generator,
        AVERAGED: found.get(AVERAGED, generator),
        DISCRIMINATOR: found.get(DISCRIMINATOR),
    }


def _written(network: keras.Model, file: pathlib.Path) -> Arrays:
    network.save_weights(file)
    with h5py.File(file, "r") as written:
        return read_arrays(written)


def _load(network: keras.Model, file: pathlib.Path, new: Arrays) -> None:
    """Loads a file of the network's own weights, some of them replaced."""
    with h5py.File(file, "r+") as written:
        for place, dataset in datasets(written):
            if place in new:
                dataset[...] = new[place]
    network.load_weights(file)


def _named(
    arrays: Sequence[np.ndarray],
    gan: GAN,
    folder: pathlib.Path,
    path: pathlib.Path,
) -> Arrays:
    """Returns the arrays of an export, which has them in order, by place."""
    copy = keras.models.clone_model(gan.sampling_generator)
    if len(arrays) != len(copy.variables):
        raise ValueError(
            "An exported generator has no names of its arrays, so that it must "
            f"have as many as the model's, {len(copy.variables)}. Received: "
            f"{path}, which has {len(arrays)}. Start from the run that it is "
            "of, or from its best.keras or final.keras."
        )
    # A network that says of each array which one it is.
    for index, variable in enumerate(copy.variables):
        if keras.backend.is_float_dtype(variable.dtype):
            variable.assign(np.full(variable.shape, index, "float32"))
    numbers = _written(copy, folder / "numbers.weights.h5")
    return {
        place: arrays[int(number.flat[0])] for place, number in numbers.items()
    }


def _check_common(source: Source, new: Mapping[str, Arrays]) -> None:
    """Refuses a source of which no kernel is taken."""
    arrays = [array for taken in new.values() for array in taken.values()]
    # A spectral vector is one row.
    if not any(np.squeeze(array).ndim > 1 for array in arrays):
        raise ValueError(
            "A model starts from another one with layers of the same names and "
            f"shapes. Received: {source.path}, which has no kernel in common "
            "with it. Give the widths, the latent_dim and the recipe that it "
            "was trained with, or leave initialize_from out."
        )


def _check_frozen(gan: GAN, source: Source, taken: Sequence[Taken]) -> None:
    """Refuses to freeze what was not trained."""
    count = gan.freeze_discriminator
    if not count:
        return
    found = [each for each in taken if each.network == DISCRIMINATOR]
    if not found:
        raise ValueError(
            "freeze_discriminator keeps trained layers of a discriminator. "
            f"Received: freeze_discriminator={count}, and {source.path} has "
            "none. Start from a run's directory or one of its checkpoints, or "
            "leave freeze_discriminator out."
        )
    frozen = frozen_layers(gan.discriminator, count)
    fresh = [name for name in found[0].left if name in frozen]
    if fresh:
        raise ValueError(
            "freeze_discriminator keeps trained layers of a discriminator. "
            f"Received: freeze_discriminator={count}, but {source.path} has "
            f"no weights that fit {', '.join(fresh)}. Freeze fewer blocks, or "
            "none."
        )

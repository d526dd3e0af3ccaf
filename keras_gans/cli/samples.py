"""What is evaluated: a generator, an export, or stored images."""

import abc
import pathlib
import zipfile
from collections.abc import Iterator

import keras
import numpy as np

from keras_gans.data import ImageSet, load_images
from keras_gans.images import to_uint8
from keras_gans.metrics.evaluation.certificate import (
    generator_fields,
    serialized_layers,
    unknown_generator,
)
from keras_gans.serving.load import ExportedGenerator, is_export

# Generators have as many samples as are asked for; this many by default.
GENERATED = 10_000


class Samples(abc.ABC):
    """Images to evaluate.

    Attributes:
        description: What they are, for the user.
        resolution: Side of the images in pixels.
        channels: 1 or 3.
        num_classes: Classes of the labels; 0 without labels; None where a
            generator takes labels and does not say how many.
        count: How many are evaluated unless the user says.
        available: How many there are; None for as many as one wants.
        certificate: What a certificate says of the generator.
    """

    description: str
    resolution: int
    channels: int
    num_classes: int | None
    count: int = GENERATED
    available: int | None = None
    certificate: dict

    @abc.abstractmethod
    def batches(
        self, count: int, batch_size: int, seed: int
    ) -> Iterator[tuple]:
        """Yields `count` images in batches, each with labels if it has any."""


class Generated(Samples):
    """Images that a generator makes, from latents of a fixed seed.

    The labels of a conditional generator go round its classes, so that each
    is drawn equally often, but for one.

    Args:
        latent_dim: Length of a latent vector.
        image_shape: Height, width and channels.
    """

    def __init__(self, latent_dim: int, image_shape: tuple[int, ...]):
        self.latent_dim = latent_dim
        self.resolution, _, self.channels = image_shape

    @abc.abstractmethod
    def make(
        self, latents: np.ndarray, labels: np.ndarray | None
    ) -> np.ndarray:
        """Returns uint8 images; `labels` is None without classes."""

    def batches(
        self, count: int, batch_size: int, seed: int
    ) -> Iterator[tuple]:
        random = np.random.default_rng(seed)
        for start in range(0, count, batch_size):
            size = min(batch_size, count - start)
            latents = random.normal(size=(size, self.latent_dim))
            latents = latents.astype("float32")
            if not self.num_classes:
                yield (self.make(latents, None),)
                continue
            labels = np.arange(start, start + size) % self.num_classes
            labels = labels.astype("int32")
            yield self.make(latents, labels), labels


class SavedGenerator(Generated):
    """A generator saved as a `.keras` file."""

    def __init__(self, path: pathlib.Path):
        self.model = _load_generator(path)
        inputs = self.model.inputs
        super().__init__(inputs[0].shape[-1], self.model.output_shape[1:])
        self.num_classes = 0
        if len(inputs) == 2:
            self.num_classes = _class_count(self.model)
        self.certificate = generator_fields(self.model)
        self.description = f"{path}, {self.model.count_params():,} parameters"

    def make(
        self, latents: np.ndarray, labels: np.ndarray | None
    ) -> np.ndarray:
        inputs = latents if labels is None else [latents, labels]
        return to_uint8(
            self.model.predict(inputs, batch_size=len(latents), verbose=0)
        )


class Exported(Generated):
    """A generator exported as a SavedModel."""

    def __init__(self, path: pathlib.Path):
        self.model = ExportedGenerator(path)
        super().__init__(self.model.latent_dim, self.model.image_shape)
        self.num_classes = self.model.num_classes
        self.description = str(self.model.path)
        evaluation = self.model.manifest.get("evaluation") or {}
        recorded = evaluation.get("certificate", {})
        self.certificate = {
            name: recorded.get(name, unknown)
            for name, unknown in unknown_generator().items()
        }

    def make(
        self, latents: np.ndarray, labels: np.ndarray | None
    ) -> np.ndarray:
        return self.model(latents, labels)


class Stored(Samples):
    """Images of a folder or an npz."""

    def __init__(self, images: ImageSet):
        self.images = images
        self.description = images.name
        self.resolution, self.channels = images.resolution, images.channels
        self.num_classes = images.num_classes
        self.count = self.available = images.num_images
        self.certificate = unknown_generator()

    def batches(
        self, count: int, batch_size: int, seed: int
    ) -> Iterator[tuple]:
        # A fixed subset, spread over all of them.
        batches = self.images.evaluation_batches(batch_size, limit=count)
        for batch in batches.as_numpy_iterator():
            yield batch if isinstance(batch, tuple) else (batch,)


def open_samples(
    path: str,
    *,
    resolution: int | None = None,
    channels: int | None = None,
    skip_bad_images: bool = False,
) -> Samples:
    """Opens a `.keras` file, an export, a folder of images or an npz.

    Args:
        path: Of one of these.
        resolution: Side to which stored images are brought; None for the
            shorter one of the first image. A generator's is its own.
        channels: Of stored images; None for those of the first image. A
            generator's are its own.
        skip_bad_images: Whether to leave out files that are no images.

    Raises:
        FileNotFoundError: There is nothing at `path`.
        ValueError: It is none of these, or damaged.
    """
    place = pathlib.Path(path).expanduser()
    if not place.exists():
        raise FileNotFoundError(
            "--samples must be a .keras file, an export, a folder of images "
            f"or an npz. Received: {path}, where there is nothing."
        )
    if place.suffix == ".keras":
        samples = SavedGenerator(place)
    elif place.is_dir() and is_export(place):
        samples = Exported(place)
    elif place.is_dir() or place.suffix == ".npz":
        return _stored(path, place, resolution, channels, skip_bad_images)
    else:
        raise ValueError(
            "--samples must be a .keras file, an export, a folder of images "
            f"or an npz. Received: {path}, which is none of these."
        )
    own = {"resolution": samples.resolution, "channels": samples.channels}
    for name, value in {"resolution": resolution, "channels": channels}.items():
        if value not in (None, own[name]):
            raise ValueError(
                f"--{name} must be that of the generator. Received: {value}, "
                f"but {path} makes images with {name}={own[name]}. Leave the "
                "flag out."
            )
    return samples


def _stored(path, place, resolution, channels, skip_bad_images):
    form = "npz" if place.suffix == ".npz" else "folder"
    found = (None, None)
    if resolution is None or channels is None:
        found = _first_size(place)
    images = load_images(
        f"{form}:{path}",
        # Without a readable image it fails, and says why.
        resolution=resolution or found[0] or 1,
        channels=channels or found[1] or 3,
        skip_bad_images=skip_bad_images,
    )
    return Stored(images)


def _first_size(place) -> tuple[int | None, int | None]:
    """Returns side and channels of the first image, None if unknown."""
    from PIL import Image

    if place.is_file():
        return _archive_size(place)
    for file in sorted(place.rglob("*")):
        if any(part.startswith(".") for part in file.relative_to(place).parts):
            continue
        try:
            with Image.open(file) as image:
                return min(image.size), 1 if image.mode in ("1", "L") else 3
        except OSError:
            continue
    return None, None


def _archive_size(file):
    """Reads the head of the array `images`, not the pixels."""
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        with zipfile.ZipFile(file) as archive:
            with archive.open("images.npy") as array:
                version = np.lib.format.read_magic(array)
                shape, _, _ = read_header[version](array)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None, None
    if len(shape) not in (3, 4):
        return None, None
    return min(shape[1:3]), shape[3] if len(shape) == 4 else 1


def _class_count(model):
    """Returns how many classes a generator's layers know, None if unclear."""
    configs = [node["config"] for node in serialized_layers(model)]
    for config in configs:
        if "class_counts" in config:
            # An ensemble: the classes of its members, one after the other.
            return sum(config["class_counts"])
    found = {
        config["num_classes"] for config in configs if "num_classes" in config
    }
    found |= {
        config["input_dim"] for config in configs if "input_dim" in config
    }
    return found.pop() if len(found) == 1 else None


def _load_generator(path):
    try:
        model = keras.saving.load_model(path, compile=False)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as e:
        reason = str(e).strip().splitlines()[0] if str(e).strip() else repr(e)
        raise ValueError(
            "--samples must be a complete generator in a .keras file. "
            f"Received: {path}, which cannot be loaded: {reason}"
        ) from e
    shapes = [tuple(tensor.shape) for tensor in getattr(model, "inputs", [])]
    fits = [len(shape) for shape in shapes] in ([2], [2, 1])
    output = getattr(model, "output_shape", None)
    if not fits or not isinstance(output, tuple) or len(output) != 4:
        raise ValueError(
            "--samples must be a generator from latents (N, latent_dim), with "
            "labels (N,) if it is conditional, to images (N, H, W, C). "
            f"Received: {path} with inputs {shapes} and output {output}. Give "
            "a run's best.keras or final.keras, not a discriminator or a "
            "whole GAN."
        )
    return model

"""What is evaluated: a generator, an export, or stored images."""

import dataclasses
import pathlib
import zipfile
from collections.abc import Callable, Iterator

import keras
import numpy as np

from keras_gans.checks import as_resolution
from keras_gans.data import load_images
from keras_gans.images import to_uint8
from keras_gans.metrics.evaluation.certificate import (
    generator_fields,
    serialized_layers,
    unknown_generator,
)
from keras_gans.serving.load import ExportedGenerator, is_export

# Generators have as many samples as are asked for; this many by default.
GENERATED = 10_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Samples:
    """Images to evaluate.

    Attributes:
        description: What they are, for the user.
        resolution: Side of the images in pixels, or height and width.
        channels: 1 or 3.
        num_classes: Classes of the labels; 0 without labels; None where a
            generator takes labels and does not say how many.
        count: How many are evaluated unless the user says.
        available: How many there are; None for as many as one wants.
        certificate: What a certificate says of the generator.
        batches: Function of a count, a batch size and a seed. It yields
            `count` images in batches, each with labels if it has any.
    """

    description: str
    resolution: int | tuple[int, int]
    channels: int
    num_classes: int | None
    count: int = GENERATED
    available: int | None = None
    certificate: dict
    batches: Callable[[int, int, int], Iterator[tuple]]


def open_samples(
    path: str,
    *,
    resolution: int | tuple[int, int] | None = None,
    channels: int | None = None,
    skip_bad_images: bool = False,
) -> Samples:
    """Opens a `.keras` file, an export, a folder of images or an npz.

    Args:
        path: Of one of these.
        resolution: Side, or height and width, to which stored images are
            brought; None for the shorter side of the first image. A
            generator's is its own.
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
        samples = _saved(place)
    elif place.is_dir() and is_export(place):
        samples = _exported(place)
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


def _saved(path: pathlib.Path) -> Samples:
    model = load_generator(path)
    parameters = f"{path}, {model.count_params():,} parameters"
    return samples_of(model, parameters)


def samples_of(
    model: keras.Model, description: str, classes: int | None = None
) -> Samples:
    """Returns the images of a generator.

    Args:
        model: A functional model.
        description: What it is, for the user.
        classes: How many it has, where its layers do not tell.
    """

    def make(latents, labels):
        inputs = latents if labels is None else [latents, labels]
        return to_uint8(
            model.predict(inputs, batch_size=len(latents), verbose=0)
        )

    return _generated(
        make,
        model.inputs[0].shape[-1],
        model.output_shape[1:],
        num_classes=(
            _class_count(model) or classes if len(model.inputs) == 2 else 0
        ),
        certificate=generator_fields(model),
        description=description,
    )


def _exported(path: pathlib.Path) -> Samples:
    model = ExportedGenerator(path)
    evaluation = model.manifest.get("evaluation") or {}
    recorded = evaluation.get("certificate", {})
    return _generated(
        model,
        model.latent_dim,
        model.image_shape,
        num_classes=model.num_classes,
        certificate={
            name: recorded.get(name, unknown)
            for name, unknown in unknown_generator().items()
        },
        description=str(model.path),
    )


def _generated(
    make: Callable,
    latent_dim: int,
    image_shape: tuple[int, ...],
    *,
    num_classes: int | None,
    **others,
) -> Samples:
    """Returns images that a generator makes, from latents of a fixed seed.

    The labels of a conditional generator go round its classes, so that each
    is drawn equally often, but for one.
    """

    def batches(count, batch_size, seed):
        random = np.random.default_rng(seed)
        for start in range(0, count, batch_size):
            size = min(batch_size, count - start)
            latents = random.normal(size=(size, latent_dim)).astype("float32")
            if not num_classes:
                yield (make(latents, None),)
                continue
            labels = np.arange(start, start + size) % num_classes
            labels = labels.astype("int32")
            yield make(latents, labels), labels

    return Samples(
        resolution=as_resolution(*image_shape[:2]),
        channels=image_shape[2],
        num_classes=num_classes,
        batches=batches,
        **others,
    )


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

    def batches(count, batch_size, seed):
        # A fixed subset, spread over all of them.
        batches = images.evaluation_batches(batch_size, limit=count)
        for batch in batches.as_numpy_iterator():
            yield batch if isinstance(batch, tuple) else (batch,)

    return Samples(
        description=images.name,
        resolution=images.resolution,
        channels=images.channels,
        num_classes=images.num_classes,
        count=images.num_images,
        available=images.num_images,
        certificate=unknown_generator(),
        batches=batches,
    )


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
    # Transparency is put onto white.
    return min(shape[1:3]), min(shape[3], 3) if len(shape) == 4 else 1


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


def load_generator(path: pathlib.Path) -> keras.Model:
    """Returns the generator in a `.keras` file.

    Raises:
        ValueError: If it is damaged, or no generator of images.
    """
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

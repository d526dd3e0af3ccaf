"""`tfds:NAME`: a set of TensorFlow Datasets that is already prepared.

Nothing is ever downloaded: a set that is not on the disk is an error at once.
"""

from __future__ import annotations

import io
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras_gans.checks import did_you_mean, sides
from keras_gans.data.image_set import ImageSet
from keras_gans.data.pixels import decode_image
from keras_gans.data.reading import read_images
from keras_gans.data.records import RecordSource
from keras_gans.data.runtime import import_tensorflow, tf
from keras_gans.data.sources import ArraySource, fits_in_memory


def load_prepared(
    name: str,
    *,
    label: str,
    data_dir: str | None,
    split: str,
    resolution: int | tuple[int, int],
    channels: int,
    skip_bad_images: bool,
) -> ImageSet:
    """Loads a prepared set of TFDS.

    It needs a feature `image` (uint8). A feature `label` of the kind
    `ClassLabel` gives the classes; other labels are left out. A set that
    fits in memory at the resolution is decoded once, now; a larger one is
    streamed, and its records are then trusted.

    Args:
        name: `NAME[/config][:version]` of a set that TFDS has prepared in
            `data_dir`, or a folder of `data_dir` laid out as
            `split/class/image.png`.
        label: What to call the set.
        data_dir: Where TFDS keeps its sets; None for TFDS's own default.
        split: A split or a slice of one, such as `train[:80%]`.
        resolution: Side of the images, in pixels, or height and width.
        channels: 1 or 3.
        skip_bad_images: Whether to leave out records that do not decode.

    Raises:
        FileNotFoundError: if `data_dir` does not exist or the set is not
            prepared there.
        ValueError: if TFDS has no such set, the set no such split, no images
            or a record that does not decode.
    """
    builder, info, class_names = open_prepared(name, data_dir, split)
    records = read_records(builder, split)
    shape = (*sides(resolution), channels)
    bad = ()
    if fits_in_memory(info.num_examples, shape):
        source, bad = _into_memory(
            label,
            records,
            info.num_examples,
            shape,
            labelled=bool(class_names),
            skip_bad_images=skip_bad_images,
        )
    else:
        source = RecordSource(
            _streamable(records, labelled=bool(class_names)),
            info.num_examples,
            encoded_bytes=info.num_bytes / info.num_examples,
            mixed=not builder.info.disable_shuffling,
            labelled=bool(class_names),
            image_shape=shape,
        )
    return ImageSet(label, source, class_names=class_names, bad_images=bad)


def open_prepared(
    name: str, data_dir: str | None, split: str
) -> tuple[Any, Any, tuple[str, ...]]:
    """Returns the builder, the split and the class names of a set.

    Takes the arguments of `load_prepared` and raises its errors.
    """
    import_tensorflow()
    builder = _find_builder(name, data_dir)
    class_names = _check_features(name, builder)
    return builder, _find_split(name, builder, split), class_names


def _find_builder(name: str, data_dir: str | None) -> Any:
    """Returns a builder over files that exist, or raises at once."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core import naming, read_only_builder

    if data_dir is not None and not os.path.isdir(os.path.expanduser(data_dir)):
        raise FileNotFoundError(
            "`data_dir` must be the folder where TFDS keeps its sets. "
            f"Received: data_dir={data_dir!r}, which does not exist."
        )
    home = pathlib.Path(data_dir or tfds.core.constants.DATA_DIR).expanduser()
    folder = home / name
    if _is_image_folder(folder):
        return tfds.folder_dataset.ImageFolder(str(folder))
    try:
        naming.parse_builder_name_kwargs(name)
    except ValueError:
        raise _missing(name, home) from None
    try:
        return read_only_builder.builder_from_files(name, data_dir=home)
    except tfds.core.DatasetNotFoundError:
        raise _missing(name, home) from None


def _is_image_folder(folder: pathlib.Path) -> bool:
    """Returns whether the layout is split/class/image."""
    suffixes = (".png", ".jpg", ".jpeg")
    return any(
        image.suffix.lower() in suffixes for image in folder.glob("*/*/*.*")
    )


def _missing(name: str, home: pathlib.Path) -> Exception:
    import tensorflow_datasets as tfds

    prepared = sorted(p.name for p in home.glob("*") if p.is_dir())
    there = f"Found in {home}: {', '.join(prepared[:20]) or 'nothing'}."
    known = tfds.list_builders(with_community_datasets=False)
    base = name.partition(":")[0].partition("/")[0]
    if base not in known:
        return ValueError(
            f"Unknown TFDS set: {name!r}."
            f"{did_you_mean(base, [*prepared, *known])} {there} Allowed: "
            "NAME[/config][:version] of a set prepared there, or a folder "
            "there laid out as split/class/image.png."
        )
    return FileNotFoundError(
        f"The TFDS set {name!r} is not prepared in {home}, and training never "
        f"downloads. {there} Prepare it once with "
        f"`tfds build {base} --data_dir={home}`, or in Python with "
        f"`tfds.load({name!r}, data_dir={str(home)!r}, download=True)`."
    )


def _check_features(name: str, builder: Any) -> tuple[str, ...]:
    """Returns the class names, none if the set is unlabelled."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    has = (
        ", ".join(f"{key}: {features[key]}" for key in features)
        if isinstance(features, tfds.features.FeaturesDict)
        else repr(features)
    )
    image = features["image"] if "image" in features else None
    if not isinstance(image, tfds.features.Image) or image.np_dtype != np.uint8:
        raise ValueError(
            f"tfds:{name} must have a feature `image`, uint8. Received: "
            f"{has}. Choose another set, or write its images to a folder."
        )
    label = features["label"] if "label" in features else None
    if not isinstance(label, tfds.features.ClassLabel):
        return ()
    return tuple(label.names or ())


def _find_split(name: str, builder: Any, split: str) -> Any:
    splits = builder.info.splits
    received = (
        f"Received: split={split!r}. tfds:{name} has: "
        f"{', '.join(sorted(splits)) or 'none'}."
    )
    try:
        info = splits[split]
    except (KeyError, ValueError):
        raise ValueError(
            f"Unknown split.{did_you_mean(split, splits)} {received} Slices "
            "such as 'train[:80%]' are allowed too."
        ) from None
    if info.num_examples < 1:
        raise ValueError(f"The split has no images. {received}")
    return info


def read_records(builder: Any, split: str) -> tf.data.Dataset:
    """Returns the records in a fixed order, their images still encoded."""
    import tensorflow_datasets as tfds

    return builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders={"image": tfds.decode.SkipDecoding()},
        read_config=tfds.ReadConfig(try_autocache=False),
    )


def numpy_records(
    name: str, records: tf.data.Dataset
) -> Iterator[tuple[str, dict]]:
    """Yields what each record is called, and the record.

    Raises:
        ValueError: if the files of the set `name` are damaged or missing.
    """
    try:
        for index, record in enumerate(records.as_numpy_iterator()):
            file = record.get("image/filename", b"").decode()
            yield file or f"record {index}", record
    except tf.errors.OpError as error:
        raise ValueError(
            f"{name} cannot be read, since its files are damaged or "
            f"missing: {error.message} Prepare it again."
        ) from error


def _streamable(records: tf.data.Dataset, *, labelled: bool) -> tf.data.Dataset:
    if labelled:
        return records.map(lambda record: (record["image"], record["label"]))
    return records.map(lambda record: record["image"])


def _into_memory(
    name: str,
    records: tf.data.Dataset,
    count: int,
    image_shape: tuple[int, int, int],
    *,
    labelled: bool,
    skip_bad_images: bool,
) -> tuple[ArraySource, list[str]]:
    names, labels = [], []

    def encoded():
        for file, record in numpy_records(name, records):
            names.append(file)
            labels.append(record["label"] if labelled else 0)
            yield record["image"]

    def decode(image):
        return decode_image(io.BytesIO(image), image_shape)

    images, good, bad = read_images(
        name,
        encoded(),
        decode,
        names=names,
        count=count,
        image_shape=image_shape,
        skip_bad_images=skip_bad_images,
    )
    if not good:
        raise ValueError(f"{name} has no readable image. Prepare it again.")
    labels = np.asarray(labels)[good] if labelled else None
    if labelled and labels.min() < 0:
        raise ValueError(
            f"{name} marks images of this split as unlabelled (label -1). "
            "Choose a labelled split."
        )
    return ArraySource(images, labels), bad

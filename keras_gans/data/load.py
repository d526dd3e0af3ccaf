"""`load_images`: what `--dataset` takes."""

from __future__ import annotations

import pathlib

from keras_gans.checks import as_resolution, channel_count, nearest, sides
from keras_gans.data.image_set import ImageSet

_PREFIXES = ("npz", "folder", "tfds")
_FORMS = (
    "Allowed: embedded (Fashion-MNIST, with the package), npz:PATH (`images` "
    "and optional `labels`), folder:PATH (sub-folders are classes), tfds:NAME "
    "or tfds:NAME@SPLIT (a prepared TFDS set, with data_dir)."
)


def load_images(
    dataset: str = "embedded",
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    data_dir: str | None = None,
    split: str | None = None,
    skip_bad_images: bool = False,
) -> ImageSet:
    """Loads real images by one of four forms.

    - `embedded`: 10,000 labelled images of Fashion-MNIST.
    - `npz:PATH`: `images` uint8 `(N, H, W, C)`, optional `labels`.
    - `folder:PATH`: image files; sub-folders are classes.
    - `tfds:NAME`: a set of TensorFlow Datasets that is prepared in `data_dir`,
      or `data_dir/NAME` laid out as `split/class/image.png`.
    - `tfds:NAME@SPLIT`: the same with its split, or a slice of one:
      `tfds:cifar10@test`, `tfds:cifar10@train[:80%]`.

    Pictures are cropped to the centre square, or the centre of the shape that
    is asked for, and resized bilinearly with antialiasing; transparency is put
    onto white; colour becomes grey by the luma of ITU-R BT.601; grey is
    repeated to three channels.

    Args:
        dataset: One of the forms above.
        resolution: Side of the images, in pixels, positive; or height and
            width.
        channels: 1 (grey) or 3 (RGB).
        data_dir: Where TFDS keeps its sets; only for `tfds:NAME`.
        split: Split of TFDS, `train` by default, where `dataset` names none;
            the other forms have only `train`.
        skip_bad_images: Whether to leave out corrupt, truncated and non-image
            files, and to list them in `bad_images`, instead of raising.

    Raises:
        ValueError: if the form is unknown, two different splits are given,
            or the data is not as described.
        FileNotFoundError: if a path does not exist or a set of TFDS is not
            prepared.
    """
    form, path = parse_dataset(dataset)
    split = split_of(dataset, split)
    size = {
        "resolution": as_resolution(*sides(resolution)),
        "channels": channel_count(channels),
    }
    if form == "tfds":
        # TFDS takes a second to import, which the other forms do without.
        from keras_gans.data.prepared import load_prepared

        return load_prepared(
            path.partition("@")[0],
            label=f"tfds:{path}",
            data_dir=data_dir,
            split=split,
            skip_bad_images=skip_bad_images,
            **size,
        )
    refuse_tfds_arguments(dataset, data_dir, split)
    if form == "npz":
        from keras_gans.data.archive import load_archive

        return load_archive(path, **size)
    if form == "folder":
        from keras_gans.data.folder import load_folder

        return load_folder(path, skip_bad_images=skip_bad_images, **size)
    from keras_gans.data.embedded import load_embedded

    return load_embedded(**size)


def split_of(dataset: str, split: str | None = None) -> str:
    """Returns the split that a data set of `load_images` is.

    Args:
        dataset: One of the forms.
        split: As in `load_images`.

    Raises:
        ValueError: if `dataset` names another split.

    Example:
    >>> split_of("tfds:cifar10@train[:80%]"), split_of("tfds:cifar10")
    ('train[:80%]', 'train')
    """
    form, path = parse_dataset(dataset)
    name, at, named = path.partition("@")
    if form != "tfds" or not at:
        return split or "train"
    if not name or not named or split not in (None, named):
        raise ValueError(
            "A data set has one split, written tfds:NAME@SPLIT or given as "
            f"`split`. Received: dataset={dataset!r}, split={split!r}. Leave "
            "one out."
        )
    return named


def parse_dataset(dataset: str) -> tuple[str, str]:
    """Returns the form of a data set, and its path or name.

    Raises:
        ValueError: if it has none of the forms.

    Example:
    >>> parse_dataset("folder:cats"), parse_dataset("embedded")
    (('folder', 'cats'), ('embedded', ''))
    """
    form, colon, path = str(dataset).partition(":")
    if form == "embedded" and not colon:
        return form, ""
    if form in _PREFIXES and path:
        return form, path
    raise ValueError(
        f"Unknown dataset: {dataset!r}.{_suggest(str(dataset))} {_FORMS}"
    )


def _suggest(dataset: str) -> str:
    form, colon, path = dataset.partition(":")
    if form in _PREFIXES:
        return f" '{form}:' needs a {'NAME' if form == 'tfds' else 'PATH'}."
    if not colon and dataset:
        place = pathlib.Path(dataset).expanduser()
        if place.is_dir():
            return f" Did you mean 'folder:{dataset}'?"
        if place.suffix == ".npz":
            return f" Did you mean 'npz:{dataset}'?"
    if colon and path and (match := nearest(form, _PREFIXES)):
        return f" Did you mean '{match}:{path}'?"
    forms = ("embedded", *(f"{form}:" for form in _PREFIXES))
    match = nearest(form, forms)
    if not match and dataset.isidentifier():
        match = f"tfds:{dataset}"
    return f" Did you mean {match!r}?" if match else ""


def refuse_tfds_arguments(
    dataset: str, data_dir: str | None, split: str
) -> None:
    """Raises ValueError for arguments that only sets of TFDS have."""
    if data_dir is not None:
        raise ValueError(
            "`data_dir` belongs to tfds:NAME. Received: "
            f"data_dir={data_dir!r} with dataset={dataset!r}. Leave it out."
        )
    if split != "train":
        raise ValueError(
            "Only tfds:NAME has other splits than 'train'. Received: "
            f"split={split!r} with dataset={dataset!r}. Leave it out."
        )

"""Exports a generator as the next version of a served model."""

import dataclasses
import datetime
import errno
import hashlib
import json
import os
import pathlib
import re
import tempfile
from collections.abc import Callable

import keras

from keras_gans.checks import integer, one_of
from keras_gans.data.runtime import tf
from keras_gans.serving.signatures import OUTPUTS, Form

OWN_KEYS = (
    "name",
    "version",
    "created",
    "latent_dim",
    "num_classes",
    "outputs",
    "output_shape",
    "image_shape",
    "value_range",
    "parameters",
    "backend",
    "versions",
    "signatures",
    "sha256",
)


def export_generator(
    generator: keras.Model,
    directory: str | os.PathLike,
    *,
    latent_dim: int,
    num_classes: int = 0,
    outputs: str = "images",
    manifest: dict | None = None,
) -> pathlib.Path:
    """Writes a generator for use with TensorFlow alone.

    The result is `<directory>/<version>/saved_model.pb`, the layout of
    TensorFlow Serving, with `manifest.json` beside it. The version is one more
    than the highest that exists. It appears at once and whole: it is written
    under a name that servers ignore and then renamed.

    Signatures, each giving `{"images": uint8 (N, H, W, C)}`:

    - `serving_default(latents[, labels])`
    - `sample(seed, count[, label, truncation])`: draws latents from N(0, I).
      Image i depends on `(seed, i)` alone, whatever `count` is. `label` -1,
      the default, draws each image's class uniformly. `truncation` ψ in
      (0, 1], by default 1, keeps the central share ψ of the normal
      distribution (see `keras_gans.serving.latents.draw_latents`).
    - `interpolate(start, end, steps[, labels])`: the spherical path between
      two latents, both included; `labels` is one class for the path, or one
      for each of its steps.

    `label` and `labels` exist when `num_classes` > 0. TensorFlow Serving and
    the attributes of the loaded model (`loaded.sample(seed, count)`) fill in
    the defaults; `loaded.signatures["sample"]` wants every input by name,
    which is a limit of TensorFlow's loader.

    Generators of points and of sequences have two signatures instead,
    `serving_default(latents)` and `sample(seed, count)`, which give
    `{"points": float32 (N, D)}` and `{"tokens": int32 (N, length)}`, the most
    probable symbol at each position.

    The export computes in the generator's own dtype policy: images equal the
    Keras model's to one grey level in float32, and to a few in
    mixed_bfloat16, where fused operations round in other places.

    On JAX and torch, and within a distribution strategy, a child process with
    Keras on TensorFlow does the work.

    Args:
        generator: A built functional model from latents `(N, latent_dim)`, or
            from `[latents, labels]` with labels `(N,)`, to float images
            `(N, H, W, C)` in [-1, 1]; or from latents to points `(N, D)`, or
            to probabilities `(N, length, symbols)`.
        directory: Where versions are kept; its name is the model's name.
        latent_dim: Length of one latent vector.
        num_classes: Number of classes; 0 for a model without labels.
        outputs: `images`, `points` or `tokens`: what the generator makes.
        manifest: More entries for `manifest.json`, such as scores.

    Returns:
        The directory of the version written.

    Raises:
        ValueError: If the generator does not fit the description above, or
            the manifest is not JSON or redefines an entry.
        NotADirectoryError: If `directory` is or lies below a file.
    """
    extra = _check_manifest(manifest or {})
    form = Form(latent_dim, num_classes, outputs)
    _check_inputs(generator, form)
    output = _check_output(generator, outputs)
    directory = _make_directory(pathlib.Path(directory))
    with tempfile.TemporaryDirectory(prefix=".export-", dir=directory) as name:
        saved = pathlib.Path(name) / "model"
        written = _writer()(generator, saved, form)
        details = {
            "name": directory.resolve().name,
            "created": datetime.datetime.now(datetime.UTC).isoformat(
                timespec="seconds"
            ),
            **dataclasses.asdict(form),
            **output,
            "parameters": generator.count_params(),
            "backend": keras.backend.backend(),
            "versions": {
                "keras": keras.__version__,
                "tensorflow": written["tensorflow"],
            },
            "signatures": written["signatures"],
            "sha256": _hash_files(saved),
        }
        return _publish(saved, directory, details | extra)


def _check_manifest(manifest: dict) -> dict:
    reserved = sorted(set(manifest) & set(OWN_KEYS))
    if reserved:
        raise ValueError(
            "A manifest may add entries, not redefine those of the export. "
            f"Received: {', '.join(reserved)}. Choose other names."
        )
    try:
        return json.loads(json.dumps(manifest, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(
            "A manifest must be made of JSON types (and no NaN). Received: "
            f"{manifest!r} ({error}). Convert arrays and NumPy numbers first."
        ) from error


def _check_inputs(generator: keras.Model, form: Form) -> None:
    one_of("outputs", form.outputs, OUTPUTS)
    if form.outputs != "images" and form.num_classes:
        raise ValueError(
            "Only generators of images are exported with classes. Received: "
            f"outputs={form.outputs!r}, num_classes={form.num_classes}."
        )
    latent_dim = integer("latent_dim", form.latent_dim)
    num_classes = integer("num_classes", form.num_classes, minimum=0)
    inputs = getattr(generator, "inputs", None)
    if not isinstance(generator, keras.Model) or not inputs:
        raise ValueError(
            "The generator must be a built functional Keras model, "
            "keras.Model(inputs, outputs). Received: "
            f"{type(generator).__name__}, which has no symbolic inputs. Build "
            "it by the functional API, or call a Sequential model once."
        )
    expected = [(None, latent_dim)] + [(None,)] * bool(num_classes)
    received = [tuple(tensor.shape) for tensor in inputs]
    form = "[latents, labels]" if num_classes else "latents"
    # A Sequential has `inputs`, but no `input`, and takes one tensor.
    sequential = isinstance(generator, keras.Sequential)
    named = not sequential and isinstance(generator.input, dict)
    if received != expected or named:
        raise ValueError(
            f"With latent_dim={latent_dim} and num_classes={num_classes}, the "
            f"generator must take {form} of shape {expected}. Received: inputs "
            f"{[tensor.name for tensor in inputs]} of shape {received}. "
            "num_classes is 0 for a generator without labels, and latent_dim "
            "is the width of its first input."
        )


def _check_output(generator: keras.Model, outputs: str) -> dict:
    """Returns what the manifest says of the shape of the outputs."""
    noun, axes = {
        "images": ("images", ("height", "width", "channels")),
        "points": ("points", ("coordinates",)),
        "tokens": ("probabilities", ("length", "symbols")),
    }[outputs]
    shapes = [tuple(tensor.shape) for tensor in generator.outputs]
    dtypes = [str(tensor.dtype) for tensor in generator.outputs]
    if (
        len(shapes) != 1
        or len(shapes[0]) != 1 + len(axes)
        or None in shapes[0][1:]
        or "float" not in dtypes[0]
    ):
        raise ValueError(
            f"For outputs={outputs!r} the generator must give one batch of "
            f"float {noun}, shape (None, {', '.join(axes)}). Received: shapes "
            f"{shapes}, dtypes {dtypes}."
        )
    shape = list(shapes[0][1:])
    if outputs == "images":
        return {"image_shape": shape, "value_range": [0, 255]}
    return {"output_shape": shape[:1]}


def _make_directory(directory: pathlib.Path) -> pathlib.Path:
    for place in (directory, *directory.parents):
        if place.exists() and not place.is_dir():
            raise NotADirectoryError(
                "Versions of an export are written into a directory. "
                f"Received: {str(directory)!r}, but {str(place)!r} is a file. "
                "Choose another directory."
            )
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def _writer() -> Callable[..., dict]:
    if keras.backend.backend() == "tensorflow":
        # Within a strategy a copy's variables would be distributed as well.
        if not tf.distribute.has_strategy():
            from keras_gans.serving.saved_model import write_saved_model

            return write_saved_model
    from keras_gans.serving.child import write_in_child

    return write_in_child


def _hash_files(saved: pathlib.Path) -> dict[str, str]:
    hashes = {}
    for path in sorted(saved.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            hashes[path.relative_to(saved).as_posix()] = digest
    return hashes


def _next_version(directory: pathlib.Path) -> int:
    names = (path.name for path in directory.iterdir())
    versions = (int(name) for name in names if re.fullmatch("[0-9]+", name))
    return max(versions, default=0) + 1


def _publish(
    saved: pathlib.Path, directory: pathlib.Path, details: dict
) -> pathlib.Path:
    """Renames `saved` to the next version, past whoever was faster."""
    while True:
        version = _next_version(directory)
        text = json.dumps(details | {"version": version}, indent=2)
        (saved / "manifest.json").write_text(text + "\n")
        try:
            os.rename(saved, directory / str(version))
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise
        else:
            return directory / str(version)

"""What models of some classes each make together: samples, scores, exports."""

import dataclasses
import pathlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from recipes.common.gan_config import GANConfig
from recipes.common.images import (
    load_extractors,
    load_images_of,
    load_references,
    metrics_of,
)
from recipes.common.results import export
from recipes.common.run_directory import RunDirectory

if TYPE_CHECKING:
    import keras

    from keras_gans.data import ImageSet

COLUMNS = 10
# A grid of more rows is continued on further sheets.
SHEET_ROWS = 100
EVALUATION_BATCH = 250


@dataclasses.dataclass(frozen=True)
class _Whole:
    """What an export needs to know of all models as one."""

    step: int
    sampling_generator: "keras.Model"

    @property
    def latent_dim(self) -> int:
        return self.sampling_generator.inputs[0].shape[-1]


def finish(
    config: GANConfig,
    recipe: str,
    images: "ImageSet",
    members: Sequence[GANConfig],
    directory: RunDirectory,
) -> None:
    """Samples, evaluates and exports all models as one; prints where.

    Args:
        config: Settings of the whole.
        recipe: Name of the recipe.
        images: The real images of all classes.
        members: Settings of the finished models, in the order of classes.
        directory: Directory of the whole.
    """
    from keras_gans.callbacks import save_generator

    generator = load_ensemble(members)
    sheets = save_grids(config, generator, images.num_classes, directory)
    if all(line["step"] < config.steps for line in directory.read_metrics()):
        directory.append_metrics(
            _evaluate(config, generator, images, members, directory)
        )
    save_generator(generator, directory.final)
    version = export(
        _Whole(config.steps, generator),
        config,
        recipe,
        directory,
        num_classes=images.num_classes,
        manifest={
            "class_names": list(images.class_names),
            "class_splits": config.class_splits,
        },
    )
    score = directory.read_metrics()[-1]["fid_lite0"]
    print(f"\nAll {len(members)} splits, {images.num_classes} classes:")
    print(f"Samples    {sheets[0]}")
    print(f"FID-lite0  {score:.1f}")
    print(f"Final      {directory.final}")
    print(f"SavedModel {version}")


def load_ensemble(members: Sequence[GANConfig]) -> "keras.Model":
    """Returns the finished models of an ensemble as one generator."""
    import keras

    from keras_gans.serving.ensemble import ensemble_generator

    generators = [
        keras.saving.load_model(
            RunDirectory(member.run_dir).final, compile=False
        )
        for member in members
    ]
    counts = [stop - start for start, stop in (m.classes for m in members)]
    return ensemble_generator(generators, counts)


def save_grids(
    config: GANConfig,
    generator: "keras.Model",
    num_classes: int,
    directory: RunDirectory,
) -> list[pathlib.Path]:
    """Draws a row for each class; the columns are the same latents.

    Args:
        config: Settings of the whole.
        generator: From latents and labels of all classes to images.
        num_classes: Classes of the whole.
        directory: Where the sheets are written, each of at most 100 classes:
            step_00001000.png, then step_00001000_2.png and so on.

    Returns:
        The paths of the sheets.
    """
    from keras_gans.images import image_grid, save_png, to_uint8

    latents = _latents(config, generator, COLUMNS)
    sheets = []
    for first in range(0, num_classes, SHEET_ROWS):
        classes = np.arange(first, min(first + SHEET_ROWS, num_classes))
        rows = [
            generator.predict(
                [latents, np.full(COLUMNS, label, "int32")], verbose=0
            )
            for label in classes
        ]
        path = directory.sample(config.steps)
        if first:
            path = path.with_stem(f"{path.stem}_{first // SHEET_ROWS + 1}")
        grid = image_grid(to_uint8(np.concatenate(rows)), COLUMNS)
        sheets.append(save_png(path, grid))
    return sheets


def _evaluate(config, generator, images, members, directory) -> dict:
    from keras_gans.metrics import evaluate_samples, generator_fields

    fields = generator_fields(generator, config.ema_decay is not None)
    metrics, extractors = metrics_of(config), load_extractors(config)
    held_out = None
    if "memorization" in metrics:
        held_out = load_images_of(config, config.held_out)
    scores = evaluate_samples(
        _samples(config, generator, images.num_classes),
        load_references(config, images, extractors),
        metrics=metrics,
        held_out=load_references(config, held_out, extractors),
        generator=fields | {"class_splits": len(members)},
    )
    last = [RunDirectory(m.run_dir).read_metrics()[-1] for m in members]
    return {
        "step": config.steps,
        "images_seen": sum(line["images_seen"] for line in last),
        "seconds": round(sum(line["seconds"] for line in last), 1),
        **scores,
    }


def _samples(
    config, generator, num_classes
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yields images and labels, equally many of each class but for one."""
    from keras_gans.images import to_uint8

    count = config.evaluation_samples
    latents = _latents(config, generator, count)
    # In order, so that a batch needs few members.
    labels = np.sort(np.arange(count, dtype="int32") % num_classes)
    for start in range(0, count, EVALUATION_BATCH):
        part = slice(start, start + EVALUATION_BATCH)
        images = generator.predict(
            [latents[part], labels[part]],
            batch_size=EVALUATION_BATCH,
            verbose=0,
        )
        yield to_uint8(images), labels[part]


def _latents(config, generator, count) -> np.ndarray:
    random = np.random.default_rng(config.seed)
    shape = (count, generator.inputs[0].shape[-1])
    return random.normal(size=shape).astype("float32")

"""Several models, each of some of the classes, trained one after the other.

The directory of such a run holds a complete run directory for each model,
split_00, split_01 and so on, and what the models make together: samples,
metrics, final.keras.
"""

import dataclasses
import re
import shutil
from collections.abc import Callable

import numpy as np

from recipes.common.announce import announce, announce_import
from recipes.common.gan_config import GANConfig
from recipes.common.images import Images, load_data
from recipes.common.light import without_keras
from recipes.common.precision import decide
from recipes.common.record import (
    check_run_directory,
    earlier_record,
    open_run,
    with_plan,
)
from recipes.common.results import export, exported
from recipes.common.run import prepare
from recipes.common.run_directory import RunDirectory
from recipes.common.subject import Subject
from recipes.common.threads import set_threads

with without_keras():
    from keras_gans.cli.quiet import import_keras

COLUMNS = 10
# A grid of more rows is continued on further sheets.
SHEET_ROWS = 100
EVALUATION_BATCH = 250


def class_ranges(num_classes: int, splits: int) -> list[tuple[int, int]]:
    """Divides classes into contiguous parts of sizes that differ by 1 at most.

    Returns:
        First class and class after the last of each part, larger parts first.

    Raises:
        ValueError: When there are more parts than classes.

    Example:
    >>> class_ranges(10, 3)
    [(0, 4), (4, 7), (7, 10)]
    """
    if not 1 <= splits <= num_classes:
        raise ValueError(
            "Every split needs a class of its own, so class_splits must be "
            f"from 1 to {num_classes}, the number of classes. Received: "
            f"class_splits={splits}."
        )
    size, larger = divmod(num_classes, splits)
    bounds = [size * split + min(split, larger) for split in range(splits + 1)]
    return list(zip(bounds[:-1], bounds[1:], strict=True))


def member_configs(config: GANConfig, num_classes: int) -> list[GANConfig]:
    """Returns the settings of each model of an ensemble.

    A budget of minutes is divided among them.

    Args:
        config: Settings of the whole, with the fields `class_splits` and
            `classes`, and with directories resolved.
        num_classes: Classes of the whole.

    Raises:
        ValueError: When there are more splits than classes.
    """
    ranges = class_ranges(num_classes, config.class_splits)
    digits = max(2, len(str(len(ranges) - 1)))
    minutes = config.minutes and config.minutes / len(ranges)
    return [
        dataclasses.replace(
            config,
            class_splits=1,
            classes=classes,
            minutes=minutes,
            run_dir=f"{config.run_dir}/split_{number:0{digits}d}",
            export_dir=f"{config.export_dir}/split_{number:0{digits}d}",
        )
        for number, classes in enumerate(ranges)
    ]


def prepare_ensemble(
    config: GANConfig,
    recipe: str,
    make_subject: Callable[[GANConfig], Subject],
) -> Callable[[], None]:
    """Prepares the run of a model for each part of the classes.

    Settings, data and directories are checked, and the first model that is
    not finished is built, before anything is trained. Takes the arguments of
    `prepare` and raises its errors; the settings are as for `member_configs`,
    and `make_subject` heeds `classes`.

    Returns:
        A function that trains the models one after the other, leaving out
        those that are finished, then samples, evaluates and exports the whole.
    """
    if config.distribution == "multi_worker":
        # TensorFlow sets up one cluster a process.
        raise ValueError(
            "Several models train one after the other on one machine. "
            f"Received: class_splits={config.class_splits}, distribution="
            "multi_worker. Train each by a command of its own, with --classes."
        )
    set_threads(config)
    announce_import()
    import_keras()
    import keras

    images = load_data(config)
    members = member_configs(config, images.num_classes)
    for member in members:
        check_run_directory(member, recipe)
    pending = [member for member in members if not _is_finished(member)]
    # Without a record in it, it is missing or empty, or opening it fails.
    new = not RunDirectory(config.run_dir).config.exists()
    # The models of an ensemble are alike.
    precision = decide(config, earlier_record(config))
    directory = open_run(config, recipe, precision)

    def prepared(member):
        return prepare(member, recipe, make_subject, precision)

    try:
        works = [prepared(member) for member in pending[:1]]
    except (ValueError, OSError):
        if new:
            shutil.rmtree(directory.path)
        raise

    def work():
        for member in pending:
            _announce(member, members, images)
            if not works:
                works.append(prepared(member))
            # No name stays: the next model needs the memory of this one.
            works.pop()()
            keras.backend.clear_session()
        _finish(config, recipe, images, members, directory)

    return work


def _is_finished(config):
    config, _ = with_plan(config)
    directory = RunDirectory(config.run_dir)
    if config.minutes is not None:
        return False
    version = exported(config.export_dir, directory, config.steps)
    return version is not None and directory.final.exists()


def _announce(member, members, images):
    start, stop = member.classes
    print(
        f"\nSplit {members.index(member) + 1} of {len(members)}: classes "
        f"{start} ({images.class_names[start]}) to {stop - 1} "
        f"({images.class_names[stop - 1]}).",
        flush=True,
    )


def _finish(config, recipe, images, members, directory):
    """Samples, evaluates and exports all models as one; prints where."""
    from keras_gans.callbacks import save_generator

    config = _as_trained(config, members)
    generator = _load_ensemble(members)
    sheets = _save_grids(config, generator, images.num_classes, directory)
    if all(line["step"] < config.steps for line in directory.read_metrics()):
        directory.append_metrics(_evaluate(config, generator, images, members))
    save_generator(generator, directory.final)
    announce("Exporting the generator, some seconds ...")
    version = export(
        generator,
        config.steps,
        config,
        recipe,
        directory,
        latent_dim=config.latent_dim,
        num_classes=images.num_classes,
        manifest={
            "class_names": list(images.class_names),
            "class_splits": config.class_splits,
        },
    )
    line = directory.read_metrics()[-1]
    # Of the first extractor; fid_infinity may stand before it.
    name = next(key for key in line if re.match("fid_(?!infinity)", key))
    print(f"\nAll {len(members)} splits, {images.num_classes} classes:")
    print(f"Samples    {sheets[0]}")
    print(f"FID-{name.removeprefix('fid_')}  {line[name]:.1f}")
    print(f"Final      {directory.final}")
    print(f"SavedModel {version}")


def _as_trained(config, members):
    """Returns the settings of the whole with the most steps of a model."""
    planned = [with_plan(member)[0] for member in members]
    longest = max(planned, key=lambda member: member.steps)
    own = config.select("class_splits", "classes", "run_dir", "export_dir")
    return dataclasses.replace(longest, **own)


def _load_ensemble(members):
    import keras

    from keras_gans.serving.ensemble import ensemble_generator

    finals = [RunDirectory(member.run_dir).final for member in members]
    return ensemble_generator(
        [keras.saving.load_model(path, compile=False) for path in finals],
        [stop - start for start, stop in (m.classes for m in members)],
    )


def _save_grids(config, generator, num_classes, directory):
    """Draws a row for each class; the columns are the same latents.

    Sheets are of at most 100 classes: step_00001000.png, then
    step_00001000_2.png and so on. Returns their paths.
    """
    from keras_gans.images import image_grid, save_png

    latents = _latents(config, COLUMNS)
    sheets = []
    for first in range(0, num_classes, SHEET_ROWS):
        last = min(first + SHEET_ROWS, num_classes)
        classes = np.arange(first, last, dtype="int32")
        images = _drawn(
            generator,
            np.tile(latents, (len(classes), 1)),
            np.repeat(classes, COLUMNS),
            COLUMNS,
        )
        path = directory.sample(config.steps)
        if first:
            path = path.with_stem(f"{path.stem}_{first // SHEET_ROWS + 1}")
        sheets.append(save_png(path, image_grid(images, COLUMNS)))
    return sheets


def _evaluate(config, generator, images, members):
    from keras_gans.metrics import evaluate_samples, generator_fields

    count = config.evaluation_samples
    announce(f"Evaluating {count:,} generated images of all classes ...")
    # The images of all classes are there; nothing is left to be built.
    whole = Images(config, "", load=lambda _: images)
    held_out = whole.held_out if "memorization" in config.scores else None
    latents = _latents(config, count)
    # In order, so that a batch needs few members.
    labels = np.sort(np.arange(count, dtype="int32") % images.num_classes)

    def samples():
        for start in range(0, count, EVALUATION_BATCH):
            part = slice(start, start + EVALUATION_BATCH)
            yield _drawn(generator, latents[part], labels[part]), labels[part]

    fields = generator_fields(generator, config.ema_decay is not None)
    scores = evaluate_samples(
        samples(),
        whole.references(images),
        metrics=config.scores,
        held_out=whole.references(held_out),
        generator=fields | {"class_splits": len(members)},
    )
    last = [RunDirectory(m.run_dir).read_metrics()[-1] for m in members]
    return {
        "step": config.steps,
        "images_seen": sum(line["images_seen"] for line in last),
        "seconds": round(sum(line["seconds"] for line in last), 1),
        **scores,
    }


def _drawn(generator, latents, labels, batch=EVALUATION_BATCH):
    from keras_gans.images import to_uint8

    images = generator.predict([latents, labels], batch_size=batch, verbose=0)
    return to_uint8(images)


def _latents(config, count):
    random = np.random.default_rng(config.seed)
    return random.normal(size=(count, config.latent_dim)).astype("float32")

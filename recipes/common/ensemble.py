"""Several models, each of some of the classes, trained one after the other.

The directory of such a run holds a complete run directory for each model,
split_00, split_01 and so on, and what the models make together: samples,
metrics, final.keras.
"""

import contextlib
import dataclasses
import shutil
from collections.abc import Callable, Iterator
from functools import partial

from recipes.common.ensemble_results import finish
from recipes.common.gan_config import GANConfig
from recipes.common.images import load_data
from recipes.common.quiet import import_keras
from recipes.common.record import check_run_directory, open_run
from recipes.common.results import exported
from recipes.common.run import prepare
from recipes.common.run_directory import RunDirectory
from recipes.common.subject import Subject


def class_ranges(num_classes: int, splits: int) -> list[tuple[int, int]]:
    """Divides classes into contiguous parts of sizes that differ by 1 at most.

    Args:
        num_classes: Number of classes.
        splits: Number of parts.

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

    Args:
        config: Settings of the whole, with the fields `class_splits` and
            `classes`, and with directories resolved.
        num_classes: Classes of the whole.

    Raises:
        ValueError: When there are more splits than classes.
    """
    digits = max(2, len(str(config.class_splits - 1)))
    return [
        dataclasses.replace(
            config,
            class_splits=1,
            classes=classes,
            run_dir=f"{config.run_dir}/split_{number:0{digits}d}",
            export_dir=f"{config.export_dir}/split_{number:0{digits}d}",
        )
        for number, classes in enumerate(
            class_ranges(num_classes, config.class_splits)
        )
    ]


def prepare_ensemble(
    config: GANConfig,
    recipe: str,
    make_subject: Callable[[GANConfig], Subject],
) -> Callable[[], None]:
    """Prepares the run of a model for each part of the classes.

    Settings, data and directories are checked, and the first model that is
    not finished is built, before anything is trained.

    Args:
        config: Settings, see `member_configs`.
        recipe: Name of the recipe.
        make_subject: Function from the settings to the images of a model,
            which heeds `classes`.

    Returns:
        A function that trains the models one after the other, leaving out
        those that are finished, then samples, evaluates and exports the whole.

    Raises:
        ValueError: When settings, data and model do not fit together.
        FileNotFoundError: When a path does not exist.
    """
    if config.distribution == "multi_worker":
        # TensorFlow sets up one cluster a process.
        raise ValueError(
            "Several models train one after the other on one machine. "
            f"Received: class_splits={config.class_splits}, distribution="
            "multi_worker. Train each by a command of its own, with --classes."
        )
    import_keras()
    import keras

    images = load_data(config)
    members = member_configs(config, images.num_classes)
    for member in members:
        check_run_directory(member, recipe)
    prepare_member = partial(prepare, recipe=recipe, make_subject=make_subject)
    pending = [member for member in members if not is_finished(member)]
    with _opened(config, recipe) as directory:
        prepared = [prepare_member(member) for member in pending[:1]]

    def work():
        for member in pending:
            _announce(member, members, images)
            train = prepared.pop() if prepared else prepare_member(member)
            train()
            # The next model needs the memory of this one.
            del train
            keras.backend.clear_session()
        finish(config, recipe, images, members, directory)

    return work


@contextlib.contextmanager
def _opened(config: GANConfig, recipe: str) -> Iterator[RunDirectory]:
    """Opens the directory of the whole; a new one goes if the rest fails."""
    # Without a record in it, it is missing or empty, or opening it fails.
    new = not RunDirectory(config.run_dir).config.exists()
    directory = open_run(config, recipe)
    try:
        yield directory
    except (ValueError, OSError):
        if new:
            shutil.rmtree(directory.path)
        raise


def is_finished(config: GANConfig) -> bool:
    """Returns whether a run has trained all its steps and been exported."""
    directory = RunDirectory(config.run_dir)
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

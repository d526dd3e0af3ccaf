"""From the command line of a recipe to its run; errors become one line."""

import contextlib
import dataclasses
import os
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from recipes.common.backend import keras_backend
from recipes.common.ensemble import prepare_ensemble
from recipes.common.flags import Config, help_text, read_config
from recipes.common.images import Images, Model, load_data
from recipes.common.record import check_run_directory
from recipes.common.run import prepare
from recipes.common.subject import Subject

if TYPE_CHECKING:
    from keras_gans.data import ImageSet

USAGE_ERROR = 2
INTERRUPTED = 130


def image_recipe(
    name: str,
    model: "Model",
    config_class: type[Config],
    presets: Mapping[str, Config],
    doc: str,
    *,
    load: Callable[[Config], "ImageSet"] = load_data,
    argv: Sequence[str] | None = None,
    notes: Mapping[str, Any] = types.MappingProxyType({}),
) -> None:
    """Runs a recipe that trains a GAN on images, as the command line says.

    `model` is a `recipes.common.images.Model`, `load` a function from the
    settings, which derive from `GANConfig`, to the real images, `notes` what
    the record of the run says besides. For the rest see `recipe_main`.
    """
    subject = partial(Images, model=model, load=load, notes=notes)
    subject_recipe(name, subject, config_class, presets, doc, argv=argv)


def subject_recipe(
    name: str,
    subject: Callable[[Config], Subject],
    config_class: type[Config],
    presets: Mapping[str, Config],
    doc: str,
    *,
    argv: Sequence[str] | None = None,
) -> None:
    """Runs a recipe that trains on any subject, as the command line says.

    `subject` is a function from the settings to what is trained on. With a
    setting `class_splits` above 1 several models are trained, see
    `recipes.common.ensemble`. For the rest see `recipe_main`.
    """

    def run(config):
        several = getattr(config, "class_splits", 1) > 1
        return (prepare_ensemble if several else prepare)(config, name, subject)

    recipe_main(config_class, presets, run, name, doc, argv)


def recipe_main(
    config_class: type[Config],
    presets: Mapping[str, Config],
    run: Callable[[Config], Callable[[], None] | None],
    name: str,
    doc: str,
    argv: Sequence[str] | None = None,
) -> None:
    """Runs a recipe as the command line says.

    Settings come from the preset and the flags; all are checked, and so are
    the backend and the directory of the run, before `run` is called and Keras
    imported.

    `run` prepares the work. It may do the work as well, or return it as a
    function without arguments. While `run` prepares, ValueError and OSError
    are the user's to mend: they are printed as one line without a traceback,
    with exit status 2. In a returned function this holds for OSError only;
    another exception there is a defect and keeps its traceback. With
    KERAS_GANS_TRACEBACK=1 in the environment every error keeps it.

    An interrupt (Ctrl-C) exits with status 130 and says how to go on.

    Args:
        config_class: Dataclass that derives from `RunConfig`.
        presets: Its instances by preset name.
        run: Prepares the run of a configuration.
        name: The recipe's module name, which names directories too.
        doc: What the recipe does, shown by `--help`.
        argv: Command line; `sys.argv` by default.
    """
    argv = sys.argv if argv is None else argv
    # Errors reach Python as exceptions; what TensorFlow logs besides, failed
    # graph optimizations included, is noise to a user.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    config, mendable = None, (ValueError, OSError)
    try:
        config = read_config(config_class, presets, argv)
        if config is None:
            print(help_text(config_class, presets, name, doc))
            return
        config = with_directories(config, name)
        check_run_directory(config, name)
        work = run(config)
        mendable = OSError
        if work is not None:
            work()
    except KeyboardInterrupt:
        sys.stdout.flush()
        _fail(_interruption(config), INTERRUPTED)
    except mendable as error:
        if os.environ.get("KERAS_GANS_TRACEBACK") == "1":
            raise
        _fail(f"error: {_message(error)}", USAGE_ERROR)


@contextlib.contextmanager
def one_line_errors() -> Iterator[None]:
    """Prints what is the user's to mend as one line, as `recipe_main` does."""
    try:
        yield
    except KeyboardInterrupt:
        _fail(_interruption(None), INTERRUPTED)
    except (ValueError, OSError) as error:
        if os.environ.get("KERAS_GANS_TRACEBACK") == "1":
            raise
        _fail(f"error: {_message(error)}", USAGE_ERROR)


def with_directories(config: Config, name: str) -> Config:
    """Returns a configuration with its directories named."""
    # Runs of different backends cannot go on from each other.
    backend = keras_backend()
    suffix = "" if backend == "tensorflow" else f"-{backend}"
    run_dir = config.run_dir or f"runs/{name}-{config.preset}{suffix}"
    export_dir = config.export_dir or f"saved_models/{name}"
    # A shell leaves the tilde of --run_dir=~/run as it is.
    return dataclasses.replace(
        config,
        run_dir=os.path.expanduser(run_dir),
        export_dir=os.path.expanduser(export_dir),
        data_dir=os.path.expanduser(config.data_dir),
    )


def _interruption(config):
    if config is None:
        return "interrupted: nothing was started."
    repeat = "the same command"
    if not config.resume:
        repeat += " with --resume=true"
    return f"interrupted: {repeat} resumes the run in {config.run_dir}."


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        names = [name for name in (error.filename, error.filename2) if name]
        return ": ".join([error.strerror, *map(str, names)])
    return str(error) or type(error).__name__


def _fail(text: str, status: int) -> NoReturn:
    print(text, file=sys.stderr)
    sys.exit(status)

"""The entry point of a recipe: flags to configuration, errors to one line."""

import dataclasses
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from recipes.common.backend import keras_backend
from recipes.common.config import RunConfig
from recipes.common.flags import Config, help_text, read_config
from recipes.common.record import check_run_directory

USAGE_ERROR = 2
INTERRUPTED = 130


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
        fail(interruption(config), INTERRUPTED)
    except mendable as error:
        if os.environ.get("KERAS_GANS_TRACEBACK") == "1":
            raise
        fail(f"error: {message(error)}", USAGE_ERROR)


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


def interruption(config: RunConfig | None) -> str:
    """Returns what to tell a user who interrupted a run."""
    if config is None:
        return "interrupted: nothing was started."
    repeat = "the same command"
    if not config.resume:
        repeat += " with --resume=true"
    return f"interrupted: {repeat} resumes the run in {config.run_dir}."


def message(error: Exception) -> str:
    """Returns an error's text as a user should read it."""
    if isinstance(error, OSError) and error.strerror:
        names = [name for name in (error.filename, error.filename2) if name]
        return ": ".join([error.strerror, *map(str, names)])
    return str(error) or type(error).__name__


def fail(text: str, status: int) -> NoReturn:
    """Prints a line to stderr and exits."""
    print(text, file=sys.stderr)
    sys.exit(status)

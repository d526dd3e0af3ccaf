"""Checkpoints from which a run goes on exactly."""

import contextlib
import json
import os
import pathlib
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras

from keras_gans import distribution, files
from keras_gans.callbacks.at_steps import AtSteps, Logs
from keras_gans.checks import integer

_PREFIX = "step_"
_WEIGHTS = "gan.weights.h5"
_STATE = "state.json"


class Checkpoint(AtSteps):
    """Saves everything that training needs to go on.

    Both networks with their buffers, the averaged generator, both optimizers
    and the state of the random numbers. A checkpoint is a directory
    `step_00001000` that appears only when it is complete; the newest two are
    kept. Where several processes train one model, the chief writes it, to a
    disk on which `restore` finds it in each of them.

    Args:
        directory: Where the checkpoints are.
        every: Steps between checkpoints; 0 at the end only.
        keep: Positive int, checkpoints to keep.
        state: Function that returns further state, a JSON object, or None.

    Raises:
        ValueError: When `every` is negative or `keep` not positive.
    """

    def __init__(
        self,
        directory: str | os.PathLike,
        every: int = 0,
        keep: int = 2,
        state: Callable[[], dict[str, Any]] | None = None,
    ):
        super().__init__(every)
        self.directory = pathlib.Path(directory)
        self.keep = integer("keep", keep)
        self.state = state

    def at_step(self, step: int, logs: Logs) -> None:
        with _folder(self.directory, step) as temporary:
            # Reads what processes hold together, so every one takes part.
            self.model.save_weights(temporary / _WEIGHTS)
            if distribution.is_chief():
                self._publish(temporary, step)

    def _publish(self, temporary: pathlib.Path, step: int) -> None:
        """Gives a folder with weights its state and its name."""
        state = {"step": step, **(self.state() if self.state else {})}
        (temporary / _STATE).write_text(json.dumps(state), encoding="utf-8")
        for path in temporary.iterdir():
            files.synchronize(path)
        target = self.directory / f"{_PREFIX}{step:08d}"
        if target.exists():
            shutil.rmtree(target)
        temporary.rename(target)
        for old in _checkpoints(self.directory)[self.keep :]:
            shutil.rmtree(old)


@contextlib.contextmanager
def _folder(directory: pathlib.Path, step: int) -> Iterator[pathlib.Path]:
    """Gives an empty folder: the chief's beside the checkpoints."""
    if not distribution.is_chief():
        with tempfile.TemporaryDirectory() as name:
            yield pathlib.Path(name)
        return
    temporary = directory / f".partial_{step:08d}"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    yield temporary


def restore(
    gan: keras.Model, directory: str | os.PathLike
) -> dict[str, Any] | None:
    """Loads the newest readable checkpoint into a compiled model.

    Args:
        gan: The model, built and compiled as the one that was saved.
        directory: Where the checkpoints are.

    Returns:
        The checkpoint's state, with its `step`; None without a checkpoint.

    Raises:
        ValueError: When there are checkpoints and none can be read.
    """
    failures = []
    for path in _checkpoints(pathlib.Path(directory)):
        try:
            state = json.loads((path / _STATE).read_text(encoding="utf-8"))
            gan.load_weights(path / _WEIGHTS)
        except (OSError, ValueError, KeyError) as error:
            failures.append(f"{path.name}: {error}")
            continue
        for failure in failures:
            warnings.warn(
                f"A checkpoint could not be read, an older one is used: "
                f"{failure}",
                stacklevel=2,
            )
        return state
    if failures:
        raise ValueError(
            f"No checkpoint in {directory} can be read: "
            f"{'; '.join(failures)}. Remove them to begin anew."
        )
    return None


def saved_weights(directory: str | os.PathLike) -> list[pathlib.Path]:
    """Returns the files of weights of complete checkpoints, newest first."""
    folders = _checkpoints(pathlib.Path(directory))
    return [folder / _WEIGHTS for folder in folders]


def _checkpoints(directory: pathlib.Path) -> list[pathlib.Path]:
    """Returns the complete checkpoints, newest first."""
    found = filter(pathlib.Path.is_dir, directory.glob(f"{_PREFIX}*"))
    return sorted(found, reverse=True)

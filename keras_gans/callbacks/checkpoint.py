"""Checkpoints from which a run goes on exactly."""

import json
import pathlib
import shutil
import warnings

from keras_gans import files
from keras_gans.callbacks.at_steps import AtSteps

_PREFIX = "step_"
_WEIGHTS = "gan.weights.h5"
_STATE = "state.json"


class Checkpoint(AtSteps):
    """Saves everything that training needs to go on.

    Both networks with their buffers, the averaged generator, both optimizers
    and the state of the random numbers. A checkpoint is a directory
    `step_00001000` that appears only when it is complete; the newest two are
    kept.

    Args:
        directory: Where the checkpoints are.
        every: Steps between checkpoints; 0 at the end only.
        keep: Positive int, checkpoints to keep.
        state: Function that returns further state, a JSON object, or None.
    """

    def __init__(self, directory, every: int = 0, keep: int = 2, state=None):
        super().__init__(every)
        self.directory = pathlib.Path(directory)
        self.keep = keep
        self.state = state

    def at_step(self, step, logs):
        self.directory.mkdir(parents=True, exist_ok=True)
        temporary = self.directory / f".partial_{step:08d}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        self.model.save_weights(temporary / _WEIGHTS)
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


def restore(gan, directory) -> dict | None:
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


def _checkpoints(directory):
    """Returns the complete checkpoints, newest first."""
    found = directory.glob(f"{_PREFIX}*") if directory.exists() else []
    return sorted((path for path in found if path.is_dir()), reverse=True)

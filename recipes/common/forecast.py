"""How long a recipe's command will take, from a rehearsal of it.

    python -m recipes.common.forecast sagan
    python -m recipes.common.forecast lga --steps=300 --precision=float32
    python -m recipes.common.forecast quickstart --training_only

The flags are those of the recipe. It runs as its command would, in a temporary
directory, but for some seconds of training and fewer samples of images in its
evaluation; what is printed is one line of JSON, a `Forecast`.
"""

import contextlib
import dataclasses
import json
import runpy
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from recipes.common import main as recipe_main
from recipes.common.config import RunConfig
from recipes.common.light import without_keras
from recipes.common.plan import occurrences
from recipes.common.run import prepare
from recipes.common.subject import Subject
from recipes.common.threads import set_threads

with without_keras():
    from keras_gans.cli.quiet import import_keras

# Leaves out everything after the training.
TRAINING_ONLY = "--training_only"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a rehearsal measured and what follows from it.

    Attributes:
        recipe: Name of the recipe.
        backend: Of Keras.
        precision: Policy of the run.
        milliseconds: Of a step, once the first ones are done.
        tracing: Seconds of the step that is traced and compiled.
        steps: Of the run, within its budget of time.
        training: Seconds of all steps.
        total: Seconds of the whole command, up to its last word; None with
            `TRAINING_ONLY`.
        memory: Bytes that the process held at most.
    """

    recipe: str
    backend: str
    precision: str
    milliseconds: float
    tracing: float
    steps: int
    training: float
    total: float | None
    memory: int


def planned_steps(config: RunConfig, seconds_per_step: float) -> int:
    """Returns the steps of a run, fewer where its budget of time is short."""
    minutes = getattr(config, "minutes", None)
    if not minutes:
        return config.steps
    return min(config.steps, max(1, int(60 * minutes / seconds_per_step)))


def measure(recipe: str, flags: Sequence[str]) -> Forecast:
    """Rehearses the command of a recipe.

    Args:
        recipe: Name of its module in `recipes`.
        flags: Of its command line, and `TRAINING_ONLY`.

    Raises:
        SystemExit: If the recipe refuses the flags.
    """
    began, found = time.perf_counter(), []
    whole = TRAINING_ONLY not in flags
    flags = [flag for flag in flags if flag != TRAINING_ONLY]

    def rehearsal(
        config: RunConfig, name: str, make: Callable[[RunConfig], Subject]
    ) -> Callable[[], None]:
        return _rehearsal(config, name, make, whole, began, found)

    with (
        tempfile.TemporaryDirectory() as folder,
        _as_command(recipe, flags, folder),
        _replaced(recipe_main, "prepare", rehearsal),
        contextlib.redirect_stdout(sys.stderr),
    ):
        runpy.run_module(f"recipes.{recipe}", run_name="__main__")
    return found[0]


def _rehearsal(config, name, make, whole, began, found):
    set_threads(config)
    import_keras()
    from recipes.common.rehearsal import Done, Rehearsal, Watching

    timing = Watching(whole)

    def make_rehearsal(shortened):
        return Rehearsal(config, make(shortened), timing)

    changes = {"checkpoint_every": 0, "evaluate_every": 0, "sample_every": 0}
    if hasattr(config, "minutes"):
        changes["minutes"] = None
    shortened = dataclasses.replace(config, **changes)
    work = prepare(shortened, name, make_rehearsal, timing=timing)

    def rehearse():
        with contextlib.suppress(Done):
            work()
        elapsed = time.perf_counter() - began
        found.append(forecast(name, config, timing.times, elapsed, whole))

    return rehearse


def forecast(
    recipe: str, config: RunConfig, times: Any, elapsed: float, whole: bool
) -> Forecast:
    """Returns what a rehearsal's times say of the run of a configuration.

    All that happens once was measured; steps, evaluations, grids and
    checkpoints are multiplied.

    Args:
        recipe: Its name.
        config: Settings of the run that is forecast.
        times: `recipes.common.rehearsal.Times` of the rehearsal.
        elapsed: Seconds that the whole rehearsal took.
        whole: Whether it went on after training.
    """
    from keras_gans.cli.machine import peak_memory
    from recipes.common.backend import keras_backend

    steps = planned_steps(config, times.step)
    training = times.first + (steps - 1) * times.step
    further = sum(
        (occurrences(steps, every) - 1) * seconds
        for every, seconds in (
            (config.sample_every, times.grid),
            (config.evaluate_every, times.evaluation),
            (config.checkpoint_every, times.checkpoint),
        )
    )
    once = elapsed - times.trained - times.extra + times.missing
    return Forecast(
        recipe=recipe,
        backend=keras_backend(),
        precision=config.precision,
        milliseconds=1000 * times.step,
        tracing=times.tracing,
        steps=steps,
        training=training,
        total=once + training + further if whole else None,
        memory=peak_memory(),
    )


@contextlib.contextmanager
def _as_command(recipe, flags, folder):
    """The command line of the recipe, with directories of its own."""
    places = [f"--run_dir={folder}/run", f"--export_dir={folder}/exports"]
    with _replaced(sys, "argv", [f"recipes/{recipe}.py", *flags, *places]):
        yield


@contextlib.contextmanager
def _replaced(module, name, value):
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


if __name__ == "__main__":
    answer = measure(sys.argv[1], sys.argv[2:])
    print(json.dumps(dataclasses.asdict(answer)), flush=True)

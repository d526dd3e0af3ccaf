"""`keras-gans doctor`: what this machine can do, and what data are like.

Needs no Keras, which may be what is broken.
"""

import dataclasses
import json
import pathlib
import sys
from collections.abc import Callable, Sequence
from typing import Any, Literal

from keras_gans import files
from keras_gans.cli import doctor_report as report
from keras_gans.cli.forecasts import RehearsalError, Rehearse, rehearse
from keras_gans.cli.installation import (
    Backend,
    Installation,
    notes,
    this_installation,
)
from keras_gans.cli.machine import Machine, this_machine
from keras_gans.cli.options import help_of, texts_of, value_of
from keras_gans.cli.problems import problems
from keras_gans.cli.quiet import import_keras
from keras_gans.environment import BACKENDS
from keras_gans.presets.fields import Count, Settings, field_kinds
from keras_gans.presets.flags import HELP

IMAGE_RECIPES = (
    "quickstart",
    "sagan",
    "msg_gan",
    "ac_gan",
    "wgan_gp",
    "lga",
    "r3gan",
    "progan",
)
# These choose their precision by themselves.
RECIPES = (*IMAGE_RECIPES, "toy2d", "char_lm")
PRECISIONS = ("float32", "mixed_bfloat16")
# Seconds of a rehearsal on two cores, by whether it goes on after training.
STEP_SECONDS, RECIPE_SECONDS = 15, 25
WRONG = 1

_HELP = """\
usage: keras-gans doctor [--name=value ...]

Says what this machine is, what is wrong with the installation, how fast each
installed backend trains, which to use, and how long the recipes will take. With
--dataset it checks the images that are to be trained on instead.

{flags}

examples:
  keras-gans doctor
  keras-gans doctor --quick
  keras-gans doctor --recipes=sagan,lga --backends=jax --json=doctor.json
  keras-gans doctor --dataset=folder:my_images --resolution=64

Exits with status 0 where all is well, 1 where something is wrong with the
installation or the images, 2 for wrong flags and data sets that cannot be
read, 130 after an interrupt.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """What is looked at; each field is a flag.

    Attributes:
        dataset: Images to check: embedded, tfds:NAME[@SPLIT], folder:PATH or
            npz:PATH. The machine is then left out, unless --recipes or
            --quick is given too.
        data_dir: Where the prepared TFDS data sets lie.
        resolution: Side in pixels at which --dataset is to be trained on.
        quick: Measure the backends only, no recipes.
        recipes: Whose preset cpu is forecast; all.
        backends: Which are measured, of those installed; all.
        steps: Of the forecast recipes, instead of their own.
        json: File for the report; without a value it is printed instead of
            the text.
    """

    dataset: str = ""
    data_dir: str = ""
    resolution: Literal[8, 16, 32, 64, 128, 256, 512, 1024] = 32
    quick: bool = False
    recipes: tuple[Literal[*RECIPES], ...] = ()
    backends: tuple[Literal[*BACKENDS], ...] = BACKENDS
    steps: Count | None = None
    json: str = ""

    def __post_init__(self):
        super().__post_init__()
        if not self.backends:
            raise ValueError(
                "--backends must name at least one. Received none. Leave the "
                "flag out for all."
            )
        if self.quick and self.recipes:
            raise ValueError(
                "--quick measures no recipes. Received: --recipes="
                f"{','.join(self.recipes)}. Leave one of them out."
            )
        if not self.dataset and (self.data_dir or self.resolution != 32):
            raise ValueError(
                "--data_dir and --resolution belong to --dataset. Received: "
                "no --dataset. Give it, for example --dataset=folder:PATH."
            )
        if not pathlib.Path(self.json).parent.is_dir():
            raise FileNotFoundError(
                "--json must be a file in a folder that exists. Received: "
                f"{self.json}."
            )

    @property
    def of_the_machine(self) -> bool:
        """Whether the machine is looked at."""
        return not self.dataset or self.quick or bool(self.recipes)

    @property
    def forecast_recipes(self) -> tuple[str, ...]:
        """Recipes whose duration is forecast."""
        return () if self.quick else self.recipes or RECIPES


def run(argv: Sequence[str]) -> int:
    """Runs the command with its flags and returns the exit status.

    Raises:
        ValueError: Wrong flags, or data that are not as they must be.
        FileNotFoundError: A path does not exist.
    """
    kinds = field_kinds(Options)
    texts = texts_of(kinds, "doctor", argv)
    if HELP in texts:
        print(help_of(Options, kinds, _HELP), end="")
        return 0
    values = {name: value_of(name, kinds[name], texts[name]) for name in texts}
    return doctor(Options(**values))


def doctor(
    options: Options,
    *,
    rehearse: Rehearse = rehearse,
    probe: Callable[[str], Backend] | None = None,
) -> int:
    """Looks at what the options name and prints what it finds.

    Args:
        options: The flags.
        rehearse: See `keras_gans.cli.forecasts.rehearse`.
        probe: See `keras_gans.cli.installation.this_installation`.

    Returns:
        0, or `WRONG`.
    """
    found, wrong = {}, False
    show = _silent if options.json == "-" else _shown
    if options.dataset:
        found["dataset"], bad = _examine(options, show)
        wrong |= bad
    if options.of_the_machine:
        found["machine"], bad = _diagnose(options, rehearse, probe, show)
        wrong |= bad
    text = json.dumps(found, indent=2)
    if options.json == "-":
        print(text)
    elif options.json:
        files.write_text(options.json, f"{text}\n")
        print(f"\nReport: {options.json}")
    return WRONG if wrong else 0


def _shown(text: str) -> None:
    print(text, flush=True)


def _silent(text: str) -> None:
    pass


def _examine(options, show):
    import_keras()
    from keras_gans.data import advice
    from keras_gans.data.inspection import inspect_images

    data_dir, resolution = options.data_dir or None, options.resolution
    found = inspect_images(options.dataset, data_dir=data_dir)
    wrong = advice.problems(found)
    known = advice.advice(found, resolution)
    command = advice.command(found, resolution, data_dir)
    show(report.dataset_text(found, wrong, known, command))
    sizes = {f"{w}x{h}": count for (w, h), count in found.sizes.items()}
    return {
        **dataclasses.asdict(dataclasses.replace(found, sizes=sizes)),
        "problems": wrong,
        "advice": known,
        "command": command,
    }, bool(wrong)


def _diagnose(options, rehearse, probe, show):
    _announce("looking at the machine and its installation ...")
    machine, installation = this_machine(), this_installation(probe)
    wrong, known = problems(installation, machine), notes(installation)
    show(report.machine_text(machine, installation))
    show(report.installation_text(installation, wrong, known))
    steps, forecasts, best = _measure(
        options, machine, installation, rehearse, show
    )
    found = {
        "machine": dataclasses.asdict(machine),
        "installation": dataclasses.asdict(installation),
        "problems": wrong,
        "notes": known,
        "steps": steps,
        "recommended": best,
        "forecasts": forecasts,
    }
    failed = [one for one in (*steps, *forecasts) if "error" in one]
    return found, bool(wrong or failed or not best)


def _measure(
    options: Options,
    machine: Machine,
    installation: Installation,
    rehearse: Rehearse,
    show: Callable[[str], None],
) -> tuple[list[dict], list[dict], dict | None]:
    """Returns steps of the quickstart, forecasts, and the best setting."""
    working = [b for b in options.backends if installation.backends[b].works]
    recipes = options.forecast_recipes if working else ()
    settings = [(b, p) for b in working for p in PRECISIONS]
    count = len(settings) + len(recipes)
    duration = len(settings) * STEP_SECONDS + len(recipes) * RECIPE_SECONDS
    _announce(
        f"measuring takes some {report.duration(duration)}, more where steps "
        "are slow" + ("; --quick leaves out the recipes" if recipes else "")
    )
    steps = []
    for number, (backend, precision) in enumerate(settings, 1):
        _announce(f"{backend}, {precision} ({number} of {count}) ...")
        flags = ["--training_only", f"--precision={precision}"]
        one = _rehearsed(rehearse, "quickstart", flags, backend)
        steps.append({"backend": backend, "precision": precision, **one})
    best = _best(steps)
    show(report.steps_text(steps, best))
    forecasts = []
    for number, recipe in enumerate(recipes if best else (), 1):
        number += len(settings)
        _announce(f"{recipe} ({number} of {count}) ...")
        flags = [f"--steps={options.steps}"] if options.steps else []
        if recipe in IMAGE_RECIPES:
            flags.append(f"--precision={best['precision']}")
        one = _rehearsed(rehearse, recipe, flags, best["backend"])
        forecasts.append({"recipe": recipe, **one})
    if forecasts:
        show(report.forecasts_text(forecasts, best, machine))
    return steps, forecasts, best


def _rehearsed(
    rehearse: Rehearse, recipe: str, flags: Sequence[str], backend: str
) -> dict[str, Any]:
    try:
        return rehearse(recipe, flags, backend)
    except RehearsalError as error:
        return {"error": str(error)}


def _best(steps: Sequence[dict]) -> dict | None:
    measured = [step for step in steps if "error" not in step]
    if not measured:
        return None
    best = min(measured, key=lambda step: step["milliseconds"])
    return {name: best[name] for name in ("backend", "precision")}


def _announce(text: str) -> None:
    print(text, file=sys.stderr, flush=True)

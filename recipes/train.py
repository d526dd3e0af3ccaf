"""Trains on images of one's own: the system and its settings are chosen.

    python -m recipes.train --preset=auto --dataset=folder:my_images
    python -m recipes.train --preset=auto --dataset=npz:set.npz --minutes=60

The images are looked at, and recipe, networks, size, batch, augmentation and
schedule chosen by the rules of docs/own-data.md, for 20 minutes or --minutes.
The choice is printed as a command that does the same. Other flags are those of
the chosen recipe (python -m recipes.sagan --help) and take the place of what
would be chosen.
"""

import dataclasses
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from recipes import lga, msg_gan, sagan
from recipes.common.announce import announce_import
from recipes.common.auto import Choice, choose
from recipes.common.backend import keras_backend
from recipes.common.flags import flag_kinds
from recipes.common.light import without_keras
from recipes.common.main import image_recipe, one_line_errors

with without_keras():
    from keras_gans.cli.quiet import import_keras
    from keras_gans.presets.flags import HELP, flag_texts

RECIPES: dict[str, tuple[str, ModuleType]] = {
    "sagan": ("SAGAN", sagan),
    "lga": ("LGAGAN", lga),
    "msg_gan": ("MSGGAN", msg_gan),
}
PRESET = "auto"


def main(argv: Sequence[str] | None = None) -> None:
    """Chooses a recipe for the images of a command line, and runs it.

    Args:
        argv: The command line, the program's name first; that of the process
            by default.
    """
    with one_line_errors():
        given = _given(sys.argv if argv is None else argv)
        if HELP in given:
            print(__doc__)
            return
        choice, notes = _chosen(given)
    print("\n".join(choice.reasons))
    print(f"The same by flags:\n  {choice.command}", flush=True)
    model, module = RECIPES[choice.recipe]
    image_recipe(
        choice.recipe,
        model,
        module.Config,
        module.PRESETS,
        module.__doc__,
        argv=[choice.recipe, *choice.arguments],
        notes={PRESET: notes},
    )


def _given(argv: Sequence[str]) -> dict[str, str]:
    """Returns the text of each flag, checked, but for the preset."""
    kinds = {}
    for _, module in RECIPES.values():
        kinds |= flag_kinds(module.Config)
    texts = flag_texts(kinds, argv)
    if HELP in texts:
        return texts
    preset = texts.pop("preset", PRESET)
    if preset != PRESET:
        raise ValueError(
            f"--preset must be {PRESET} here. Received: {preset!r}. Other "
            f"presets are those of a recipe: {', '.join(RECIPES)}."
        )
    values = {
        name: kinds[name].parse(f"--{name}", text)
        for name, text in texts.items()
    }
    if "steps" in texts and values.get("minutes") is not None:
        raise ValueError(
            "A run is as long as --minutes or as --steps says. Received both. "
            "Leave one of them out."
        )
    if "dataset" not in texts:
        raise ValueError(
            "--preset=auto is for images of your own. Received no --dataset. "
            "Give, for example, --dataset=folder:my_images."
        )
    suffix = "" if keras_backend() == "tensorflow" else f"-{keras_backend()}"
    return {"run_dir": f"runs/{PRESET}{suffix}"} | texts


def _chosen(given: dict[str, str]) -> tuple[Choice, dict[str, Any]]:
    """Looks at the images and returns the choice, and a record of it."""
    announce_import()
    import_keras()
    from keras_gans.data.advice import is_conditional, problems
    from keras_gans.data.inspection import inspect_images
    from keras_gans.presets.fields import TRUE

    data_dir = given.get("data_dir") or None
    found = inspect_images(given["dataset"], data_dir=data_dir)
    skipped = given.get("skip_bad_images", "") in TRUE
    usable = dataclasses.replace(found, num_bad=0) if skipped else found
    if problems(usable):
        raise ValueError(f"{found.name}: {'; '.join(problems(usable))}.")
    conditional = is_conditional(found)
    if "conditional" in given:
        conditional = given["conditional"] in TRUE
    if "channels" in given:
        grey = found.num_images if given["channels"] == "1" else 0
        found = dataclasses.replace(found, grey=grey)
    choice = choose(found, given, conditional)
    notes = {
        "images": found.num_images,
        "classes": len(found.class_counts),
        "command": choice.command,
        "reasons": list(choice.reasons),
    }
    return choice, notes


if __name__ == "__main__":
    main()

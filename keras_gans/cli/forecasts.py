"""Forecasts of recipes, each from a rehearsal in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence

from keras_gans.cli.installation import last_line

# A step may take a second, and a network minutes to compile.
PATIENCE = 900
# Arguments: the recipe, its flags, the backend.
Rehearse = Callable[[str, Sequence[str], str], dict]


class RehearsalError(Exception):
    """A rehearsal that failed; its text is the last line of what it said."""


def rehearse(recipe: str, flags: Sequence[str], backend: str) -> dict:
    """Returns the fields of a `recipes.common.forecast.Forecast`.

    Args:
        recipe: Name of the recipe.
        flags: Its flags, and those of the rehearsal.
        backend: Of Keras.

    Raises:
        RehearsalError: If the process fails or takes too long.
    """
    command = [sys.executable, "-m", "recipes.common.forecast", recipe, *flags]
    with tempfile.TemporaryFile("w+") as log:
        try:
            process = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                check=False,
                timeout=PATIENCE,
                env=os.environ
                | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
            )
        except subprocess.TimeoutExpired:
            raise RehearsalError(f"longer than {PATIENCE} seconds") from None
        log.seek(0)
        said = log.read()
    answer = last_line(process.stdout)
    if process.returncode or not answer.startswith("{"):
        status = f"status {process.returncode}"
        raise RehearsalError(last_line(said) or status)
    return json.loads(answer)

"""Forecasts of recipes, each from a rehearsal in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from typing import TextIO

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
        answer, leaving, status = _followed(command, backend, log)
        log.seek(0)
        said = log.read()
    if status < 0:
        raise RehearsalError(
            f"stopped by signal {-status}: out of memory, or after more than "
            f"{PATIENCE} seconds"
        )
    if status or not answer.startswith("{"):
        raise RehearsalError(last_line(said) or f"status {status}")
    found = json.loads(answer)
    if found["total"] is not None:
        found["total"] += leaving
    return found


def _followed(
    command: Sequence[str], backend: str, log: TextIO
) -> tuple[str, float, int]:
    """Returns a process's last line, how long it took to end then, its status.

    The data pipeline of a run is torn down for seconds after its last word.
    """
    environment = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env=os.environ | environment,
    )
    patience = threading.Timer(PATIENCE, process.kill)
    patience.start()
    answer, said = "", time.perf_counter()
    try:
        for line in process.stdout:
            answer, said = line.strip(), time.perf_counter()
        status = process.wait()
    finally:
        # After an interrupt it would go on.
        patience.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
    return answer, time.perf_counter() - said, status

"""The command `keras-gans`."""

import contextlib
import importlib
import os
import pathlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from keras_gans.checks import did_you_mean


class Command(NamedTuple):
    """A command, whose module has a function `run(argv)` to exit status.

    Attributes:
        module: Imported when the command is given.
        usage: The line that shows how it is written.
        summary: What it does.
        interrupted: What an interrupt leaves.
        needs_keras: Whether it needs the whole library. One that does not
            works where Keras cannot be imported.
    """

    module: str
    usage: str
    summary: str
    interrupted: str
    needs_keras: bool = True


COMMANDS = {
    "evaluate": Command(
        "keras_gans.cli.evaluate",
        "evaluate --samples=PATH --reference=DATA [--name=value ...]",
        "Scores generated images against real ones.",
        "no scores were written",
    ),
    "average": Command(
        "keras_gans.cli.average",
        "average RUN_DIR [--name=value ...]",
        "Makes and scores averages of a run's generator, after training.",
        "no average was written",
    ),
    "doctor": Command(
        "keras_gans.cli.doctor",
        "doctor [--dataset=DATA] [--name=value ...]",
        "Checks the machine and the installation, forecasts the recipes' "
        "time;\n  or checks images before they are trained on.",
        "no report was written",
        needs_keras=False,
    ),
}
USAGE_ERROR = 2
INTERRUPTED = 130


def commanded(argv: Sequence[str]) -> Command | None:
    """Returns the command that a process was started for, or None.

    Args:
        argv: What the process was started with, `sys.orig_argv`.

    Example:
    >>> started = ["python", "-m", "keras_gans", "doctor", "--quick"]
    >>> commanded(started).needs_keras
    False
    >>> commanded(["python", "train.py", "doctor"])
    """
    for option, program, name in zip(argv, argv[1:], argv[2:], strict=False):
        if name in COMMANDS and (
            (option, program) == ("-m", "keras_gans")
            or pathlib.PurePath(program).stem == "keras-gans"
        ):
            return COMMANDS[name]
    return None


def usage() -> str:
    """Returns how each command is written and what it does."""
    lines = ["usage:"]
    for command in COMMANDS.values():
        lines += [f"keras-gans {command.usage}", f"  {command.summary}"]
    lines += ["", "keras-gans COMMAND --help lists the flags of a command."]
    return "\n".join([*lines, ""])


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status.

    Wrong flags and data are one line on stderr and status 2, an interrupt is
    status 130. With KERAS_GANS_TRACEBACK=1 errors keep their traceback.

    Args:
        argv: Command and flags; those of the process by default.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv:
        return _fail(usage().rstrip())
    if argv[0] in ("-h", "--help"):
        print(usage(), end="")
        return 0
    if argv[0] not in COMMANDS:
        return _fail(
            f"The command must be one of {', '.join(COMMANDS)}. Received: "
            f"{argv[0]!r}.{did_you_mean(argv[0], COMMANDS)}"
        )
    # What TensorFlow logs is noise to a user.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    command = COMMANDS[argv[0]]
    with _noted_interrupts() as interrupts:
        try:
            return importlib.import_module(command.module).run(argv[1:])
        except (Exception, KeyboardInterrupt) as error:
            if interrupts:
                text = f"interrupted: {command.interrupted}."
                return _fail(text, INTERRUPTED)
            mendable = isinstance(error, ValueError | OSError)
            if not mendable or os.environ.get("KERAS_GANS_TRACEBACK") == "1":
                raise
            return _fail(f"error: {error}")


@contextlib.contextmanager
def _noted_interrupts() -> Iterator[list[int]]:
    """Yields a list that gets the signal of every interrupt.

    TensorFlow's C code turns an interrupt within it into other exceptions.
    """
    interrupts = []

    def note(number, frame):
        interrupts.append(number)
        raise KeyboardInterrupt

    handler = signal.getsignal(signal.SIGINT)
    # A job in the background ignores interrupts, and threads may not handle.
    if handler is not signal.default_int_handler or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield interrupts
        return
    signal.signal(signal.SIGINT, note)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, handler)


def _fail(text: str, status: int = USAGE_ERROR) -> int:
    print(text, file=sys.stderr)
    return status

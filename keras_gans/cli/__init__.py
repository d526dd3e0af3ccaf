"""The command `keras-gans`."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence

from keras_gans.checks import did_you_mean

COMMANDS = ("evaluate",)
USAGE_ERROR = 2
INTERRUPTED = 130

_USAGE = """\
usage: keras-gans evaluate --samples=PATH --reference=DATA [--name=value ...]

Scores generated images against real ones; keras-gans evaluate --help lists
the flags.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit status.

    Wrong flags and data are one line on stderr and status 2, an interrupt is
    status 130. With KERAS_GANS_TRACEBACK=1 errors keep their traceback.

    Args:
        argv: Command and flags; those of the process by default.
    """
    argv = list(sys.argv[1:] if argv is None else argv)
    if not argv:
        return _fail(_USAGE.rstrip())
    if argv[0] in ("-h", "--help"):
        print(_USAGE, end="")
        return 0
    if argv[0] not in COMMANDS:
        return _fail(
            f"The command must be one of {', '.join(COMMANDS)}. Received: "
            f"{argv[0]!r}.{did_you_mean(argv[0], COMMANDS)}"
        )
    # What TensorFlow logs is noise to a user.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from keras_gans.cli.evaluate import evaluate
    from keras_gans.cli.flags import read_options

    with _noted_interrupts() as interrupts:
        try:
            options = read_options(argv[1:])
            if options:
                evaluate(options)
        except (Exception, KeyboardInterrupt) as error:
            if interrupts:
                text = "interrupted: no scores were written."
                return _fail(text, INTERRUPTED)
            mendable = isinstance(error, ValueError | OSError)
            if not mendable or os.environ.get("KERAS_GANS_TRACEBACK") == "1":
                raise
            return _fail(f"error: {error}")
    return 0


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

"""Says of long work, before it, what it is and how long it takes.

On the standard error, as the progress of reading images: what a run prints
begins with its headline.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from recipes.common.light import without_keras
from recipes.common.plan import duration

with without_keras():
    from keras_gans.environment import configured_backend

# Seconds of batches by which the time of all is told.
MEASURED = 1.0


def announce(text: str, end: str = "\n") -> None:
    """Prints a line at once."""
    # Both streams may be one file.
    sys.stdout.flush()
    print(text, end=end, file=sys.stderr, flush=True)


def announce_import() -> None:
    """Says that Keras will be imported, if it has not been."""
    if "keras" not in sys.modules:
        announce(
            f"Importing Keras and {configured_backend()}, some seconds, or up "
            "to a minute for the first time ..."
        )


def first_step(traced: bool, timed: bool) -> str:
    """Returns what to say before the first training step.

    Args:
        traced: Whether the backend traces and compiles it.
        timed: Whether steps are timed, on PyTorch once they run from their
            graph.
    """
    if traced:
        return (
            "Tracing the training step, which takes up to a minute, or more "
            "with large networks ..."
        )
    if timed:
        return "Timing the training step, which takes some 15 seconds ..."
    return "Starting the training step ..."


class Announced:
    """Batches of which it is said how long the work on all of them takes.

    The line begins with what is done, when the first batch is asked for, and
    is ended once batches were worked on for a second. The first one does not
    count, in which programs may be compiled.

    Args:
        batches: Iterable of arrays, or of tuples that begin with them.
        count: How many elements they have together.
        what: What is done with them.
        clock: Function that returns seconds.

    Attributes:
        seconds: Of the work on an element, 0 until two batches were worked
            on.

    Example:
    >>> batches = Announced([[1, 2], [3]], 3, "Adding 3 numbers")
    >>> sum(map(sum, batches))
    6
    """

    def __init__(
        self,
        batches: Iterable,
        count: int,
        what: str,
        clock: Callable[[], float] = time.perf_counter,
    ):
        self.batches, self.count, self.what = batches, count, what
        self.clock = clock
        self.seconds = 0.0

    def __iter__(self) -> Iterator[Any]:
        announce(f"{self.what}: ", end="")
        since = said = None
        seen = 0
        try:
            for batch in self.batches:
                yield batch
                now = self.clock()
                if since is None:
                    since = now
                    continue
                seen += len(batch[0] if isinstance(batch, tuple) else batch)
                self.seconds = (now - since) / seen
                if said is None and now - since >= MEASURED:
                    said = duration(self.count * self.seconds)
                    announce(f"about {said}.")
        finally:
            # What takes the last element does not ask for another.
            if said is None:
                announce("done.")

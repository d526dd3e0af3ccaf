"""Decodes many images in threads, and tells which of them are bad."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from keras_gans.data.sources import worker_count

# Longer work than this shows its progress.
_PROGRESS_FROM = 2000
_CHUNK = 512
_NAMED = 5


def read_images(
    items: Iterable[Any],
    decode: Callable[[Any], np.ndarray],
    *,
    count: int,
    image_shape: Sequence[int],
    keep_pixels: bool = True,
) -> tuple[np.ndarray | None, dict[int, str]]:
    """Decodes every item once.

    Args:
        items: What `decode` takes; read lazily.
        decode: Gives uint8 pixels of `image_shape`, or raises.
        count: Number of items; more are not read.
        image_shape: `(resolution, resolution, channels)`.
        keep_pixels: False only checks that the items can be decoded.

    Returns:
        The pixels of the good items in their order, or None; and the reason
        for each bad item by its index.
    """
    images = np.empty((count, *image_shape), np.uint8) if keep_pixels else None
    bad, good, done = {}, 0, 0
    for pixels in _decoded(itertools.islice(items, count), decode):
        if isinstance(pixels, str):
            bad[done] = pixels
        else:
            if images is not None:
                images[good] = pixels
            good += 1
        done += 1
        _show_progress(done, count)
    return (None if images is None else images[:good]), bad


def bad_images_error(
    where: str, bad: Sequence[tuple[str, str]], total: int
) -> ValueError:
    """Returns the error that names up to five bad images and counts all.

    Args:
        where: The set, in the form of `--dataset`.
        bad: Pairs of a file and what is wrong with it.
        total: Number of files.
    """
    named = "".join(f"\n  {name}: {why}" for name, why in bad[:_NAMED])
    more = len(bad) - _NAMED
    return ValueError(
        f"Every file of {where} must be a complete image. Received: "
        f"{len(bad):,} of {total:,} that are not:{named}"
        + (f"\n  and {more:,} more" if more > 0 else "")
        + "\nRepair or remove them, or skip them with --skip_bad_images "
        "(skip_bad_images=True)."
    )


def report_skipped(
    where: str, bad: Sequence[tuple[str, str]], total: int
) -> None:
    """Says on stderr how many bad images are left out, and names some."""
    named = ", ".join(name for name, _ in bad[:_NAMED])
    more = ", ..." if len(bad) > _NAMED else ""
    print(
        f"{where}: skipped {len(bad):,} bad of {total:,} files ({named}{more})",
        file=sys.stderr,
    )


def _decoded(
    items: Iterator[Any], decode: Callable[[Any], np.ndarray]
) -> Iterator[np.ndarray | str]:
    def attempt(item: Any) -> np.ndarray | str:
        try:
            return decode(item)
        except MemoryError:
            raise
        except Exception as error:
            # Pillow's readers raise nearly anything on damaged bytes.
            return f"{str(error) or type(error).__name__}"

    with ThreadPoolExecutor(worker_count()) as pool:
        # In chunks, since a pool would hold every result of a large set.
        while chunk := list(itertools.islice(items, _CHUNK)):
            yield from pool.map(attempt, chunk)


def _show_progress(done: int, count: int) -> None:
    if count <= _PROGRESS_FROM or (done % _CHUNK and done != count):
        return
    end = "\n" if done == count else ""
    print(
        f"\rReading images: {done:,} of {count:,}",
        end=end,
        file=sys.stderr,
        flush=True,
    )

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
    where: str,
    items: Iterable[Any],
    decode: Callable[[Any], np.ndarray],
    *,
    names: Sequence[str],
    count: int,
    image_shape: Sequence[int],
    skip_bad_images: bool,
    keep_pixels: bool = True,
) -> tuple[np.ndarray | None, list[int], list[str]]:
    """Decodes every item once.

    Says on stderr how many bad images are left out, and names some.

    Args:
        where: The set, in the form of `--dataset`.
        items: What `decode` takes; read lazily.
        decode: Gives uint8 pixels of `image_shape`, or raises.
        names: Of the items; each must be there once its item is decoded.
        count: Number of items; more are not read.
        image_shape: `(resolution, resolution, channels)`.
        skip_bad_images: Whether to leave out items that do not decode.
        keep_pixels: False only checks that the items can be decoded.

    Returns:
        The pixels of the good items in their order, or None; the indices of
        these; and the names of the bad items.

    Raises:
        ValueError: if there are bad items that are not to be skipped; it
            names up to five and counts all.
    """
    images = np.empty((count, *image_shape), np.uint8) if keep_pixels else None
    good, bad = [], []
    pictures = decoded(itertools.islice(items, count), decode)
    for index, pixels in enumerate(pictures):
        if isinstance(pixels, str):
            bad.append((names[index], pixels))
        else:
            if images is not None:
                images[len(good)] = pixels
            good.append(index)
        show_progress(index + 1, count)
    if bad:
        total = len(good) + len(bad)
        if not skip_bad_images:
            raise _bad_images_error(where, bad, total)
        named = ", ".join(name for name, _ in bad[:_NAMED])
        more = ", ..." if len(bad) > _NAMED else ""
        print(
            f"{where}: skipped {len(bad):,} bad of {total:,} files "
            f"({named}{more})",
            file=sys.stderr,
        )
    if images is not None:
        images = images[: len(good)]
    return images, good, [name for name, _ in bad]


def _bad_images_error(
    where: str, bad: Sequence[tuple[str, str]], total: int
) -> ValueError:
    named = "".join(f"\n  {name}: {why}" for name, why in bad[:_NAMED])
    more = len(bad) - _NAMED
    return ValueError(
        f"Every file of {where} must be a complete image. Received: "
        f"{len(bad):,} of {total:,} that are not:{named}"
        + (f"\n  and {more:,} more" if more > 0 else "")
        + "\nRepair or remove them, or skip them with --skip_bad_images "
        "(skip_bad_images=True)."
    )


def decoded(
    items: Iterator[Any], decode: Callable[[Any], Any]
) -> Iterator[Any | str]:
    """Yields what `decode` gives for each item, or why it raises.

    Works in threads, a chunk of items ahead.
    """

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


def show_progress(done: int, count: int) -> None:
    """Shows on stderr how many of many images are read."""
    if count <= _PROGRESS_FROM or (done % _CHUNK and done != count):
        return
    end = "\n" if done == count else ""
    print(
        f"\rReading images: {done:,} of {count:,}",
        end=end,
        file=sys.stderr,
        flush=True,
    )

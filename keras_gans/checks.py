"""Checks of arguments, made before any work starts; needs no Keras."""

import difflib
import operator
from collections.abc import Iterable, Sequence
from typing import Any

MAX_SEED = 2**63 - 1


def nearest(received: Any, allowed: Iterable[Any]) -> Any | None:
    """Returns the allowed value most like the received one, None if none is.

    Text is compared without regard to case, numbers by their distance.
    """
    if not isinstance(received, str):
        return min(allowed, key=lambda v: abs(v - received), default=None)
    lower = {str(value).lower(): value for value in allowed}
    matches = difflib.get_close_matches(received.lower(), lower, 1, 0.5)
    return lower[matches[0]] if matches else None


def did_you_mean(received: Any, allowed: Iterable[Any]) -> str:
    """Returns ` Did you mean 'x'?`, or nothing if nothing allowed is near."""
    match = nearest(received, allowed)
    return "" if match is None else f" Did you mean {match!r}?"


def one_of(name: str, value: Any, allowed: Iterable[Any]) -> Any:
    """Returns `value`, which must be one of the allowed ones.

    Args:
        name: Of the argument, as the user wrote it.
        value: What was received.
        allowed: What it may be.

    Raises:
        ValueError: If it is none of them; the message names the nearest.
    """
    allowed = tuple(allowed)
    # Lists and arrays cannot be looked up, and are never allowed.
    if not isinstance(value, str | int | float) or value not in allowed:
        hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(str, allowed))}. "
            f"Received: {name}={value!r}.{hint}"
        )
    return value


def integer(
    name: str, value: Any, *, minimum: int = 1, maximum: int = MAX_SEED
) -> int:
    """Returns `value` as an int of [minimum, maximum].

    Raises:
        ValueError: If it is no integer, or outside of the range.
    """
    limits = f"at least {minimum}"
    if maximum != MAX_SEED or name == "seed":
        limits = f"from {minimum} to {maximum}"
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or not minimum <= number <= maximum:
        raise ValueError(
            f"`{name}` must be an integer, {limits}. "
            f"Received: {name}={value!r}."
        )
    return number


def channel_count(value: Any) -> int:
    """Returns the number of channels, 1 (grey) or 3 (RGB).

    Raises:
        ValueError: If it is anything else.
    """
    if value not in (1, 3) or isinstance(value, bool):
        raise ValueError(
            "`channels` must be 1 (grey) or 3 (RGB). "
            f"Received: channels={value!r}."
        )
    return int(value)


def one_or_two(name: str, value: Any) -> int | tuple[int, int]:
    """Returns a length, or height and width if these differ.

    Args:
        name: Of the argument, as the user wrote it.
        value: Positive int, or a pair of such.

    Raises:
        ValueError: If it is neither.

    Example:
    >>> one_or_two("size", 4), one_or_two("size", [4, 4])
    (4, 4)
    >>> one_or_two("size", [4, 8])
    (4, 8)
    """
    if not isinstance(value, list | tuple) or len(value) != 2:
        return integer(name, value)
    height, width = (integer(name, length) for length in value)
    return height if height == width else (height, width)


def sides(resolution: int | Sequence[int]) -> tuple[int, int]:
    """Returns height and width of images of a resolution.

    Args:
        resolution: Side of square images in pixels, or height and width.

    Raises:
        ValueError: If it is neither, or a side is no positive integer.

    Example:
    >>> sides(32), sides([32, 64])
    ((32, 32), (32, 64))
    """
    pair = (resolution, resolution)
    if isinstance(resolution, list | tuple) and len(resolution) == 2:
        pair = resolution
    height, width = (integer("resolution", side) for side in pair)
    return height, width


def as_resolution(height: int, width: int) -> int | tuple[int, int]:
    """Returns the resolution of images: one side if they are square."""
    return height if height == width else (height, width)

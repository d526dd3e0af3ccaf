"""Checks of arguments, made before any work starts."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable
from typing import Any

MAX_SEED = 2**63 - 1


def nearest(name: str, options: Iterable[str]) -> str:
    """Returns ` Did you mean 'option'?`, or nothing if no option is close."""
    matches = difflib.get_close_matches(
        name.lower(), [str(option) for option in options], n=1
    )
    return f" Did you mean '{matches[0]}'?" if matches else ""


def integer(
    name: str, value: Any, *, minimum: int, maximum: int = MAX_SEED
) -> int:
    """Returns `value` as an int of [minimum, maximum].

    Raises:
        ValueError: if it is no integer, or outside of the range.
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
        ValueError: if it is anything else.
    """
    if value not in (1, 3) or isinstance(value, bool):
        raise ValueError(
            "`channels` must be 1 (grey) or 3 (RGB). "
            f"Received: channels={value!r}."
        )
    return int(value)

"""Pure functions of tensors, made of functions that assign variables."""

from collections.abc import Callable, Sequence
from typing import Any

import keras


def call_pure(
    function: Callable, inputs: Sequence, state: list, values: list
) -> tuple[Any, dict[int, Any]]:
    """Returns `function(*inputs)`, and what it would have assigned.

    Args:
        function: Function of tensors.
        inputs: List of tensors.
        state: Every variable that the function reads.
        values: What it finds in them.

    Returns:
        What it returns, and the new values of those variables that it
        assigns, by their index in `state`.
    """
    mapping = zip(state, values, strict=True)
    with keras.StatelessScope(state_mapping=mapping) as scope:
        before = list(map(scope.get_current_value, state))
        outputs = function(*inputs)
        after = list(map(scope.get_current_value, state))
    return outputs, {
        index: new
        for index, (old, new) in enumerate(zip(before, after, strict=True))
        if new is not old
    }


def assign(state: list, changed: dict[int, Any]) -> None:
    """Assigns to `state` what `call_pure` returned besides the outputs."""
    for index, value in changed.items():
        state[index].assign(value)

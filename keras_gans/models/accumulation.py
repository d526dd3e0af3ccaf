"""Gradients of a batch that is too large for the memory, part by part."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.layers.fixed import is_fixed

_map = keras.tree.map_structure


def accumulated_gradients(
    objective: Callable[..., tuple[Any, dict]],
    batch: Sequence[Any],
    parts: int,
    network: keras.Model,
    state: list[keras.Variable],
    logs: Iterable[str] = (),
    further: Iterable[keras.Variable] = (),
) -> tuple[tuple[Any, dict], list[Any]]:
    """Returns the mean of an objective over parts of a batch, with gradients.

    With K equal parts p of the batch and weights w,

        L = 1/K Σ_p L_p,    ∇_w L = 1/K Σ_p ∇_w L_p,

    which are the loss and the gradient of the whole batch where L is a mean
    over images that do not see one another. Every part starts from the same
    buffers, and the mean of what the parts make of them stays: spectral
    vectors move as they would with the whole batch, and so do moving means.
    Random seeds go on from part to part. One part's activations are in memory
    at a time.

    Args:
        objective: Function from a part of the batch to a float32 scalar, the
            loss, and a dict of others, whose means are returned too.
        batch: Tensors of one first dimension, a multiple of `parts`, lists
            of such, or None. Part k has the entries k, k + K, k + 2K ...
        parts: Positive int K.
        network: Model whose trainable variables the gradients are for, and
            whose buffers the objective moves.
        state: Every variable that the objective may read or assign.
        logs: Names of the other scalars.
        further: Buffers that it moves besides the network's.
    """
    variables = network.trainable_variables
    moving = [w for w in network.non_trainable_weights if not is_fixed(w)]
    buffers = list(filter(_is_float, [*moving, *further]))
    seeds = [variable for variable in state if not _is_float(variable)]
    batch = _for_tensors(
        lambda tensor: ops.reshape(tensor, (-1, parts, *tensor.shape[1:])),
        batch,
    )
    start = list(map(ops.convert_to_tensor, buffers))

    def add_part(index, carry):
        total, seed_values = carry
        # The last entry of a variable counts. A scope hides the one around
        # it, so that it needs all of them.
        mapping = [
            *zip(state, state, strict=True),
            *zip(buffers, start, strict=True),
            *zip(seeds, seed_values, strict=True),
        ]
        part = _for_tensors(lambda tensor: tensor[:, index], batch)
        with keras.StatelessScope(state_mapping=mapping) as scope:
            value, gradients = backend.value_and_gradients(
                partial(objective, *part), variables, state
            )
        moved, seed_values = (
            [
                ops.stop_gradient(scope.get_current_value(variable))
                for variable in chosen
            ]
            for chosen in (buffers, seeds)
        )
        total = _map(ops.add, total, [value, gradients, moved])
        return total, seed_values

    weights = list(map(ops.convert_to_tensor, variables))
    zeros = _map(ops.zeros_like, [weights, start])
    none = (ops.zeros(()), {name: ops.zeros(()) for name in logs})
    total, seed_values = backend.loop(
        parts,
        add_part,
        ([none, *zeros], list(map(ops.convert_to_tensor, seeds))),
    )
    value, gradients, moved = _map(lambda tensor: tensor / parts, total)
    for variable, new in zip(
        [*buffers, *seeds], [*moved, *seed_values], strict=True
    ):
        variable.assign(new)
    return value, gradients


def _for_tensors(function, nested):
    return _map(lambda x: None if x is None else function(x), nested)


def _is_float(variable):
    return keras.backend.is_float_dtype(variable.dtype)

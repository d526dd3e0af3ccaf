"""A network cut into pieces where little is passed on."""

import bisect
import dataclasses
import itertools
import math
import re

import keras

# Largest pieces that are tried when the cuts are chosen.
TRIED_SIZES = 64


@dataclasses.dataclass(frozen=True)
class Segment:
    """A piece of a network.

    Attributes:
        model: From the tensors that the piece takes to those that it gives;
            it shares its layers, and so its weights, with the network.
        inputs: Names of the former: those of the network's inputs, and of
            what earlier pieces gave.
        outputs: Names of the latter.
    """

    model: keras.Model
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Segments:
    """A network as a sequence of pieces.

    Attributes:
        inputs: Names of the network's inputs, in their order.
        outputs: Names of its outputs.
        pieces: The pieces, in the order in which they run.
    """

    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    pieces: tuple[Segment, ...]


@dataclasses.dataclass(frozen=True)
class _Call:
    """A layer's call in a network, and the tensors it gives."""

    layer: keras.Operation
    arguments: tuple[tuple, dict]
    outputs: list[keras.KerasTensor]

    @property
    def inputs(self) -> list[keras.KerasTensor]:
        """The tensors among the arguments."""
        return list(filter(_is_tensor, keras.tree.flatten(self.arguments)))


def segments(network: keras.Model) -> Segments:
    """Cuts a network so that little is alive at once when it runs backward.

    A backward pass that computes each piece's features again, shortly before
    it needs them, holds what is passed on between pieces and the features of
    one piece. With the calls 1, ..., n of layers in order, a_k the bytes that
    call k gives and c_k those that calls up to k gave to later ones, inputs
    and outputs of the network apart, the cuts k_1 < ... < k_m minimize

        Σ_j c_{k_j} + max_j Σ_{k_j < k ≤ k_{j+1}} a_k.

    For n equal layers in a row these are about sqrt(n) pieces. What layers
    compute inside does not count.

    Args:
        network: Functional or Sequential model.

    Returns:
        The pieces. Run one after the other, they are the network.

    Example:
    >>> inputs = keras.Input((8,))
    >>> features = inputs
    >>> for _ in range(9):
    ...     features = keras.layers.Dense(8)(features)
    >>> network = keras.Model(inputs, features)
    >>> [len(piece.model.layers) - 1 for piece in segments(network).pieces]
    [3, 3, 3]

    Reference: [Chen et al., 2016](https://arxiv.org/abs/1604.06174), §4.
    """
    inputs, outputs, calls = _recorded(network)
    calls = _ordered(calls, outputs)
    ends = _cuts(
        [sum(map(_bytes, call.outputs)) for call in calls],
        [sum(map(_bytes, alive)) for alive in _alive(calls, inputs, outputs)],
    )
    pieces = tuple(
        _segment(calls[start:end], calls[end:], outputs)
        for start, end in itertools.pairwise([0, *ends])
    )
    return Segments(tuple(map(id, inputs)), tuple(map(id, outputs)), pieces)


def _recorded(network):
    """Returns inputs, outputs and calls of the network, on new tensors."""
    calls = []

    def call_function(layer, *args, **kwargs):
        result = layer(*args, **kwargs)
        calls.append(_Call(layer, (args, kwargs), keras.tree.flatten(result)))
        return result

    network = keras.Model(network.inputs, network.outputs)
    copy = keras.models.clone_model(
        network,
        clone_function=lambda layer: layer,
        call_function=call_function,
    )
    return copy.inputs, copy.outputs, calls


def _ordered(calls, outputs):
    """Returns the calls in an order in which few tensors wait.

    A branch starts where it is joined: of what a call takes, the longest
    branch runs first, and outputs of the network run as soon as they can.
    """
    makers = {id(tensor): call for call in calls for tensor in call.outputs}
    depths = {}
    for call in calls:
        depth = max((depths.get(id(t), 0) for t in call.inputs), default=0)
        depths.update({id(tensor): depth + 1 for tensor in call.outputs})
    ordered, seen = [], set()
    waiting = [
        (t, False) for t in sorted(outputs, key=lambda t: -depths[id(t)])
    ]
    while waiting:
        tensor, ready = waiting.pop()
        call = makers.get(id(tensor))
        if call is None or id(call) in seen:
            continue
        if ready:
            seen.add(id(call))
            ordered.append(call)
            continue
        waiting.append((tensor, True))
        # The last of the list is the first to run.
        waiting += [
            (t, False)
            for t in sorted(call.inputs, key=lambda t: depths.get(id(t), 0))
        ]
    return ordered


def _alive(calls, inputs, outputs):
    """Returns the tensors that are passed on after each call."""
    kept = {id(tensor) for tensor in [*inputs, *outputs]}
    last = {
        id(tensor): index
        for index, call in enumerate(calls)
        for tensor in call.inputs
    }
    alive, result = [], []
    for index, call in enumerate(calls):
        alive = [
            tensor
            for tensor in [*alive, *call.outputs]
            if id(tensor) not in kept and last.get(id(tensor), -1) > index
        ]
        result.append(alive)
    return result


def _cuts(sizes, passed):
    """Returns the ends of the pieces, the last of which is `len(sizes)`.

    Args:
        sizes: Bytes that each call gives.
        passed: Bytes that are passed on after each call.
    """
    total = [0, *itertools.accumulate(sizes)]
    low, high = max(sizes), total[-1]
    ratio = (high / low) ** (1 / (TRIED_SIZES - 1)) if low else 1.0
    found = []
    for limit in {low * ratio**power for power in range(TRIED_SIZES)}:
        found.append(_cuts_of_pieces_up_to(limit * (1 + 1e-9), total, passed))
    return min(found)[1]


def _cuts_of_pieces_up_to(limit, total, passed):
    """Returns the bytes that are alive, and the cuts that need fewest."""
    count = len(passed)
    # Least bytes passed on before each call, and the cut before that.
    costs, before = [0] + [math.inf] * count, [0] * (count + 1)
    for end in range(1, count + 1):
        first = bisect.bisect_left(total, total[end] - limit)
        before[end] = min(range(first, end), key=costs.__getitem__)
        costs[end] = costs[before[end]] + passed[end - 1]
    ends = [count]
    while before[ends[0]]:
        ends.insert(0, before[ends[0]])
    largest = max(
        total[end] - total[start]
        for start, end in itertools.pairwise([0, *ends])
    )
    return costs[count] + largest, ends


def _segment(calls, later, outputs):
    """Returns a model of the calls, which are made anew on its inputs."""
    made = {id(tensor) for call in calls for tensor in call.outputs}
    wanted = {id(tensor) for call in later for tensor in call.inputs}
    wanted.update(map(id, outputs))
    inputs = {
        id(tensor): keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype)
        for call in calls
        for tensor in call.inputs
        if id(tensor) not in made
    }
    tensors = dict(inputs)
    for call in calls:
        args, kwargs = keras.tree.map_structure(
            lambda x: tensors[id(x)] if _is_tensor(x) else x, call.arguments
        )
        results = keras.tree.flatten(call.layer(*args, **kwargs))
        tensors.update(zip(map(id, call.outputs), results, strict=True))
    outputs = {key: tensors[key] for key in tensors if key in made & wanted}
    return Segment(
        keras.Model(list(inputs.values()), list(outputs.values())),
        tuple(inputs),
        tuple(outputs),
    )


def _bytes(tensor):
    """Returns the bytes of one image; unknown dimensions count as 1."""
    bits = re.search(r"\d+", tensor.dtype)
    size = math.prod(dimension or 1 for dimension in tensor.shape[1:])
    return size * int(bits.group() if bits else 8) // 8


def _is_tensor(value):
    return isinstance(value, keras.KerasTensor)

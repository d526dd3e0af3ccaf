"""Training steps on PyTorch as graphs of operations.

In a small step most of the time goes by in Keras's Python between operations.
All backends but PyTorch trace a step once; here `make_fx` does, gradients
included, into a list of operations that is run from then on: those of the
step, in their order, with the same results to the last bit. It needs no
compiler.
"""

import collections
import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import torch
from torch import fx
from torch.fx.experimental.proxy_tensor import make_fx

from keras_gans.backend.torch_reuse import reuse_memory

# Seconds that steps of a form take before it is traced, which itself takes
# some; a model keeps a few forms, as a last batch's.
_PATIENCE, _MOST = 4.0, 4
# What a model draws at random in a step, before the operations that are traced.
_DRAWS = ("draw_latents", "draw_labels", "draw_augmentation")


class StepGraphs:
    """Runs a model's `adversarial_step(data)`, from a graph if there is one.

    Steps that cannot be traced run as they are: those whose operations depend
    on values, which drawing random numbers by a seed in the middle of a step
    does, those on other devices than CPUs, and with `run_eagerly`.

    Attributes:
        settled: Whether the latest step ran as the next ones will.
    """

    def __init__(self, model: keras.Model):
        self._model = model
        self._seconds = collections.Counter()
        self._graphs = {}
        self.settled = False

    def __call__(self, data: Any) -> dict[str, Any]:
        """Returns what `adversarial_step(data)` does."""
        step = self._model.adversarial_step
        device = self._model.optimizer.iterations.value.device.type
        form = _form(data)
        # A model that grows has other steps later.
        key = getattr(self._model, "phase", 0), form
        self.settled = True
        if self._model.run_eagerly or device != "cpu" or form is None:
            return step(data)
        graph = self._graphs.get(key)
        if graph is not None:
            return graph(data)
        of_phase = [kept for kept in self._graphs if kept[0] == key[0]]
        if key in self._graphs or len(of_phase) == _MOST:
            return step(data)
        started = time.perf_counter()
        with _draws_by(self._model, _recorder) as draws:
            logs = step(data)
        self._seconds[key] += time.perf_counter() - started
        self.settled = False
        if self._seconds[key] > _PATIENCE:
            self._graphs[key] = _traced(self._model, data, draws)
        return logs


def _traced(model, data, draws):
    """Returns a step's graph, or None."""
    # Whatever fails: the step is right without a graph, and stays so.
    with contextlib.suppress(Exception):
        return _Graph(model, data, draws)


class _Graph:
    """One form of a step of a model."""

    def __init__(self, model, data, draws):
        self._model, self._draws = model, [draw[:2] for draw in draws]
        self._variables = _variables(model)
        self._names = []
        drawn = [value for *_, value in draws]
        # The step is run on copies: it counts no second time.
        copies = [_copy(variable._value) for variable in self._variables]
        inputs = [*_leaves(data), *drawn]
        counts = len(_leaves(data)), len(inputs)

        def function(*inputs):
            leaves, drawn = inputs[: counts[0]], inputs[counts[0] : counts[1]]
            with _values(self._variables, inputs[counts[1] :]):
                with _draws_by(model, _player(drawn)):
                    logs = model.adversarial_step(_packed(data, leaves))
            self._names = list(logs)
            return list(logs.values())

        module = make_fx(function)(*inputs, *copies)
        self._run = _tidied(module).forward

    def __call__(self, data):
        drawn = [
            getattr(self._model, name)(*args) for name, args in self._draws
        ]
        values = [variable._value for variable in self._variables]
        with torch.no_grad():
            outputs = self._run(*_leaves(data), *drawn, *values)
        return dict(zip(self._names, outputs, strict=True))


def _variables(model):
    """Returns every variable that a step may read or assign, once."""
    owners = [model, model.optimizer, *model.metrics]
    return list({id(v): v for each in owners for v in each.variables}.values())


def _form(data):
    """Returns shapes and types, or None for what is not all arrays."""
    leaves = keras.tree.flatten(data)
    if not all(leaf is None or hasattr(leaf, "dtype") for leaf in leaves):
        return None
    return tuple(
        None if leaf is None else (tuple(leaf.shape), str(leaf.dtype))
        for leaf in leaves
    )


def _leaves(data):
    return [
        keras.ops.convert_to_tensor(leaf)
        for leaf in keras.tree.flatten(data)
        if leaf is not None
    ]


def _packed(data, leaves):
    """Returns the structure of `data` with other tensors."""
    left = iter(leaves)
    flat = [
        None if leaf is None else next(left)
        for leaf in keras.tree.flatten(data)
    ]
    return keras.tree.pack_sequence_as(data, flat)


def _copy(value):
    return value.detach().clone().requires_grad_(value.requires_grad)


@contextlib.contextmanager
def _values(variables: list, values: list) -> Iterator[None]:
    """Lets variables have other values for a while."""
    before = [variable._value for variable in variables]
    try:
        for variable, value in zip(variables, values, strict=True):
            variable._value = value
        yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            variable._value = value


@contextlib.contextmanager
def _draws_by(model: Any, make: Callable) -> Iterator[list]:
    """Replaces a model's draws; yields a list of those that were made."""
    draws = []
    own = vars(model)
    # A model may have been given others of its own.
    before = {name: own[name] for name in _DRAWS if name in own}
    for name in _DRAWS:
        own[name] = make(name, getattr(model, name), draws)
    try:
        yield draws
    finally:
        for name in _DRAWS:
            del own[name]
        own.update(before)


def _recorder(name, draw, draws):
    def drawing(*args):
        value = draw(*args)
        draws.append((name, args, value))
        return value

    return drawing


def _player(drawn):
    """Makes draws that return what has been drawn, in this order."""
    values = iter(drawn)

    def make(name, draw, draws):
        del name, draw, draws
        return lambda *args: next(values)

    return make


def _tidied(module: fx.GraphModule) -> fx.GraphModule:
    """Returns a traced step without what changes nothing.

    Raises:
        ValueError: If it changes a constant, which is then a variable that
            the model does not know of, or draws random numbers.
    """
    aten, graph = torch.ops.aten, module.graph
    for node in list(graph.nodes):
        same = node.target in (aten.detach.default, aten.alias.default)
        onto_itself = (
            node.target is aten.copy_.default and node.args[0] is node.args[1]
        )
        if same or onto_itself:
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)
    graph.eliminate_dead_code()
    for node in graph.nodes:
        if torch.Tag.nondeterministic_seeded in getattr(
            node.target, "tags", ()
        ):
            raise ValueError(f"The step draws random numbers: {node}.")
    reuse_memory(graph)
    graph.lint()
    module.recompile()
    return module

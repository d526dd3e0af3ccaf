"""Differentiation and training steps on PyTorch."""

import contextlib
from collections.abc import Callable
from typing import Any

import keras
import torch
import torch.utils.checkpoint

from keras_gans.backend.allocation import keep_freed_memory
from keras_gans.backend.pure import assign, call_pure
from keras_gans.backend.torch_graph import StepGraphs

JIT_COMPILE = False
BRANCHES = False
no_gradient = torch.no_grad
# Variables of a model may be made anywhere.
variable_scope = contextlib.nullcontext


def device_kind() -> str:
    """Returns what computes: `cpu`, `gpu`, or PyTorch's name, as `mps`."""
    kind = keras.ops.zeros(()).device.type
    return "gpu" if kind == "cuda" else kind


def timing_device(inputs: Any) -> str | None:
    """Returns the name of the inputs' device, None on CPUs."""
    kind = inputs.device.type
    if kind == "cuda":
        return torch.cuda.get_device_name(inputs.device)
    # Tensors of shapes alone are on `meta`.
    return None if kind in ("cpu", "meta") else kind


def value_and_gradients(
    objective: Callable, variables: list, state: list
) -> tuple[Any, list]:
    """Returns `objective()`, and its loss's gradients for `variables`."""
    del state  # Only functional backends need to be told what may change.
    value = objective()
    return _detached(value), _gradients(value, variables)


def value_and_pullback(
    function: Callable, variables: list, state: list
) -> tuple[Any, Callable]:
    """Returns `function()` and the pullback of its gradients."""
    del state
    value = function()

    def pullback(gradients):
        return _gradients(value, variables, _detached(gradients))

    return value, pullback


def _gradients(value, variables, upstream=None):
    """Returns gradients of a loss: the value's first tensor, or upstream."""
    outputs = keras.tree.flatten(value)
    return list(
        torch.autograd.grad(
            outputs if upstream is not None else outputs[0],
            [variable.value for variable in variables],
            grad_outputs=keras.tree.flatten(upstream),
            allow_unused=True,
            materialize_grads=True,
        )
    )


def _detached(value):
    return keras.tree.map_structure(lambda tensor: tensor.detach(), value)


def value_and_input_gradients(
    objective: Callable, inputs: Any, state: list, again: bool = False
) -> tuple[Any, Any]:
    """Returns `objective(inputs)`, and its loss's gradients for `inputs`."""
    del state
    inputs, flat = _sources(inputs)
    value = objective(inputs)
    loss = keras.tree.flatten(value)[0]
    gradients = torch.autograd.grad(loss, flat, create_graph=again)
    gradients = keras.tree.pack_sequence_as(inputs, list(gradients))
    return value if again else _detached(value), gradients


def input_gradients(function: Callable, inputs: Any, state: list) -> Any:
    """Returns the gradients of `sum(function(inputs))` for `inputs`."""
    inputs, flat = _sources(inputs)
    values = [variable.value for variable in state]
    outputs, _ = call_pure(function, [inputs], state, values)
    gradients = torch.autograd.grad(outputs.sum(), flat, create_graph=True)
    return keras.tree.pack_sequence_as(inputs, list(gradients))


def _sources(inputs):
    """Returns inputs that gradients may be asked for, and a list of them."""
    flat = [
        tensor if tensor.requires_grad else tensor.detach().requires_grad_()
        for tensor in keras.tree.flatten(inputs)
    ]
    return keras.tree.pack_sequence_as(inputs, flat), flat


def rematerialized(function: Callable, inputs: list, state: list) -> list:
    """Returns `function(*inputs)`, of which only the inputs are kept."""
    # Buffers are assigned in place: the second run needs what they were.
    values = [
        v.value if v.trainable else v.value.detach().clone() for v in state
    ]
    # Stopping early is an exception, which Keras would rewrite.
    with torch.utils.checkpoint.set_checkpoint_early_stop(False):
        outputs, changed = torch.utils.checkpoint.checkpoint(
            call_pure,
            function,
            inputs,
            state,
            values,
            use_reentrant=False,
        )
    assign(state, changed)
    return outputs


def standardize(
    inputs: Any, epsilon: float, scale: Any = None, offset: Any = None
) -> tuple[Any, Any, Any]:
    """Returns γ x̂ + β, x̂ = (x - μ) / sqrt(σ² + ε), and float32 μ and σ²."""
    images = inputs.permute(0, 3, 1, 2)
    if scale is None:
        # Float32 vectors make the moments of bfloat16 images float32 too.
        scale = torch.ones(inputs.shape[-1], device=inputs.device)
        offset = torch.zeros_like(scale)
    outputs, mean, inverse = torch.native_batch_norm(
        images, scale, offset, None, None, True, 0.0, epsilon
    )
    return outputs.permute(0, 2, 3, 1), mean, inverse**-2 - epsilon


def accelerate(optimizer: keras.optimizers.Optimizer) -> None:
    """Does nothing: Keras updates all variables by the same few calls."""


def update_averages(pairs: list, decay: Any) -> None:
    """Assigns `decay * average + (1 - decay) * variable` to each average."""
    averages = [average.value for average, _ in pairs]
    variables = [variable.value for _, variable in pairs]
    with torch.no_grad():
        differences = torch._foreach_sub(variables, averages)
        torch._foreach_mul_(differences, 1.0 - decay)
        torch._foreach_add_(averages, differences)


def loop(count: int, body: Callable, carry: Any) -> Any:
    """Returns `carry` after `carry = body(index, carry)`, `count` times."""
    for index in range(count):
        carry = body(index, carry)
    return carry


def compiled(function: Callable) -> Callable:
    """Returns the function itself: training steps run eagerly."""
    return function


def wait_for(tensors: Any) -> None:
    """Returns when the tensors have been computed."""
    devices = {tensor.device for tensor in keras.tree.flatten(tensors)}
    for device in devices:
        if device.type != "cpu":
            getattr(torch, device.type).synchronize(device)


def replica_id() -> int:
    """Returns 0: this backend runs one replica."""
    return 0


def replica_count() -> int:
    """Returns 1: this backend runs one replica."""
    return 1


def is_chief() -> bool:
    """Returns True: this backend runs one process."""
    return True


class BackendTrainer(keras.Model):
    """A Keras model whose training step is `adversarial_step(data)`."""

    def make_train_function(self, force: bool = False) -> Any:
        # It is the whole process's: not for those who only import or sample.
        if not torch.cuda.is_available():
            keep_freed_memory()
        if self.train_function is None or force:
            # Not by an attribute, of which Keras would keep track.
            vars(self)["_step_graphs"] = StepGraphs(self)
        return super().make_train_function(force)

    def train_step(self, data: Any) -> dict[str, Any]:
        step = vars(self).get("_step_graphs", self.adversarial_step)
        with torch.enable_grad():
            return step(data)

    @property
    def step_is_settled(self) -> bool:
        """Whether the latest step took as long as the next ones will."""
        graphs = vars(self).get("_step_graphs")
        return graphs is None or graphs.settled

    def synchronize(self) -> None:
        """Does nothing: variables always hold their current values."""

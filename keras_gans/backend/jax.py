"""Differentiation and training steps on JAX."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import keras

from keras_gans.backend.allocation import keep_freed_memory, share_one_heap
from keras_gans.backend.pure import assign, call_pure

JIT_COMPILE = True
BRANCHES = False
# JAX records only inside `jax.grad`.
no_gradient = contextlib.nullcontext
# Variables of a model may be made anywhere.
variable_scope = contextlib.nullcontext
# Before the first computation starts JAX's threads.
share_one_heap()


def device_kind() -> str:
    """Returns the platform that computes: `cpu`, `gpu` or `tpu`."""
    chosen = jax.config.jax_default_device
    return getattr(chosen, "platform", chosen) or jax.default_backend()


def timing_device(inputs: Any) -> str | None:
    """Returns the device's name; None on CPUs and for several processes.

    They must all run one program, whatever each of them would measure.
    """
    del inputs
    if device_kind() == "cpu" or jax.process_count() > 1:
        return None
    return jax.local_devices()[0].device_kind


def value_and_gradients(
    objective: Callable, variables: list, state: list
) -> tuple[Any, list]:
    """Returns `objective()`, and its loss's gradients for `variables`.

    It runs as a pure function of `variables` and of `state`; what it assigns
    is assigned after differentiation.
    """
    pure, values, state = _pure(objective, variables, state)
    return _differentiated(pure, values, state)


def value_and_pullback(
    function: Callable, variables: list, state: list
) -> tuple[Any, Callable]:
    """Returns `function()` and the pullback of its gradients."""
    pure, values, state = _pure(function, variables, state)
    value, pullback, changed = jax.vjp(pure, values, has_aux=True)
    assign(state, changed)
    return value, lambda gradients: pullback(gradients)[0]


def _pure(function, variables, state):
    """Returns a function of variables' values, the values, and all state.

    The pure function returns what `function` does, and what it would have
    assigned to that state.
    """
    chosen = {id(variable) for variable in variables}
    others = [variable for variable in state if id(variable) not in chosen]
    state = [*variables, *others]
    constants = [variable.value for variable in others]

    def pure(values, *inputs):
        return call_pure(function, inputs, state, [*values, *constants])

    return pure, [variable.value for variable in variables], state


def _differentiated(pure, values, state):
    """Returns a pure objective's value and gradients; assigns to the state."""

    def loss_first(values):
        value, changed = pure(values)
        return jax.tree.leaves(value)[0], (value, changed)

    differentiate = jax.value_and_grad(loss_first, has_aux=True)
    (_, (value, changed)), gradients = differentiate(values)
    assign(state, changed)
    return value, gradients


def value_and_input_gradients(
    objective: Callable, inputs: Any, state: list, again: bool = False
) -> tuple[Any, Any]:
    """Returns `objective(inputs)`, and its loss's gradients for `inputs`."""
    del again  # Whatever is computed can be.
    pure, _, state = _pure(objective, [], state)
    return _differentiated(partial(pure, []), inputs, state)


def input_gradients(function: Callable, inputs: Any, state: list) -> Any:
    """Returns the gradients of `sum(function(inputs))` for `inputs`."""
    values = [variable.value for variable in state]

    def total(inputs):
        return keras.ops.sum(call_pure(function, [inputs], state, values)[0])

    return jax.grad(total)(inputs)


def rematerialized(function: Callable, inputs: list, state: list) -> list:
    """Returns `function(*inputs)`, of which only the inputs are kept.

    XLA's compiler for CPUs merges both runs in part, and may save nothing.
    """
    pure = jax.checkpoint(partial(call_pure, function, state=state))
    outputs, changed = pure(inputs, values=[v.value for v in state])
    assign(state, changed)
    return outputs


def standardize(
    inputs: Any, epsilon: float, scale: Any = None, offset: Any = None
) -> tuple[Any, Any, Any]:
    """Returns γ x̂ + β, x̂ = (x - μ) / sqrt(σ² + ε), and float32 μ and σ²."""
    features = keras.ops.cast(inputs, "float32")
    mean, variance = keras.ops.moments(features, axes=(0, 1, 2))
    outputs = (features - mean) * keras.ops.rsqrt(variance + epsilon)
    if scale is not None:
        outputs = outputs * scale
    if offset is not None:
        outputs = outputs + offset
    return keras.ops.cast(outputs, inputs.dtype), mean, variance


def accelerate(optimizer: keras.optimizers.Optimizer) -> None:
    """Does nothing: XLA has fused the updates."""


def update_averages(pairs: list, decay: Any) -> None:
    """Assigns `decay * average + (1 - decay) * variable` to each average."""
    for average, variable in pairs:
        old = average.value
        average.assign(old + (1.0 - decay) * (variable.value - old))


def loop(count: int, body: Callable, carry: Any) -> Any:
    """Returns `carry` after `carry = body(index, carry)`, `count` times."""
    return jax.lax.fori_loop(0, count, body, carry)


def compiled(function: Callable) -> Callable:
    """Returns a function of tensors, compiled as training steps are."""
    return jax.jit(function)


def wait_for(tensors: Any) -> None:
    """Returns when the tensors have been computed."""
    jax.block_until_ready(tensors)


def replica_id() -> int:
    """Returns 0: a sharded JAX step is one program over the global batch."""
    return 0


def replica_count() -> int:
    """Returns 1: a sharded JAX step is one program over the global batch."""
    return 1


def is_chief() -> bool:
    """Returns whether this is JAX's first process, which writes files."""
    return jax.process_index() == 0


class BackendTrainer(keras.Model):
    """A Keras model whose training step is `adversarial_step(data)`."""

    def train_step(self, state: tuple, data: Any) -> tuple[dict, tuple]:
        if jax.default_backend() == "cpu":
            keep_freed_memory()
        groups = (
            self.trainable_variables,
            self.non_trainable_variables,
            self.optimizer.variables,
            self.metrics_variables,
        )
        mapping = [
            pair
            for variables, values in zip(groups, state, strict=True)
            for pair in zip(variables, values, strict=True)
        ]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            logs = self.adversarial_step(data)
        new_state = tuple(
            [scope.get_current_value(variable) for variable in variables]
            for variables in groups
        )
        return logs, new_state

    @property
    def step_is_settled(self) -> bool:
        """True: a step is compiled at its first call."""
        return True

    def synchronize(self) -> None:
        """Gives variables the values of the running epoch.

        During an epoch Keras holds them outside of the model.
        """
        self.jax_state_sync()

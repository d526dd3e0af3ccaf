"""Differentiation and training steps on JAX."""

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import keras

from keras_gans.backend.pure import assign, call_pure

JIT_COMPILE = True


def value_and_gradients(
    objective: Callable, variables: list, state: list
) -> tuple[Any, list]:
    """Returns `objective()`, and its loss's gradients for `variables`.

    The loss is the first tensor of what the objective returns. It runs as a
    pure function of `variables` and of `state`, which must hold every other
    variable that it reads; what it assigns to `state` is assigned after
    differentiation.
    """
    pure, values, assign = _pure(objective, variables, state)
    differentiate = jax.value_and_grad(_loss_first(pure), has_aux=True)
    (_, (value, changed)), gradients = differentiate(values)
    assign(changed)
    return value, gradients


def value_and_pullback(
    function: Callable, variables: list, state: list
) -> tuple[Any, Callable]:
    """Returns `function()` and the pullback of its gradients."""
    pure, values, assign = _pure(function, variables, state)
    value, pullback, changed = jax.vjp(pure, values, has_aux=True)
    assign(changed)
    return value, lambda gradients: pullback(gradients)[0]


def _pure(function, variables, state):
    """Returns a function of variables' values, the values, and the way back.

    The pure function returns what `function` does and what it assigned to
    `state`; the last of the three assigns that for good.
    """
    chosen = {id(variable) for variable in variables}
    state = [variable for variable in state if id(variable) not in chosen]
    others = [(variable, variable.value) for variable in state]

    def pure(values, *inputs):
        mapping = [*zip(variables, values, strict=True), *others]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            value = function(*inputs)
        return value, [scope.get_current_value(variable) for variable in state]

    def assign(changed):
        for variable, new_value in zip(state, changed, strict=True):
            variable.assign(new_value)

    return pure, [variable.value for variable in variables], assign


def _loss_first(pure):
    def with_loss(*args):
        value, changed = pure(*args)
        return jax.tree.leaves(value)[0], (value, changed)

    return with_loss


def value_and_input_gradients(
    objective: Callable, inputs: Any, state: list
) -> tuple[Any, Any]:
    """Returns `objective(inputs)`, and its loss's gradients for `inputs`."""
    pure, _, assign = _pure(objective, [], state)
    differentiate = jax.value_and_grad(
        partial(_loss_first(pure), []), has_aux=True
    )
    (_, (value, changed)), gradients = differentiate(inputs)
    assign(changed)
    return value, gradients


def input_gradients(function: Callable, inputs: Any, state: list) -> Any:
    """Returns the gradients of `sum(function(inputs))` for `inputs`."""
    mapping = [(variable, variable.value) for variable in state]

    def total(inputs):
        with keras.StatelessScope(state_mapping=mapping):
            return keras.ops.sum(function(inputs))

    return jax.grad(total)(inputs)


def rematerialized(function: Callable, inputs: list, state: list) -> list:
    """Returns `function(*inputs)`, of which only the inputs are kept.

    XLA's compiler for CPUs merges both runs in part, and may save nothing.
    """
    pure = jax.checkpoint(partial(call_pure, function, state=state))
    outputs, changed = pure(inputs, values=[v.value for v in state])
    assign(state, changed)
    return outputs


def no_gradient() -> contextlib.AbstractContextManager:
    """Returns a null context: JAX records only inside `jax.grad`."""
    return contextlib.nullcontext()


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


def update_averages(pairs: list, decay: Any) -> None:
    """Assigns `decay * average + (1 - decay) * variable` to each average."""
    for average, variable in pairs:
        old = average.value
        average.assign(old + (1.0 - decay) * (variable.value - old))


def loop(count: int, body: Callable, carry: Any) -> Any:
    """Returns `carry` after `carry = body(index, carry)`, `count` times."""
    return jax.lax.fori_loop(0, count, body, carry)


def variable_scope(model: keras.Model) -> contextlib.AbstractContextManager:
    """Returns a null context: JAX's variables may be made anywhere."""
    del model
    return contextlib.nullcontext()


def replica_id() -> int:
    """Returns 0: a sharded JAX step is one program over the global batch."""
    return 0


def is_chief() -> bool:
    """Returns whether this is the first of the processes of JAX."""
    return jax.process_index() == 0


class BackendTrainer(keras.Model):
    """A Keras model whose training step is `adversarial_step(data)`."""

    def train_step(self, state: tuple, data: Any) -> tuple[dict, tuple]:
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

    def synchronize(self) -> None:
        """Gives variables the values of the running epoch.

        During an epoch Keras holds them outside of the model.
        """
        self.jax_state_sync()

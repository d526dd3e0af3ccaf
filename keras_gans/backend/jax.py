"""Differentiation and training steps on JAX."""

import contextlib

import jax
import keras

JIT_COMPILE = True
# XLA's CPU gradient of a transposed convolution is nine times slower.
UPSAMPLING = "phases"


def value_and_gradients(objective, variables, state):
    """Returns `objective()` and its gradients with respect to `variables`.

    The objective runs as a pure function of `variables` and of `state`, which
    must hold every other variable that it reads; what it assigns to `state`
    is assigned after differentiation.
    """
    chosen = {id(variable) for variable in variables}
    state = [variable for variable in state if id(variable) not in chosen]

    def pure(values, state_values):
        mapping = [
            *zip(variables, values, strict=True),
            *zip(state, state_values, strict=True),
        ]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            value = objective()
        return value, [scope.get_current_value(variable) for variable in state]

    differentiate = jax.value_and_grad(pure, has_aux=True)
    (value, changed), gradients = differentiate(
        [variable.value for variable in variables],
        [variable.value for variable in state],
    )
    for variable, new_value in zip(state, changed, strict=True):
        variable.assign(new_value)
    return value, gradients


def input_gradients(function, inputs, state):
    """Returns the gradients of `sum(function(inputs))` for `inputs`."""
    mapping = [(variable, variable.value) for variable in state]

    def pure(inputs):
        with keras.StatelessScope(state_mapping=mapping):
            return keras.ops.sum(function(inputs))

    return jax.grad(pure)(inputs)


def no_gradient():
    """Returns a null context: JAX records only inside `jax.grad`."""
    return contextlib.nullcontext()


def standardize(inputs, epsilon):
    """Returns x̂ = (x - μ) / sqrt(σ² + ε) for NHWC inputs, float32 μ and σ²."""
    features = keras.ops.cast(inputs, "float32")
    mean, variance = keras.ops.moments(features, axes=(0, 1, 2))
    outputs = (features - mean) * keras.ops.rsqrt(variance + epsilon)
    return keras.ops.cast(outputs, inputs.dtype), mean, variance


def update_averages(pairs, decay):
    """Assigns `decay * average + (1 - decay) * variable` to each average."""
    for average, variable in pairs:
        old = average.value
        average.assign(old + (1.0 - decay) * (variable.value - old))


def variable_scope(model):
    """Returns a null context: JAX's variables may be made anywhere."""
    del model
    return contextlib.nullcontext()


def replica_id():
    """Returns 0: a sharded JAX step is one program over the global batch."""
    return 0


class BackendTrainer(keras.Model):
    """A Keras model whose training step is `adversarial_step(data)`."""

    def train_step(self, state, data):
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

    def synchronize(self):
        """Gives variables the values of the running epoch.

        During an epoch Keras holds them outside of the model.
        """
        self.jax_state_sync()

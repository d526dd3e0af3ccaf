"""Differentiation and training steps on PyTorch."""

import contextlib

import keras
import torch

JIT_COMPILE = False
UPSAMPLING = "phases"


def value_and_gradients(objective, variables, state):
    """Returns `objective()` and its gradients with respect to `variables`."""
    del state  # Only functional backends need to be told what may change.
    value = objective()
    gradients = torch.autograd.grad(
        value,
        [variable.value for variable in variables],
        allow_unused=True,
        materialize_grads=True,
    )
    return value.detach(), list(gradients)


def value_and_pullback(function, variables, state):
    """Returns `function()` and the pullback of its gradients.

    `pullback(g)` gives, for gradients g of a loss with respect to the value,
    those with respect to `variables`, as `value_and_gradients` would.
    """
    del state
    value = function()

    def pullback(gradients):
        return list(
            torch.autograd.grad(
                keras.tree.flatten(value),
                [variable.value for variable in variables],
                grad_outputs=[
                    g.detach() for g in keras.tree.flatten(gradients)
                ],
                allow_unused=True,
                materialize_grads=True,
            )
        )

    return value, pullback


def value_and_input_gradients(function, inputs, state):
    """Returns `function(inputs)` and the gradients of its sum for `inputs`."""
    flat = [
        tensor if tensor.requires_grad else tensor.detach().requires_grad_()
        for tensor in keras.tree.flatten(inputs)
    ]
    inputs = keras.tree.pack_sequence_as(inputs, flat)
    mapping = [(variable, variable.value) for variable in state]
    with keras.StatelessScope(state_mapping=mapping):
        outputs = function(inputs)
    gradients = torch.autograd.grad(outputs.sum(), flat, create_graph=True)
    return outputs, keras.tree.pack_sequence_as(inputs, list(gradients))


def no_gradient():
    """Returns a context in which no operation is recorded."""
    return torch.no_grad()


def standardize(inputs, epsilon):
    """Returns x̂ = (x - μ) / sqrt(σ² + ε) for NHWC inputs, float32 μ and σ²."""
    features = keras.ops.cast(inputs, "float32")
    mean, variance = keras.ops.moments(features, axes=(0, 1, 2))
    outputs = (features - mean) * keras.ops.rsqrt(variance + epsilon)
    return keras.ops.cast(outputs, inputs.dtype), mean, variance


def update_averages(pairs, decay):
    """Assigns `decay * average + (1 - decay) * variable` to each average."""
    averages = [average.value for average, _ in pairs]
    variables = [variable.value for _, variable in pairs]
    with torch.no_grad():
        differences = torch._foreach_sub(variables, averages)
        torch._foreach_mul_(differences, 1.0 - decay)
        torch._foreach_add_(averages, differences)


def loop(count, body, carry):
    """Returns `carry` after `carry = body(index, carry)`, `count` times."""
    for index in range(count):
        carry = body(index, carry)
    return carry


def variable_scope(model):
    """Returns a null context: PyTorch's variables may be made anywhere."""
    del model
    return contextlib.nullcontext()


def replica_id():
    """Returns 0: this backend runs one replica."""
    return 0


class BackendTrainer(keras.Model):
    """A Keras model whose training step is `adversarial_step(data)`."""

    def train_step(self, data):
        with torch.enable_grad():
            return self.adversarial_step(data)

    def synchronize(self):
        """Does nothing: variables always hold their current values."""

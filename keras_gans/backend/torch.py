"""Differentiation and training steps on PyTorch."""

import contextlib

import keras
import torch
import torch.utils.checkpoint

from keras_gans.backend.allocation import keep_freed_memory
from keras_gans.backend.pure import assign, call_pure

JIT_COMPILE = False

if not torch.cuda.is_available():
    keep_freed_memory()


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


def rematerialized(function, inputs, state):
    """Returns `function(*inputs)`, of which only the inputs are kept.

    When gradients flow back, the function runs once more, on the inputs and
    the values of `state` that it ran on, so that random draws are the same.
    What it assigns is assigned once.

    Args:
        function: Function from tensors to a list of tensors.
        inputs: List of tensors.
        state: Every variable that the function reads.
    """
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


def no_gradient():
    """Returns a context in which no operation is recorded."""
    return torch.no_grad()


def standardize(inputs, epsilon, scale=None, offset=None):
    """Returns γ x̂ + β, x̂ = (x - μ) / sqrt(σ² + ε), and float32 μ and σ².

    Inputs are NHWC; γ and β are float32 vectors of the channels, or None.

    One fused kernel for each direction, where the formula spelled out is some
    twenty passes over the features.
    """
    images = inputs.permute(0, 3, 1, 2)
    if scale is None:
        # Float32 vectors make the moments of bfloat16 images float32 too.
        scale = torch.ones(inputs.shape[-1], device=inputs.device)
        offset = torch.zeros_like(scale)
    outputs, mean, inverse = torch.native_batch_norm(
        images, scale, offset, None, None, True, 0.0, epsilon
    )
    return outputs.permute(0, 2, 3, 1), mean, inverse**-2 - epsilon


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


def is_chief():
    """Returns True: this backend runs one process."""
    return True


class BackendTrainer(keras.Model):
    """A Keras model whose training step is `adversarial_step(data)`."""

    def train_step(self, data):
        with torch.enable_grad():
            return self.adversarial_step(data)

    def synchronize(self):
        """Does nothing: variables always hold their current values."""

"""Differentiation and training steps on TensorFlow."""

import contextlib

import keras
import tensorflow as tf

# XLA on CPU is about half as fast as the default kernels, and a compiled step
# under a distribution strategy cannot read seed generators.
JIT_COMPILE = False
UPSAMPLING = "transposed"


def value_and_gradients(objective, variables, state):
    """Returns `objective()` and its gradients with respect to `variables`.

    The objective is a mean over this replica's batch and optimizers sum
    gradients over replicas, so the gradients are divided by the number of
    replicas: together they are those of the mean over the global batch.
    """
    del state  # Only functional backends need to be told what may change.
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    values = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        value = objective()
        scaled = value / replicas if replicas > 1 else value
    gradients = tape.gradient(
        scaled, values, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    # A table's gradient comes as rows to scatter; optimizers must see zeros
    # for the other rows, as on the other backends.
    return value, [tf.convert_to_tensor(gradient) for gradient in gradients]


def value_and_pullback(function, variables, state):
    """Returns `function()` and the pullback of its gradients.

    `pullback(g)` gives, for gradients g of a loss with respect to the value,
    those with respect to `variables`, as `value_and_gradients` would.
    """
    del state
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    values = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        value = function()

    def pullback(gradients):
        if replicas > 1:
            gradients = keras.tree.map_structure(
                lambda gradient: gradient / replicas, gradients
            )
        gradients = tape.gradient(
            value,
            values,
            output_gradients=gradients,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return [tf.convert_to_tensor(gradient) for gradient in gradients]

    return value, pullback


def value_and_input_gradients(function, inputs, state):
    """Returns `function(inputs)` and the gradients of its sum for `inputs`."""
    mapping = [(variable, variable) for variable in state]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        with keras.StatelessScope(state_mapping=mapping):
            outputs = function(inputs)
    return outputs, tape.gradient(outputs, inputs)


def no_gradient():
    """Returns a null context: only watched variables are recorded."""
    return contextlib.nullcontext()


def standardize(inputs, epsilon):
    """Returns x̂ = (x - μ) / sqrt(σ² + ε) for NHWC inputs, float32 μ and σ².

    One fused kernel for each direction, where the formula spelled out is some
    twenty passes over the features.
    """
    channels = inputs.shape[-1]
    outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
        inputs, tf.ones(channels), tf.zeros(channels), epsilon=epsilon
    )
    # The kernel gives the unbiased variance.
    count = tf.cast(tf.size(inputs) // channels, tf.float32)
    return outputs, mean, variance * (count - 1.0) / count


def update_averages(pairs, decay):
    """Assigns `decay * average + (1 - decay) * variable` to each average."""

    def update(strategy, decay):
        for average, variable in pairs:
            strategy.extended.update(
                average.value,
                lambda a, v, d: a.assign_add((1.0 - d) * (v - a)),
                args=(variable.value, decay),
                group=False,
            )

    strategy = tf.distribute.get_strategy()
    tf.__internal__.distribute.interim.maybe_merge_call(update, strategy, decay)


def loop(count, body, carry):
    """Returns `carry` after `carry = body(index, carry)`, `count` times.

    One after the other: memory is for one.
    """
    _, carry = tf.while_loop(
        lambda index, _: index < count,
        lambda index, carry: (index + 1, body(index, carry)),
        (tf.constant(0), carry),
        parallel_iterations=1,
    )
    return carry


def variable_scope(model):
    """Returns the scope of the strategy that `model` was created under."""
    return model.distribute_strategy.scope()


def replica_id():
    """Returns the index of the replica that runs, 0 without a strategy."""
    context = tf.distribute.get_replica_context()
    return context.replica_id_in_sync_group if context else 0


class BackendTrainer(keras.Model):
    """A Keras model whose training step is `adversarial_step(data)`."""

    def train_step(self, data):
        return self.adversarial_step(data)

    def synchronize(self):
        """Does nothing: variables always hold their current values."""

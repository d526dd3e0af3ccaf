"""Differentiation and training steps on TensorFlow."""

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from keras_gans.backend.pure import assign, call_pure

# XLA on CPU is about half as fast as the default kernels, and a compiled step
# under a distribution strategy cannot read seed generators. On GPUs XLA's
# transposed convolutions, which are also the gradients of strided ones, are
# reported slow (jax-ml/jax #23783, openxla/xla #34273), and it merges both runs
# of a rematerialized segment. Not measured on a GPU.
JIT_COMPILE = False
# Operations that do not depend on one another run at the same time.
BRANCHES = True
# Only watched variables are recorded.
no_gradient = contextlib.nullcontext
_thread = threading.local()


def device_kind() -> str:
    """Returns what computes: `cpu`, `gpu` or `tpu`."""
    kinds = ("TPU", "GPU")
    found = [kind for kind in kinds if tf.config.list_logical_devices(kind)]
    return found[0].lower() if found else "cpu"


def timing_device(inputs: Any) -> str | None:
    """Returns the name of the first GPU, None without one.

    Outside of a step nothing runs on a TPU.
    """
    del inputs
    if device_kind() != "gpu":
        return None
    device = tf.config.get_visible_devices("GPU")[0]
    details = tf.config.experimental.get_device_details(device)
    return details.get("device_name", "GPU")


def value_and_gradients(
    objective: Callable, variables: list, state: list
) -> tuple[Any, list]:
    """Returns `objective()`, and its loss's gradients for `variables`.

    The loss is a mean over this replica's batch. Optimizers sum gradients
    over replicas, so these are divided by their number: together they are
    those of the mean over the global batch.
    """
    del state  # Only functional backends need to be told what may change.
    value, pullback = _recorded(objective, variables)
    loss = keras.tree.flatten(value)[0]
    return value, pullback(loss, tf.ones_like(loss))


def value_and_pullback(
    function: Callable, variables: list, state: list
) -> tuple[Any, Callable]:
    """Returns `function()` and the pullback of its gradients."""
    del state
    value, pullback = _recorded(function, variables)
    return value, partial(pullback, value)


def _recorded(function, variables):
    """Returns `function()`, and the pullback of gradients of a part of it."""
    replicas = tf.distribute.get_strategy().num_replicas_in_sync
    values = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        with _differentiating(variables):
            value = function()

    def pullback(part, gradients):
        if replicas > 1:
            gradients = keras.tree.map_structure(
                lambda gradient: gradient / replicas, gradients
            )
        gradients = tape.gradient(
            part,
            values,
            output_gradients=gradients,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        # A table's gradient comes as rows to scatter; optimizers must see
        # zeros for the other rows, as on the other backends.
        return [tf.convert_to_tensor(gradient) for gradient in gradients]

    return value, pullback


def value_and_input_gradients(
    objective: Callable, inputs: Any, state: list, again: bool = False
) -> tuple[Any, Any]:
    """Returns `objective(inputs)`, and its loss's gradients for `inputs`."""
    del state, again  # A tape around this one records both.
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        with _differentiating([]):
            value = objective(inputs)
    return value, tape.gradient(keras.tree.flatten(value)[0], inputs)


def input_gradients(function: Callable, inputs: Any, state: list) -> Any:
    """Returns the gradients of `sum(function(inputs))` for `inputs`."""
    mapping = [(variable, variable) for variable in state]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        with keras.StatelessScope(state_mapping=mapping), _differentiating([]):
            outputs = function(inputs)
    return tape.gradient(outputs, inputs)


def rematerialized(function: Callable, inputs: list, state: list) -> list:
    """Returns `function(*inputs)`, of which only the inputs are kept.

    Only in graphs, and for first derivatives: eager execution keeps
    everything, as XLA may, which sees the same computation twice.
    """
    values = [tf.convert_to_tensor(variable.value) for variable in state]
    chosen = _indices_of_differentiated(state)

    def pure(inputs, values):
        return call_pure(function, inputs, state, values)

    @tf.custom_gradient
    def run(*tensors):
        inner = values.copy()
        for index, tensor in zip(chosen, tensors[len(inputs) :], strict=True):
            inner[index] = tensor

        def gradient(*upstream):
            latest = [] if tf.executing_eagerly() else _latest_gradients()
            # Not merged with the first run, as it waits.
            with tf.control_dependencies([*upstream, *latest]):
                again = [tf.identity(t) for t in tensors[: len(inputs)]]
                values = [tf.identity(value) for value in inner]
            sources = [*again, *(values[index] for index in chosen)]
            watched = [x for x in sources if x.dtype.is_floating]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(watched)
                outputs, _ = pure(again, values)
            gradients = tape.gradient(
                outputs, watched, output_gradients=upstream[: len(outputs)]
            )
            # Those of inputs may be of no use, and not computed otherwise.
            awaited = gradients[-len(chosen) :] if chosen else gradients
            latest[:] = [g for g in awaited if g is not None]
            of_source = dict(zip(map(id, watched), gradients, strict=True))
            return [of_source.get(id(source)) for source in sources]

        return pure(tensors[: len(inputs)], inner), gradient

    weights = [values[index] for index in chosen]
    outputs, changed = run(*map(tf.convert_to_tensor, inputs), *weights)
    assign(state, changed)
    return outputs


def _indices_of_differentiated(state):
    """Returns which of the variables gradients may be asked for."""
    chosen = getattr(_thread, "differentiated", None)
    return [
        index
        for index, variable in enumerate(state)
        if keras.backend.is_float_dtype(variable.dtype)
        and (chosen is None or id(variable) in chosen)
    ]


@contextlib.contextmanager
def _differentiating(variables):
    """Declares that gradients are asked for these variables alone.

    And for those of contexts around this one.
    """
    outer = getattr(_thread, "differentiated", None)
    _thread.differentiated = {*(outer or ()), *map(id, variables)}
    try:
        yield
    finally:
        _thread.differentiated = outer


def _latest_gradients():
    """Returns gradients of the function that was last gone back through.

    A list of this replica's in this graph, to be changed in place. The next
    function waits for them: several at a time would need the memory of all.
    """
    graph = tf.compat.v1.get_default_graph()
    name = f"keras_gans_latest_gradients_{threading.get_ident()}"
    latest = graph.get_collection_ref(name)
    # A graph starts with the collections of the one around it.
    latest[:] = [gradient for gradient in latest if gradient.graph is graph]
    return latest


def standardize(
    inputs: Any, epsilon: float, scale: Any = None, offset: Any = None
) -> tuple[Any, Any, Any]:
    """Returns γ x̂ + β, x̂ = (x - μ) / sqrt(σ² + ε), and float32 μ and σ².

    One fused kernel for each direction, where the formula spelled out is some
    twenty passes over the features.
    """
    channels = inputs.shape[-1]
    outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
        inputs,
        tf.ones(channels) if scale is None else scale,
        tf.zeros(channels) if offset is None else offset,
        epsilon=epsilon,
    )
    # The kernel gives the unbiased variance.
    count = tf.cast(tf.size(inputs) // channels, tf.float32)
    return outputs, mean, variance * (count - 1.0) / count


def accelerate(optimizer: keras.optimizers.Optimizer) -> None:
    """Lets Adam update a variable by one kernel, where Keras runs a dozen.

    The kernel's formula is Keras's.
    """
    # A subclass may declare that its formula is Adam's.
    is_adam = type(optimizer) is keras.optimizers.Adam
    if not getattr(optimizer, "is_adam", is_adam) or optimizer.amsgrad:
        return
    apply = optimizer.apply
    decays, powers = [], []

    def apply_with_powers(grads, trainable_variables=None):
        # Once for all variables.
        decays[:] = optimizer.beta_1, optimizer.beta_2
        update = tf.cast(optimizer.iterations.value + 1, tf.float32)
        powers[:] = [tf.pow(decay, update) for decay in decays]
        return apply(grads, trainable_variables)

    def update_step(gradient, variable, learning_rate):
        index = optimizer._get_variable_index(variable)
        dtype = variable.dtype
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=optimizer._momentums[index].value.handle,
            v=optimizer._velocities[index].value.handle,
            beta1_power=tf.cast(powers[0], dtype),
            beta2_power=tf.cast(powers[1], dtype),
            lr=tf.cast(learning_rate, dtype),
            beta1=decays[0],
            beta2=decays[1],
            epsilon=optimizer.epsilon,
            grad=tf.cast(gradient, dtype),
        )

    optimizer.apply = apply_with_powers
    optimizer.update_step = update_step


def update_averages(pairs: list, decay: Any) -> None:
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


def loop(count: int, body: Callable, carry: Any) -> Any:
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


def compiled(function: Callable) -> Callable:
    """Returns a function of tensors as a graph, as training steps run."""
    return tf.function(function, reduce_retracing=True)


def wait_for(tensors: Any) -> None:
    """Returns when the tensors have been computed."""
    for tensor in keras.tree.flatten(tensors):
        # Only reading waits for a device.
        tf.reshape(tensor, [-1])[:1].numpy()


def variable_scope(model: keras.Model) -> contextlib.AbstractContextManager:
    """Returns the scope of the strategy that `model` was created under."""
    return model.distribute_strategy.scope()


def replica_id() -> Any:
    """Returns the index of the replica that runs, 0 without a strategy."""
    context = tf.distribute.get_replica_context()
    return context.replica_id_in_sync_group if context else 0


def replica_count() -> int:
    """Returns how many replicas run, 1 without a strategy."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def is_chief() -> bool:
    """Returns whether this process is the one that writes files.

    Of the workers of `multi_worker`, that is the chief of `TF_CONFIG`, or else
    worker 0, within the context of `distribute`. What the processes hold
    together (the weights of a checkpoint, the images of an evaluation) all of
    them must compute.
    """
    return tf.distribute.get_strategy().extended.should_checkpoint


class BackendTrainer(keras.Model):
    """A Keras model whose training step is `adversarial_step(data)`."""

    def train_step(self, data: Any) -> dict[str, Any]:
        return self.adversarial_step(data)

    @property
    def step_is_settled(self) -> bool:
        """True: a step is compiled at its first call."""
        return True

    def synchronize(self) -> None:
        """Does nothing: variables always hold their current values."""

"""The signatures of an exported generator, as one `tf.Module`."""

import dataclasses
from collections.abc import Callable

import keras

from keras_gans.data.runtime import tf
from keras_gans.serving.latents import (
    draw_labels,
    draw_latents,
    spherical_path,
)

OUTPUTS = ("images", "points", "tokens")


@dataclasses.dataclass(frozen=True)
class Form:
    """What a generator takes and makes.

    Attributes:
        latent_dim: Length of one latent vector.
        num_classes: Number of classes; 0 for a model without labels.
        outputs: `images`, `points` or `tokens`.
    """

    latent_dim: int
    num_classes: int = 0
    outputs: str = "images"


def build_module(
    generator: keras.Model, form: Form
) -> tuple["tf.Module", dict[str, Callable]]:
    """Wraps a generator in a module that TensorFlow can save by itself.

    The functions, see `export_generator`, are attributes of the module too.
    Inputs out of range raise `tf.errors.InvalidArgumentError`.

    Args:
        generator: A Keras model on the TensorFlow backend.
        form: What it takes and makes.

    Returns:
        The module, and its functions by signature name.
    """
    module = tf.Module()
    make = _conditional if form.num_classes else _unconditional
    made = make(_renderer(generator, form), form)
    functions = {f.python_function.__name__: f for f in made}
    # Keras objects would take their own saving functions along.
    module.weights = [variable.value for variable in generator.variables]
    for name, function in functions.items():
        setattr(module, name, function)
    return module, functions


def _renderer(generator, form):
    """Returns a function from latents and labels to outputs by name."""

    def render(latents, labels=None):
        inputs = latents
        if form.num_classes:
            with _in_range("labels", labels, 0, form.num_classes - 1):
                # A cast to the same type would be no operation that could
                # wait for the check.
                labels = tf.identity(labels)
            labels = tf.cast(labels, generator.inputs[1].dtype)
            inputs = [latents, labels]
        made = generator(inputs, training=False)
        if form.outputs == "tokens":
            return {"tokens": tf.argmax(made, axis=-1, output_type=tf.int32)}
        made = tf.cast(made, tf.float32)
        if form.outputs == "points":
            return {"points": made}
        # The same formula as `keras_gans.images.to_uint8`; both round halves
        # to even.
        levels = tf.clip_by_value(tf.round((made + 1.0) * 127.5), 0.0, 255.0)
        return {"images": tf.cast(levels, tf.uint8)}

    return render


def _in_range(name, value, lowest, highest):
    inside = tf.reduce_all((value >= lowest) & (value <= highest))
    rule = f"`{name}` must be from {lowest} to {highest}"
    return _required(inside, rule, value)


def _required(condition, rule, *received):
    """Returns a context of operations that wait for a check."""
    check = tf.debugging.Assert(condition, [f"{rule}. Received:", *received])
    return tf.control_dependencies([check])


def _sample_latents(seed, count, form, truncation):
    kept = (truncation > 0.0) & (truncation <= 1.0)
    with (
        _required(count >= 1, "`count` must be at least 1", count),
        _required(kept, "`truncation` must be in (0, 1]", truncation),
    ):
        return draw_latents(seed, count, form.latent_dim, truncation)


def _path(start, end, steps):
    rule = "`steps` counts both ends, so it must be at least 2"
    with _required(steps >= 2, rule, steps):
        return spherical_path(start, end, steps)


def _signature(form, *names):
    """Returns a decorator for functions of inputs with these names."""
    latent = form.latent_dim
    specs = {
        "latents": tf.TensorSpec((None, latent), tf.float32, "latents"),
        "seed": tf.TensorSpec((), tf.int64, "seed"),
        "count": tf.TensorSpec((), tf.int32, "count"),
        "label": tf.TensorSpec((), tf.int32, "label"),
        "truncation": tf.TensorSpec((), tf.float32, "truncation"),
        "start": tf.TensorSpec((latent,), tf.float32, "start"),
        "end": tf.TensorSpec((latent,), tf.float32, "end"),
        "steps": tf.TensorSpec((), tf.int32, "steps"),
        # Of any rank, since a path takes one label or one for each step.
        "labels_of_path": tf.TensorSpec(None, tf.int32, "labels"),
        "labels": tf.TensorSpec((None,), tf.int32, "labels"),
    }
    return tf.function(
        input_signature=[specs[name] for name in names], autograph=False
    )


def _unconditional(render, form):
    # Defaults must be tensors: others are left out of the SavedModel.
    full = tf.constant(1.0)

    @_signature(form, "latents")
    def serving_default(latents):
        return render(latents)

    if form.outputs != "images":

        @_signature(form, "seed", "count")
        def sample(seed, count):
            return render(_sample_latents(seed, count, form, full))

        return serving_default, sample

    @_signature(form, "seed", "count", "truncation")
    def sample(seed, count, truncation=full):
        return render(_sample_latents(seed, count, form, truncation))

    @_signature(form, "start", "end", "steps")
    def interpolate(start, end, steps):
        return render(_path(start, end, steps))

    return serving_default, sample, interpolate


def _conditional(render, form):
    full, anything = tf.constant(1.0), tf.constant(-1)

    @_signature(form, "latents", "labels")
    def serving_default(latents, labels):
        return render(latents, labels)

    @_signature(form, "seed", "count", "label", "truncation")
    def sample(seed, count, label=anything, truncation=full):
        latents = _sample_latents(seed, count, form, truncation)
        with _in_range("label", label, -1, form.num_classes - 1):
            labels = tf.where(
                label < 0,
                draw_labels(seed, count, form.num_classes),
                tf.fill((count,), label),
            )
        return render(latents, labels)

    @_signature(form, "start", "end", "steps", "labels_of_path")
    def interpolate(start, end, steps, labels):
        latents = _path(start, end, steps)
        labels = tf.reshape(labels, (-1,))
        given = tf.size(labels)
        fitting = (given == 1) | (given == steps)
        rule = "`labels` must be 1 or `steps` labels"
        with _required(fitting, rule, given, steps):
            labels = tf.broadcast_to(labels, (steps,))
        return render(latents, labels)

    return serving_default, sample, interpolate

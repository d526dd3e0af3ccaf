"""The signatures of an exported generator, as one `tf.Module`."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import keras

from keras_gans.serving.latents import (
    draw_labels,
    draw_latents,
    spherical_path,
)

if TYPE_CHECKING:
    import tensorflow as tf


OUTPUTS = ("images", "points", "tokens")


def build_module(
    generator: keras.Model,
    latent_dim: int,
    num_classes: int,
    outputs: str = "images",
) -> tuple["tf.Module", dict[str, Callable]]:
    """Wraps a generator in a module that TensorFlow can save by itself.

    Every signature gives `{"images": uint8 (N, H, W, C)}`. The functions are
    attributes of the loaded model as well, where the inputs shown with a
    value may be left out; TensorFlow Serving accepts their absence too.

        serving_default(latents (N, latent_dim)[, labels (N,)])
        sample(seed, count[, label=-1], truncation=1.0)
        interpolate(start (latent_dim,), end (latent_dim,), steps[, labels])

    Inputs in brackets exist when `num_classes` > 0: `label` is one class for
    all images, or -1 for a random class each; `labels` of `interpolate` is
    one class for the path, or one for each of its steps. Inputs out of range
    raise `tf.errors.InvalidArgumentError`.

    Other outputs than images have two signatures, without truncation:

        serving_default(latents (N, latent_dim))
        sample(seed, count)

    that give `{"points": float32 (N, D)}`, or `{"tokens": int32 (N, length)}`,
    the most probable symbol at each position.

    Args:
        generator: A Keras model on the TensorFlow backend.
        latent_dim: Length of one latent vector.
        num_classes: Number of classes; 0 for a model without labels.
        outputs: `images`, `points` or `tokens`: what the generator makes.

    Returns:
        The module, and its functions by signature name.
    """
    import tensorflow as tf

    module = tf.Module()
    if outputs == "images":
        render = _renderer(generator, num_classes)
        make = _conditional if num_classes else _unconditional
    else:
        render = _points if outputs == "points" else _tokens
        render, make = partial(render, generator), _two_signatures
    functions = make(render, latent_dim, num_classes)
    # Keras objects would take their own saving functions along.
    module.weights = [variable.value for variable in generator.variables]
    for name, function in functions.items():
        setattr(module, name, function)
    return module, functions


def _renderer(generator: keras.Model, num_classes: int) -> Callable:
    """Returns a function from latents and labels to `{"images": uint8}`."""
    import tensorflow as tf

    def render(latents, labels=None):
        inputs = latents
        if num_classes:
            with tf.control_dependencies(
                [_check_range("labels", labels, 0, num_classes - 1)]
            ):
                # A cast to the same type would be no operation that could
                # wait for the check.
                labels = tf.identity(labels)
            labels = tf.cast(labels, generator.inputs[1].dtype)
            inputs = [latents, labels]
        images = tf.cast(generator(inputs, training=False), tf.float32)
        # The same formula as `keras_gans.images.to_uint8`; both round halves
        # to even.
        levels = tf.clip_by_value(tf.round((images + 1.0) * 127.5), 0.0, 255.0)
        return {"images": tf.cast(levels, tf.uint8)}

    return render


def _points(generator, latents):
    import tensorflow as tf

    return {"points": tf.cast(generator(latents, training=False), tf.float32)}


def _tokens(generator, latents):
    import tensorflow as tf

    probabilities = generator(latents, training=False)
    return {"tokens": tf.argmax(probabilities, axis=-1, output_type=tf.int32)}


def _check_range(name, value, lowest, highest):
    import tensorflow as tf

    inside = tf.reduce_all((value >= lowest) & (value <= highest))
    message = f"`{name}` must be from {lowest} to {highest}. Received:"
    return tf.debugging.Assert(inside, [message, value])


def _sample_latents(seed, count, latent_dim, truncation):
    import tensorflow as tf

    checks = [
        tf.debugging.Assert(
            count >= 1, ["`count` must be at least 1. Received:", count]
        ),
        tf.debugging.Assert(
            (truncation > 0.0) & (truncation <= 1.0),
            ["`truncation` must be in (0, 1]. Received:", truncation],
        ),
    ]
    with tf.control_dependencies(checks):
        return draw_latents(seed, count, latent_dim, truncation)


def _path(start, end, steps):
    import tensorflow as tf

    check = tf.debugging.Assert(
        steps >= 2,
        [
            "`steps` counts both ends, so it must be at least 2. Received:",
            steps,
        ],
    )
    with tf.control_dependencies([check]):
        return spherical_path(start, end, steps)


def _specs(latent_dim: int) -> dict:
    import tensorflow as tf

    return {
        "latents": tf.TensorSpec((None, latent_dim), tf.float32, "latents"),
        "seed": tf.TensorSpec((), tf.int64, "seed"),
        "count": tf.TensorSpec((), tf.int32, "count"),
        "label": tf.TensorSpec((), tf.int32, "label"),
        "truncation": tf.TensorSpec((), tf.float32, "truncation"),
        "start": tf.TensorSpec((latent_dim,), tf.float32, "start"),
        "end": tf.TensorSpec((latent_dim,), tf.float32, "end"),
        "steps": tf.TensorSpec((), tf.int32, "steps"),
        # Of any rank, since a path takes one label or one for each step.
        "labels_of_path": tf.TensorSpec(None, tf.int32, "labels"),
        "labels": tf.TensorSpec((None,), tf.int32, "labels"),
    }


def _signature(latent_dim: int, *names: str) -> Callable:
    import tensorflow as tf

    specs = _specs(latent_dim)
    return tf.function(
        input_signature=[specs[name] for name in names], autograph=False
    )


def _unconditional(render, latent_dim, num_classes) -> dict[str, Callable]:
    import tensorflow as tf

    # Defaults must be tensors: others are left out of the SavedModel.
    full = tf.constant(1.0)

    @_signature(latent_dim, "latents")
    def serving_default(latents):
        return render(latents)

    @_signature(latent_dim, "seed", "count", "truncation")
    def sample(seed, count, truncation=full):
        return render(_sample_latents(seed, count, latent_dim, truncation))

    @_signature(latent_dim, "start", "end", "steps")
    def interpolate(start, end, steps):
        return render(_path(start, end, steps))

    return {
        "serving_default": serving_default,
        "sample": sample,
        "interpolate": interpolate,
    }


def _two_signatures(render, latent_dim, num_classes) -> dict[str, Callable]:
    import tensorflow as tf

    full = tf.constant(1.0)

    @_signature(latent_dim, "latents")
    def serving_default(latents):
        return render(latents)

    @_signature(latent_dim, "seed", "count")
    def sample(seed, count):
        return render(_sample_latents(seed, count, latent_dim, full))

    return {"serving_default": serving_default, "sample": sample}


def _conditional(render, latent_dim, num_classes) -> dict[str, Callable]:
    import tensorflow as tf

    full, anything = tf.constant(1.0), tf.constant(-1)

    @_signature(latent_dim, "latents", "labels")
    def serving_default(latents, labels):
        return render(latents, labels)

    @_signature(latent_dim, "seed", "count", "label", "truncation")
    def sample(seed, count, label=anything, truncation=full):
        latents = _sample_latents(seed, count, latent_dim, truncation)
        with tf.control_dependencies(
            [_check_range("label", label, -1, num_classes - 1)]
        ):
            labels = tf.where(
                label < 0,
                draw_labels(seed, count, num_classes),
                tf.fill((count,), label),
            )
        return render(latents, labels)

    @_signature(latent_dim, "start", "end", "steps", "labels_of_path")
    def interpolate(start, end, steps, labels):
        latents = _path(start, end, steps)
        labels = tf.reshape(labels, (-1,))
        given = tf.size(labels)
        check = tf.debugging.Assert(
            (given == 1) | (given == steps),
            ["`labels` must be 1 or `steps` labels. Received:", given, steps],
        )
        with tf.control_dependencies([check]):
            labels = tf.broadcast_to(labels, (steps,))
        return render(latents, labels)

    return {
        "serving_default": serving_default,
        "sample": sample,
        "interpolate": interpolate,
    }

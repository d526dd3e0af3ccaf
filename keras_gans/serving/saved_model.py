"""Writes one generator as a SavedModel; needs Keras on TensorFlow."""

import logging
import os
from collections.abc import Callable

import keras
import numpy as np

from keras_gans.data.runtime import tf
from keras_gans.serving.signatures import Form, build_module


def write_saved_model(
    generator: keras.Model, path: str | os.PathLike, form: Form
) -> dict:
    """Saves a generator and describes what was saved.

    Args:
        generator: A built functional model on the TensorFlow backend.
        path: Directory to write; must not exist.
        form: What the generator takes and makes.

    Returns:
        The part of the manifest that TensorFlow knows: `signatures` and
        `tensorflow` (its version).

    Raises:
        ValueError: If the generator cannot draw an image of the last class,
            or draws values that are not finite.
    """
    # Variables of a copy belong to no distribution strategy.
    copy = keras.models.clone_model(generator)
    copy.set_weights(generator.get_weights())
    _try(copy, form)
    module, functions = build_module(copy, form)
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        tf.saved_model.save(module, os.fspath(path), signatures=functions)
    finally:
        logger.setLevel(level)
    return {
        "tensorflow": tf.__version__,
        "signatures": {
            name: _describe(function) for name, function in functions.items()
        },
    }


def _try(generator: keras.Model, form: Form) -> None:
    last = form.num_classes - 1
    inputs = np.zeros((1, form.latent_dim), "float32")
    if form.num_classes:
        inputs = [inputs, np.full((1,), last, "int32")]
    try:
        images = generator(inputs, training=False)
    except (tf.errors.InvalidArgumentError, IndexError) as error:
        raise ValueError(
            "The generator must accept labels from 0 to num_classes - 1. "
            f"Received: num_classes={form.num_classes}, and label {last} "
            f"fails: {str(error).splitlines()[0]}. Pass the number of classes "
            "that it was built for."
        ) from error
    values = keras.ops.convert_to_numpy(images).astype("float32")
    if not np.isfinite(values).all():
        raise ValueError(
            "The generator must draw finite values. Received: NaN or infinity "
            "for latents of zero, so its training has diverged. Export an "
            "earlier checkpoint."
        )


def _describe(function: Callable) -> dict:
    """Describes a signature: names, dtypes, shapes and default values."""
    concrete = function.get_concrete_function()
    defaults = function.function_spec.fullargspec.defaults or ()
    specs = function.input_signature
    first = len(specs) - len(defaults)
    inputs = {spec.name: _describe_spec(spec) for spec in specs}
    for spec, default in zip(specs[first:], defaults, strict=True):
        inputs[spec.name]["default"] = default.numpy().item()
    outputs = concrete.structured_outputs
    return {
        "inputs": inputs,
        "outputs": {
            name: _describe_spec(spec) for name, spec in outputs.items()
        },
    }


def _describe_spec(spec) -> dict:
    rank = spec.shape.rank
    shape = None if rank is None else spec.shape.as_list()
    return {"dtype": spec.dtype.name, "shape": shape}

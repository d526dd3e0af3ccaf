"""Checks of the two networks: a ValueError before anything is trained."""

import inspect
from collections.abc import Iterator
from typing import Any

import keras

from keras_gans.checks import integer
from keras_gans.layers import BatchNormalization, MinibatchStdDev

# Layers in which the images of a batch meet.
_BATCH_LAYERS = (
    keras.layers.BatchNormalization,
    BatchNormalization,
    MinibatchStdDev,
)


def checked(
    generator: keras.Model,
    discriminator: keras.Model,
    latent_dim: int | None,
    classes: tuple[int, int],
) -> tuple[keras.Model, keras.Model]:
    """Returns both networks as models with symbolic inputs that fit.

    Functional models and built Sequential ones are returned as they are, an
    unbuilt Sequential one is built. Around any other model is put a
    functional one, which has its weights and no others. `classes` are those
    of the labels that each of them takes, 0 for none.
    """
    latents = latent_dim and [(integer("latent_dim", latent_dim),)]
    generator = _functional(generator, "generator", latents, classes[0])
    found = generator.inputs[0].shape[-1]
    if latent_dim not in (None, found):
        raise ValueError(
            "`latent_dim` must be the length that the generator takes, "
            f"{found}. Received: latent_dim={latent_dim}."
        )
    given = [tuple(tensor.shape[1:]) for tensor in generator.outputs]
    discriminator = _functional(
        discriminator, "discriminator", given, classes[1]
    )
    taken = [tuple(t.shape[1:]) for t in discriminator.inputs[: len(given)]]
    if not all(map(fits, given, taken)):
        raise ValueError(
            "The discriminator must take the images that the generator gives. "
            f"Received: a generator with images {given}, a discriminator that "
            f"takes {taken}."
        )
    return generator, discriminator


def _functional(network, role, shapes, classes):
    if not isinstance(network, keras.Model):
        raise ValueError(
            f"The {role} must be a keras.Model. Received: {network!r}."
        )
    # An attribute only where there are symbolic inputs.
    if not getattr(network, "inputs", None):
        network = _called(network, role, shapes, classes)
    expected = (1 if role == "generator" else len(shapes)) + bool(classes)
    if len(network.inputs) != expected:
        raise ValueError(
            f"With num_classes={classes} the {role} must take {expected} "
            f"input{'s' * (expected > 1)}"
            f"{' (labels last)' if classes else ''}. Received a {role} "
            f"with inputs {[tensor.name for tensor in network.inputs]}."
        )
    _check_layers(network, role)
    return network


def _called(network, role, shapes, classes):
    if not shapes:
        raise ValueError(
            "A generator without symbolic inputs, such as a subclassed or an "
            "unbuilt Sequential model, needs `latent_dim`, the length of its "
            "latent vectors. Received: latent_dim=None."
        )
    inputs = [keras.Input(shape) for shape in shapes]
    if classes:
        inputs.append(keras.Input((), dtype="int32", name="labels"))
    inputs = inputs if len(inputs) > 1 else inputs[0]
    try:
        outputs = network(inputs)
    except Exception as error:
        raise ValueError(
            f"The {role} cannot be called on inputs of the shapes {shapes} "
            f"(without the batch){' and labels' if classes else ''}: {error}"
        ) from error
    if getattr(network, "inputs", None):
        return network
    return keras.Model(inputs, outputs, name=network.name)


def fits(shape: tuple, other: tuple) -> bool:
    """Whether two shapes are the same where both are known."""
    return len(shape) == len(other) and all(
        None in pair or pair[0] == pair[1]
        for pair in zip(shape, other, strict=True)
    )


def _check_layers(network, role):
    for layer in layers_of(network):
        cause = None
        if getattr(layer, "activity_regularizer", None) is not None:
            cause = "an activity_regularizer"
        elif _adds_losses(type(layer)):
            cause = "a call of add_loss"
        if cause:
            raise ValueError(
                "Losses that layers add are not part of a player's objective. "
                f"Received: layer {layer.name!r} of the {role}, with {cause}. "
                "Regularize weights, for example by kernel_regularizer, or "
                f"override `{role}_objective`."
            )


def _adds_losses(kind):
    """Whether code of the class that is not Keras's calls `add_loss`."""
    return any(
        "add_loss" in function.__code__.co_names
        for base in kind.__mro__
        if not base.__module__.startswith("keras.")
        for function in map(inspect.unwrap, vars(base).values())
        if inspect.isfunction(function)
    )


def check_precision(*networks: keras.Model) -> None:
    """Refuses layers that compute in float16."""
    for layer in [x for network in networks for x in layers_of(network)]:
        if layer.compute_dtype == "float16":
            raise ValueError(
                "float16 training is not supported: neither player's loss "
                f"would be scaled. Received: layer {layer.name!r} with dtype "
                f"policy {layer.dtype_policy.name}. Use mixed_bfloat16."
            )


def scores_images_by_themselves(discriminator: keras.Model) -> bool:
    """Whether no layer lets the images of a batch meet."""
    return not any(
        isinstance(layer, _BATCH_LAYERS) for layer in layers_of(discriminator)
    )


def may_be_halved(discriminator: keras.Model) -> bool:
    """Whether halves of a batch are surely scored as the whole is.

    By layers of Keras and of this package alone, none of which draws random
    numbers: what others do with a batch is not known.
    """
    networks = list(layers_of(discriminator))
    steps = [
        step
        for network in networks
        for step in (network, *getattr(network, "operations", ()))
    ]
    return (
        len(discriminator.variables) == len(discriminator.weights)
        and scores_images_by_themselves(discriminator)
        and not any(isinstance(step, keras.layers.Lambda) for step in steps)
        and all(
            isinstance(step, keras.layers.Layer)
            and type(step).__module__.split(".")[0] in ("keras", "keras_gans")
            for step in steps
        )
    )


def layers_of(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """Returns a network and its layers, those within others too."""
    # Keras has no public way to wrapped layers.
    return network._flatten_layers()


def averaging_copy(generator: keras.Model) -> keras.Model:
    """Returns a copy of the generator that is not trained."""
    try:
        copy = keras.models.clone_model(generator)
        copy.set_weights(generator.get_weights())
    except (TypeError, ValueError, NotImplementedError) as error:
        raise ValueError(
            "An averaged generator is a copy by get_config and from_config: "
            "a subclassed model's get_config must return its constructor's "
            f"arguments. Received: {generator.name!r}, where copying failed: "
            f"{error}"
        ) from error
    copy.trainable = False
    return copy


def check_average(decay: float, start: int) -> None:
    """Refuses settings of an averaged generator that are out of range."""
    if not 0.0 <= decay < 1.0 or start < 0:
        raise ValueError(
            "The average needs a decay in [0, 1) and a start step of 0 "
            f"or later. Received: decay={decay}, start={start}."
        )


def check_top_k(top_k: Any, loss: Any) -> None:
    """Refuses a loss that cannot weigh the images of a top-k."""
    if top_k is not None and not loss.takes_weights:
        raise ValueError(
            "With `top_k` the generator's loss weighs its images: it takes "
            f"`weights`. Received: top_k={top_k}, with a "
            f"{type(loss).__name__} that does not. Give its generator's part "
            "an argument `weights`, float32 (N,), or leave top_k out."
        )


def check_sharing(gan: keras.Model) -> None:
    """Refuses updates of the generator that need images of their own."""
    if max(gan.accumulate, gan.generator_steps, gan.generator_batch) > 1:
        raise ValueError(
            "With share_fakes=True the one generator update of a step uses the "
            "images of the discriminator's, whole. Received: accumulate="
            f"{gan.accumulate}, generator_steps={gan.generator_steps}, "
            f"generator_batch={gan.generator_batch}, which must be 1."
        )

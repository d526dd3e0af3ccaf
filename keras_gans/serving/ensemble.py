"""Generators of different classes as one model."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


def ensemble_generator(
    generators: Sequence[keras.Model], class_counts: Sequence[int]
) -> keras.Model:
    """Joins generators, each of some classes, into one of all of them.

    The classes of the whole are those of the first generator, then those of
    the second, and so on: label y goes to the member k with
    c_1 + … + c_{k-1} <= y < c_1 + … + c_k, which sees y less its lower bound.
    A member runs only when a batch has a label of its own, then on the whole
    batch: batches of one class each cost no more than a single generator.

    Args:
        generators: Built functional models from `[latents, labels]` to images
            of one common shape.
        class_counts: Positive ints c_k, the classes of each generator.

    Returns:
        A functional model from `latents` (N, latent_dim) and `labels` (N,)
        int32 to images, float32, that shares the generators' weights. It can
        be saved, and exported by `export_generator`.

    Raises:
        ValueError: When there is not a count for each generator, or the
            generators do not fit together.

    Example:
    >>> latents = keras.Input((5,))
    >>> labels = keras.Input((), dtype="int32")
    >>> image = keras.layers.Reshape((1, 1, 5))(latents)
    >>> member = keras.Model([latents, labels], image)
    >>> ensemble_generator([member, member], [3, 4]).output_shape
    (None, 1, 1, 5)
    """
    generators, class_counts = list(generators), list(class_counts)
    shapes = {
        (*(tuple(t.shape) for t in member.inputs), member.output_shape)
        for member in generators
    }
    fitting = len(shapes) == 1 and all(len(shape) == 3 for shape in shapes)
    if len(generators) != len(class_counts) or not fitting:
        raise ValueError(
            "An ensemble is made of generators from latents and labels to "
            "images, with the same shapes, and a number of classes for each. "
            f"Received: {len(generators)} generators with the input and "
            f"output shapes {sorted(map(str, shapes))}, "
            f"class_counts={class_counts}."
        )
    if min(class_counts) < 1:
        raise ValueError(
            "Every generator of an ensemble has at least one class. Received: "
            f"class_counts={class_counts}."
        )
    latents = keras.Input(generators[0].inputs[0].shape[1:], name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    images = ClassDispatch(generators, class_counts, name="members")(
        latents, labels
    )
    return keras.Model([latents, labels], images, name="ensemble")


@keras.saving.register_keras_serializable(package="keras_gans")
class ClassDispatch(keras.layers.Layer):
    """Gives each label's latents to the generator of that class.

    See `ensemble_generator`.

    Args:
        members: Generators, or their serialized form.
        class_counts: Classes of each.
    """

    def __init__(
        self,
        members: Sequence[keras.Model],
        class_counts: Sequence[int],
        **kwargs: Any,
    ):
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.members = [
            keras.saving.deserialize_keras_object(member)
            if isinstance(member, dict)
            else member
            for member in members
        ]
        self.class_counts = list(class_counts)
        self.built = True

    def call(self, latents: Any, labels: Any) -> Any:
        shape = self.members[0].output_shape[1:]
        images = ops.zeros((ops.shape(latents)[0], *shape))
        start = 0
        for member, count in zip(self.members, self.class_counts, strict=True):
            images = _drawn(member, latents, labels - start, count, images)
            start += count
        return images

    def compute_output_shape(
        self, latents_shape: tuple, labels_shape: tuple | None = None
    ) -> tuple:
        return (latents_shape[0], *self.members[0].output_shape[1:])

    def get_config(self) -> dict:
        config = super().get_config()
        del config["dtype"]
        serialize = keras.saving.serialize_keras_object
        config.update(
            members=[serialize(member) for member in self.members],
            class_counts=self.class_counts,
        )
        return config


def _drawn(member, latents, labels, count, images):
    """Returns `images` with those of labels in [0, count) drawn by `member`."""
    own = ops.logical_and(labels >= 0, labels < count)

    def draw():
        drawn = member([latents, ops.clip(labels, 0, count - 1)])
        place = ops.reshape(own, (-1, *(1 for _ in drawn.shape[1:])))
        return ops.where(place, ops.cast(drawn, images.dtype), images)

    return ops.cond(ops.any(own), draw, lambda: images)

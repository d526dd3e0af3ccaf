"""What the augmentations within a training step have in common."""

import abc
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import keras
from keras import ops

from keras_gans.checks import integer
from keras_gans.layers.random import ReplicaSeedGenerator


class Augmentation(keras.layers.Layer):
    """A random transformation of each image, the same for all its scales.

    Real and generated images of both players' updates pass it, so that the
    discriminator sees transformed images only and the generator is not taught
    to draw them. `draw` makes the random numbers, some for each image, and
    `transform` applies them, so that a training step may draw them apart from
    the rest of its operations.

    Args:
        seed: Seed of the draws. The state of their generator is saved with
            the model's.
        **kwargs: Of `keras.layers.Layer`.

    Call arguments:
        images: Images in [-1, 1] of the shape `(batch, height, width,
            channels)`, or a list of them at several scales, each a whole part
            of the largest.
        training: Whether to transform them; otherwise they pass unchanged.
        draws: What `draw` returned; None draws.

    Raises:
        ValueError: For images of a shape that it does not transform.
    """

    # Names of the numbers that an image draws from U[0, 1) and from N(0, 1).
    UNIFORM: ClassVar[tuple[str, ...]] = ()
    NORMAL: ClassVar[tuple[str, ...]] = ()
    # What it wants logged besides what a discriminator's update logs.
    LOGS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, seed: int = 0, **kwargs: Any):
        # Images are transformed in float32, whatever networks compute in.
        super().__init__(**{"autocast": False, "trainable": False, **kwargs})
        self.seed = integer("seed", seed, minimum=0)
        self.seed_generator = ReplicaSeedGenerator(self.seed)

    def build(self, input_shape: Any) -> None:
        shapes = input_shape if isinstance(input_shape[0], Sequence) else None
        shapes = [tuple(shape) for shape in shapes or [input_shape]]
        largest = max(shapes, key=lambda shape: shape[1] or 0)
        known = all(len(shape) == 4 and all(shape[1:]) for shape in shapes)
        if not known or any(
            largest[1] % height or height * largest[2] != width * largest[1]
            for _, height, width, _ in shapes
        ):
            raise ValueError(
                f"{type(self).__name__} transforms images of a known height, "
                "width and number of channels, or a list of them in which each "
                "is a whole part of the largest. Received: the shapes "
                f"{', '.join(str(shape[1:]) for shape in shapes)}."
            )
        self.check_channels(largest[-1])
        self.built = True

    def check_channels(self, channels: int) -> None:
        """Refuses images of so many channels, or says what it means."""

    def compute_output_spec(self, images: Any, **options: Any) -> Any:
        """Returns the same images: shapes and types stay."""
        del options
        return keras.tree.map_structure(
            lambda image: keras.KerasTensor(image.shape, image.dtype), images
        )

    def call(
        self, images: Any, training: bool = False, draws: Any = None
    ) -> Any:
        if not training:
            return images
        scales = keras.tree.flatten(images)
        if draws is None:
            draws = self.draw(ops.shape(scales[0])[0])
        numbers = {
            name: draws[:, index]
            for index, name in enumerate((*self.UNIFORM, *self.NORMAL))
        }
        changed = self.transform(
            [ops.cast(image, "float32") for image in scales], numbers
        )
        changed = [
            ops.cast(new, image.dtype)
            for new, image in zip(changed, scales, strict=True)
        ]
        return keras.tree.pack_sequence_as(images, changed)

    def draw(self, count: Any) -> Any:
        """Returns the random numbers of `count` images, a row for each."""
        uniform = keras.random.uniform(
            (count, len(self.UNIFORM)),
            dtype="float32",
            seed=self.seed_generator,
        )
        if not self.NORMAL:
            return uniform
        normal = keras.random.normal(
            (count, len(self.NORMAL)), dtype="float32", seed=self.seed_generator
        )
        return ops.concatenate([uniform, normal], axis=1)

    @abc.abstractmethod
    def transform(
        self, scales: list[Any], numbers: dict[str, Any]
    ) -> list[Any]:
        """Returns the images transformed by these numbers.

        Args:
            scales: The same images at one or more sizes, float32.
            numbers: What an image has drawn, `(batch,)`, by name.
        """

    def observed(self, signs: Any) -> dict[str, Any]:
        """Returns what is logged: a value for each of `LOGS`.

        Args:
            signs: Mean sign of the scores of real images, a float32 scalar.
        """
        del signs
        return {}

    def learn(self, logs: dict[str, Any], count: Any) -> None:
        """Takes note of what a discriminator's update logged.

        Args:
            logs: What `observed` returned, of `count` real images.
            count: Real images of the update.
        """

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["trainable"]
        return config | {"seed": self.seed}


def of_colours(image: Any, function: Callable[[Any], Any]) -> Any:
    """Returns an image whose colours a function changes, but not its alpha.

    Of 2 or 4 channels the last one says how opaque a pixel is.
    """
    colours = image.shape[-1] - (image.shape[-1] in (2, 4))
    if colours == image.shape[-1]:
        return function(image)
    parts = [function(image[..., :colours]), image[..., colours:]]
    return ops.concatenate(parts, axis=-1)


def size_of(scales: list[Any]) -> tuple[int, int]:
    """Returns the height and the width of the largest images."""
    return tuple(max(scales, key=lambda image: image.shape[1]).shape[1:3])


def per_image(numbers: Any, rank: int = 4) -> Any:
    """Returns a number for each image in a form that multiplies the images."""
    return ops.reshape(numbers, (-1,) + (1,) * (rank - 1))


def cut_out(scales: list[Any], rows: Any, columns: Any) -> list[Any]:
    """Returns images with a rectangle set to 0, mid-grey.

    At a smaller scale a pixel that lies in the rectangle in part keeps the
    share of its value that lies outside, as the mean of the cut larger image
    has it.

    Args:
        scales: Images of one or more sizes.
        rows: `(batch, height)` of the largest: 1 within the rectangle, else 0.
        columns: `(batch, width)` of the largest.
    """

    def shares(covered, size):
        ratio = covered.shape[1] // size
        if ratio == 1:
            return covered
        return ops.mean(ops.reshape(covered, (-1, size, ratio)), axis=2)

    return [
        image
        * (
            1.0
            - shares(rows, image.shape[1])[:, :, None, None]
            * shares(columns, image.shape[2])[:, None, :, None]
        )
        for image in scales
    ]

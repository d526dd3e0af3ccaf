"""Random flips and shifts of images, alike at every scale."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class FlipAndShift(keras.layers.Layer):
    """Mirrors every other image, and shifts all by a few whole pixels.

    Each image by its own draw: left-right with probability 1/2, and by
    integers uniform in [-s, s] along each axis. What comes into view is the
    image reflected at its border. Images at several scales are moved alike:
    by s pixels of the largest, rounded to those of the others.

    Args:
        shift: Non-negative int s.
        seed: Int, seed of the draws.

    Call arguments:
        images: `(batch, height, width, channels)`, or a list of such.
        training: False leaves images as they are.

    Output shape: that of `images`.

    Example:
    >>> layer = FlipAndShift(shift=1)
    >>> tuple(layer(keras.ops.ones((2, 8, 8, 3)), training=True).shape)
    (2, 8, 8, 3)

    Reference: [Zhang et al., 2020](https://arxiv.org/abs/1910.12027), §3.
    """

    def __init__(self, shift: int = 4, seed: int = 0, **kwargs):
        kwargs.update(dtype="float32", autocast=False)
        super().__init__(**kwargs)
        self.shift = shift
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        if not training:
            return images
        flat = keras.tree.flatten(images)
        count = ops.shape(flat[0])[0]
        height, width = (max(i.shape[axis] for i in flat) for axis in (1, 2))
        flips = self._draw(count, 0, 1)
        rows, columns = (
            ops.cast(self._draw(count, -self.shift, self.shift), "float32")
            for _ in range(2)
        )

        def moved(images):
            size = images.shape[1:3]
            down = _scaled(rows, size[0], height)
            right = _scaled(columns, size[1], width)
            across = _sources(right, size[1])
            across = ops.where(
                flips[:, None] == 1, size[1] - 1 - across, across
            )
            return _taken(images, _sources(down, size[0]), across)

        return keras.tree.map_structure(moved, images)

    def _draw(self, count, low, high):
        return keras.random.randint(
            (count,), low, high + 1, seed=self.seed_generator
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        several = isinstance(input_shape[0], list | tuple)
        for shape in input_shape if several else [input_shape]:
            if len(shape) != 4 or None in shape[1:]:
                raise ValueError(
                    "Flips and shifts are of images (batch, height, width, "
                    "channels) of a known size. Received: the shape "
                    f"{tuple(shape)}. Give `BCR` an augmentation that fits."
                )
        return input_shape

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("dtype", None)
        return config | {"shift": self.shift, "seed": self.seed}


def _scaled(shifts, size, largest):
    """Returns shifts in pixels of a smaller image, less than its size."""
    shifts = ops.round(shifts * (size / largest))
    return ops.cast(ops.clip(shifts, 1 - size, size - 1), "int32")


def _sources(shifts, size):
    """Returns which row each row is taken from, `(batch, size)`."""
    places = ops.arange(size, dtype="int32")[None] - shifts[:, None]
    return size - 1 - ops.abs(size - 1 - ops.abs(places))


def _taken(images, rows, columns):
    """Returns images made of these rows and columns of each."""
    _, height, width, channels = images.shape
    firsts = ops.arange(ops.shape(images)[0], dtype="int32") * (height * width)
    places = firsts[:, None, None] + rows[:, :, None] * width + columns[:, None]
    pixels = ops.reshape(images, (-1, channels))
    taken = ops.take(pixels, ops.reshape(places, (-1,)), axis=0)
    return ops.reshape(taken, (-1, height, width, channels))

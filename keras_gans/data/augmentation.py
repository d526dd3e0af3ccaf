"""Augmentation of real images inside the tf.data pipeline, by keras-cv.

The only module that imports keras-cv, and only when an augmentation is used.
keras-cv draws from a stateful generator; here the draws are a pure function
of (seed, step), and keras-cv's layers apply them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from keras_gans.checks import one_of, sides
from keras_gans.data.runtime import tf


def check_augmentations(names: Sequence[str]) -> tuple[str, ...]:
    """Returns the names in the order in which they are applied.

    Raises:
        ValueError: if a name is unknown or given twice, or if `names` is one
            string.
    """
    allowed = f"Allowed: any of {', '.join(AUGMENTATIONS)}, each once."
    if isinstance(names, str):
        raise ValueError(
            "`augment` is a sequence of names. Received the string "
            f"{names!r}; pass {tuple(names.split(','))!r}. {allowed}"
        )
    for name in names:
        one_of("augment", name, AUGMENTATIONS)
    if len(set(names)) < len(names):
        raise ValueError(
            "An augmentation is applied once. Received: "
            f"{', '.join(names)}. {allowed}"
        )
    return tuple(name for name in AUGMENTATIONS if name in names)


def build_augmentation(
    names: Sequence[str], resolution: int | tuple[int, int]
) -> Callable[[tf.Tensor, int, tf.Tensor], tf.Tensor]:
    """Builds a function of (images, seed, step) to use in `Dataset.map`.

    The images are float32 NHWC of [-1, 1], and so is the result. Applied in
    this order, each image with its own draw:

    - `flip`: left-right, with probability 1/2.
    - `translate`: by whole pixels, uniform in [-r/8, r/8] on each axis for
      the resolution r. What comes into view repeats the nearest edge pixel:
      a generator learns every artefact of its real images, and an edge
      repeated is background where a black or mirrored border is not.
    - `cutout`: a square of side r/2 becomes mid-grey (0). Its centre is
      uniform over the pixels, so that the square may hang over the border.

    The generator learns to draw what the discriminator sees as real, shifted
    and cut images included. Use them for what images of the kind may look
    like; against a discriminator that learns few images by heart,
    `keras_gans.augmentation` transforms generated images alike.

    Args:
        names: Some of `AUGMENTATIONS`; the given order does not matter.
        resolution: Side of the images, in pixels; or height and width, of
            which the shorter one is r.

    Raises:
        ValueError: as `check_augmentations`.

    Reference: [DeVries and Taylor, 2017](https://arxiv.org/abs/1708.04552)
    for cutout.
    """
    chosen = check_augmentations(names)
    layers = [(_stream(n), AUGMENTATIONS[n](resolution)) for n in chosen]

    def augment(images: tf.Tensor, seed: int, step: tf.Tensor) -> tf.Tensor:
        for stream, apply in layers:
            images = apply(images, _key(seed, step, stream))
        return images

    return augment


def dequantized(images: tf.Tensor, seed: int, step: tf.Tensor) -> tf.Tensor:
    """Returns levels x of [0, 255] as 2 (x / 256 - 1/2) + U[0, 1/128).

    A discriminator cannot tell real images by their 256 levels then. The
    noise is a pure function of (seed, step).
    """
    noise = tf.random.stateless_uniform(
        tf.shape(images), _key(seed, step, NOISE_STREAM), alg="philox"
    )
    return (images + noise) / 128.0 - 1.0


def _stream(name: str) -> int:
    """Returns what separates the draws of an augmentation from all others.

    The streams of shuffling, the first three augmentations and the noise are
    0 to 4, and stay so whatever is added.
    """
    place = list(AUGMENTATIONS).index(name)
    return place + 1 if place + 1 < NOISE_STREAM else place + 2


def _key(seed: int, step: tf.Tensor, stream: int) -> tf.Tensor:
    key = tf.constant([seed, stream], tf.int64)
    return tf.random.fold_in(key, tf.cast(step, tf.int64), alg="philox")


def _flip(resolution: int | tuple[int, int]) -> Callable:
    import keras_cv

    layer = keras_cv.layers.RandomFlip("horizontal", dtype="float32")

    def apply(images, key):
        shape = (tf.shape(images)[0], 1)
        draws = tf.random.stateless_uniform(shape, key, alg="philox")
        return layer.augment_images(
            images,
            transformations={
                "flip_horizontals": draws,
                "flip_verticals": tf.zeros(shape),
            },
        )

    return apply


def _translate(resolution: int | tuple[int, int]) -> Callable:
    import keras_cv

    shape = sides(resolution)
    reach = min(shape) // 8
    layer = keras_cv.layers.RandomTranslation(
        1 / 8,
        1 / 8,
        fill_mode="nearest",
        interpolation="nearest",
        dtype="float32",
    )

    def apply(images, key):
        shifts = tf.random.stateless_uniform(
            (tf.shape(images)[0], 2),
            key,
            -reach,
            reach + 1,
            dtype=tf.int32,
            alg="philox",
        )
        fractions = tf.cast(shifts, tf.float32) / tf.constant(shape, tf.float32)
        return layer.augment_images(
            images,
            transformations={
                "height_translations": fractions[:, :1],
                "width_translations": fractions[:, 1:],
            },
        )

    return apply


def _cutout(resolution: int | tuple[int, int]) -> Callable:
    import keras_cv

    height, width = sides(resolution)
    layer = keras_cv.layers.RandomCutout(
        (0.5, 0.5), (0.5, 0.5), fill_value=0.0, dtype="float32"
    )

    def apply(images, key):
        batch = tf.shape(images)[0]
        if height == width:
            centres = tf.random.stateless_uniform(
                (batch, 2), key, 0, height, dtype=tf.int32, alg="philox"
            )
        else:
            pixels = tf.random.stateless_uniform(
                (batch,), key, 0, height * width, dtype=tf.int32, alg="philox"
            )
            centres = tf.stack([pixels % width, pixels // width], axis=1)
        side = tf.fill((batch,), min(height, width) // 2)
        return layer.augment_images(
            images,
            transformations={
                "centers_x": centres[:, 0],
                "centers_y": centres[:, 1],
                "rectangles_height": side,
                "rectangles_width": side,
            },
        )

    return apply


# By name, in the order in which they are applied. A builder makes, for the
# side r of the images in pixels, a function of (images, key) as described in
# `build_augmentation`; the key is that of tf.random's stateless functions.
AUGMENTATIONS: dict[str, Callable] = {
    "flip": _flip,
    "translate": _translate,
    "cutout": _cutout,
}
NOISE_STREAM = 4

"""Images with black and white exchanged, in the pipeline of the data."""

from collections.abc import Callable

import tensorflow as tf

from keras_gans.data import AUGMENTATIONS


def inverting(resolution: int) -> Callable:
    """Inverts half of the images."""

    def apply(images, key):
        draws = tf.random.stateless_uniform((tf.shape(images)[0], 1, 1, 1), key)
        return tf.where(draws < 0.5, -images, images)

    return apply


AUGMENTATIONS["invert"] = inverting

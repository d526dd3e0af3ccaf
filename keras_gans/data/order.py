"""The order of images: a pure function of the seed and the epoch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from keras_gans.data.runtime import tf


def subset(num_images: int, limit: int) -> np.ndarray:
    """Returns `limit` distinct indices of [0, num_images), always the same.

    They are the images whose index has the smallest hash (the finalizer of
    SplitMix64), so that a set sorted by class gives all of its classes.
    """
    x = np.arange(1, num_images + 1, dtype=np.uint64)
    x *= np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.argsort(x ^ (x >> np.uint64(31)), kind="stable")[:limit]


def permutation(count: int | tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    """Returns a uniform permutation, a pure function of an int64[2] key."""
    draws = tf.random.stateless_uniform(
        [count], key, None, None, tf.int64, alg="philox"
    )
    return tf.argsort(draws, stable=True)


def stream(
    batches: tf.data.Dataset, element: Callable, length: int | None = None
) -> tf.data.Dataset:
    """Maps a dataset, which then says how long it is: for ever by default."""
    batches = batches.map(element, num_parallel_calls=tf.data.AUTOTUNE)
    known = tf.data.INFINITE_CARDINALITY if length is None else length
    return batches.apply(tf.data.experimental.assert_cardinality(known))


def epochs(
    one_epoch: Callable[[tf.Tensor], tf.data.Dataset],
    num_images: int,
    first_image: int,
    seed: int,
) -> tf.data.Dataset:
    """Concatenates all epochs, from position `first_image` of the sequence.

    An epoch is made from the key (seed, its number).
    """
    first, offset = divmod(first_image, num_images)
    numbers = tf.data.Dataset.range(first, tf.int64.max)
    keys = numbers.map(
        lambda epoch: tf.stack([tf.constant(seed, tf.int64), epoch])
    )
    return keys.flat_map(one_epoch).skip(offset)

"""Checks of the data: a ValueError before anything is trained on it."""

import warnings
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_gans.models.network_checks import fits

# Images of an array that are looked at.
_LOOKED_AT = 1024
# How far images may leave their range, as resizing makes them, relative to
# half of it.
_OVERSHOOT = 0.1


def check_batch(
    gan: keras.Model, images: Any, labels: Any, weights: Any
) -> Any:
    """Refuses a batch for what is known of it while a step is traced.

    Args:
        gan: The model to train.
        images: What `fit` makes of `x`.
        labels: What it makes of `y`.
        weights: What it makes of `sample_weight` and `class_weight`.

    Returns:
        int32 labels (N,); None for a model without classes.
    """
    _check_form(gan, images, labels, weights)
    _check_batch_size(gan, images.shape[0])
    if not gan.num_classes:
        return None
    return ops.reshape(ops.cast(labels, "int32"), (-1,))


def _check_form(gan, images, labels, weights):
    if weights is not None:
        raise ValueError(
            "Sample weights and class weights are not supported: both players' "
            "losses are plain means. Repeat the images that are to count more."
        )
    if keras.tree.is_nested(images):
        raise ValueError(
            "Real images are one array with labels beside it, fit(images, "
            "labels), or a dataset of images or of (images, labels). "
            f"Received: images in a {type(images).__name__}."
        )
    expected = tuple(gan.generator.outputs[-1].shape)
    dtype = keras.backend.standardize_dtype(images.dtype)
    if not keras.backend.is_float_dtype(dtype):
        to_range = " / 127.5 - 1" if len(expected) == 4 else ""
        raise ValueError(
            "Real data must be floating point, as generated data is. Received: "
            f"dtype {dtype}. Convert it: x.astype('float32'){to_range}."
        )
    shape = tuple(images.shape)
    if not fits(shape, expected):
        raise ValueError(
            "Real images must have the shape of the generated ones, which the "
            f"discriminator takes. Received: real images {shape}, "
            f"generated images {expected}."
        )
    if not gan.num_classes:
        return
    if labels is None:
        raise ValueError(
            "This model is conditional and needs a label for each image. "
            "Received: data without labels, num_classes="
            f"{gan.num_classes}. Give labelled data, or build the model "
            "with num_classes=0."
        )
    shape = tuple(labels.shape)
    if len(shape) != 1 and shape[1:] != (1,):
        raise ValueError(
            "Labels must be integers of the shape (N,) or (N, 1). Received: "
            f"the shape {shape}. One-hot labels become integers by "
            "numpy.argmax(labels, axis=-1)."
        )


def _check_batch_size(gan, size, replicas=1):
    parts = gan.n_critic * gan.accumulate * replicas
    if size is not None and size % parts:
        times = f" on each of {replicas} replicas" if replicas > 1 else ""
        raise ValueError(
            "A batch is split into `n_critic` times `accumulate` equal "
            f"parts{times}. Received: batch size {size}, n_critic="
            f"{gan.n_critic}, accumulate={gan.accumulate}. Use, for "
            f"example, {parts * (size // parts + 1)}."
        )


def whole_batches(
    gan: keras.Model, images: Any, labels: Any, batch_size: int | None
) -> tuple[Any, Any]:
    """Returns arrays of which every batch has equal parts.

    Left out are images at the end, fewer than parts; under a strategy, which
    may divide a last batch unequally, all of that batch. What is no array is
    returned as it is.
    """
    if not hasattr(images, "shape"):
        return images, labels
    strategy = getattr(gan, "distribute_strategy", None)
    replicas = strategy.num_replicas_in_sync if strategy else 1
    count, size = images.shape[0], batch_size or 32  # As Keras has it.
    _check_batch_size(gan, size, replicas)
    unit = size if replicas > 1 else gan.n_critic * gan.accumulate
    surplus = count % size % unit
    if surplus == count:
        raise ValueError(
            f"A batch of equal parts takes at least {unit} images. Received: "
            f"{count}, n_critic={gan.n_critic}, accumulate={gan.accumulate}."
        )
    if surplus:
        images = images[:-surplus]
        labels = None if labels is None else labels[:-surplus]
    return images, labels


def check_data(gan: keras.Model, data: Any, labels: Any, weights: Any) -> None:
    """Refuses data given to `fit`, as far as a look at it costs little.

    It looks at the first images and all labels of arrays, and at the first
    batch of a `tf.data.Dataset` or a `PyDataset`. Samples that have other
    than four axes are no images, and in any range.
    """
    batch = None
    if hasattr(data, "element_spec") and hasattr(data, "take"):
        batch = next(iter(data.take(1)), None)
    elif isinstance(data, keras.utils.PyDataset):
        batch = data[0]
    if batch is not None:
        data, labels, weights = keras.utils.unpack_x_y_sample_weight(batch)
        if hasattr(data, "dtype"):
            _check_batch_size(gan, data.shape[0])
    if not hasattr(data, "dtype") and not keras.tree.is_nested(data):
        return
    _check_form(gan, data, labels, weights)
    if len(data.shape) == 4 and gan.image_range:
        images = ops.convert_to_numpy(data[:_LOOKED_AT]).astype("float32")
        _check_range(images, gan.image_range)
    if gan.num_classes:
        labels = ops.convert_to_numpy(labels)
        lowest, highest = gan.lowest_label, gan.num_classes - 1
        wrong = (labels < lowest) | (labels > highest)
        wrong |= labels != np.floor(labels)
        if wrong.any():
            raise ValueError(
                f"Labels must be integers from {lowest} to {highest}. "
                f"Received: {labels[wrong][0]}."
            )


def _check_range(images, image_range):
    low, high = images.min(initial=np.inf), images.max(initial=-np.inf)
    lowest, highest = image_range
    slack = _OVERSHOOT * (highest - lowest) / 2
    rule = (
        f"Images must be in [{lowest:g}, {highest:g}], as generated ones are. "
        f"Received: images in [{low:g}, {high:g}]. Convert those in [0, "
        "{}. Set the model's `image_range` to None if they are meant so."
    )
    # Not a number is in no range.
    if not (lowest - slack <= low and high <= highest + slack) and images.size:
        raise ValueError(rule.format("255] by x / 127.5 - 1"))
    if lowest < 0.0 <= low < high:
        warnings.warn(rule.format("1] by 2 * x - 1"), stacklevel=4)

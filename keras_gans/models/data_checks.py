"""What must hold of the data that a GAN is trained on."""

import warnings
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from keras_gans.models.network_checks import fits

if TYPE_CHECKING:
    from keras_gans.models.gan import GAN

# Images of an array that are looked at.
_LOOKED_AT = 1024
# How far images may overshoot their range, as resizing makes them, relative
# to half of it.
_OVERSHOOT = 0.1
_KERAS_BATCH_SIZE = 32


def check_batch(gan: "GAN", images: Any, labels: Any, weights: Any) -> Any:
    """Checks what is known of a batch before its values are.

    Args:
        gan: The model to train.
        images: What `fit` makes of `x`.
        labels: What it makes of `y`.
        weights: What it makes of `sample_weight` and `class_weight`.

    Returns:
        int32 labels (N,); None for a model without classes.

    Raises:
        ValueError: When the model cannot be trained on the batch.
    """
    if weights is not None:
        raise ValueError(
            "Sample weights and class weights are not supported: both players' "
            "losses are plain means. Received: sample_weight or class_weight. "
            "Repeat the images that are to count more."
        )
    if keras.tree.is_nested(images):
        raise ValueError(
            "Real images must be one array, with labels beside it: "
            "fit(images) or fit(images, labels), or a dataset of images or of "
            f"(images, labels). Received: images in a {type(images).__name__}."
        )
    # A scale's image is made of the largest one's.
    expected = tuple(gan.generator.outputs[-1].shape)
    is_image = len(expected) == 4
    dtype = keras.backend.standardize_dtype(images.dtype)
    if not keras.backend.is_float_dtype(dtype):
        raise ValueError(
            "Real data must be floating point, as generated data is. "
            f"Received: dtype {dtype}. Convert it first: "
            f"x.astype('float32'){' / 127.5 - 1' * is_image}."
        )
    shape = tuple(images.shape)
    if not fits(shape, expected):
        raise ValueError(
            "Real images must have the shape of the generated ones, which the "
            f"discriminator takes. Received: real images {shape}, generated "
            f"images {expected}."
        )
    check_batch_size(gan, shape[0])
    return _flat_labels(labels, gan.num_classes) if gan.num_classes else None


def check_batch_size(gan: "GAN", size: int | None, replicas: int = 1) -> None:
    """Checks that a batch has as many equal parts as the model takes.

    Args:
        gan: The model to train.
        size: Number of images, None if unknown.
        replicas: Number of replicas among which the batch is divided.

    Raises:
        ValueError: When it has not; the message names a size that has.
    """
    parts = gan.n_critic * gan.accumulate * replicas
    if size is not None and size % parts:
        times = f", on each of {replicas} replicas" if replicas > 1 else ""
        raise ValueError(
            "A batch is split into `n_critic` times `accumulate` equal "
            f"parts{times}. Received: batch size {size}, n_critic="
            f"{gan.n_critic}, accumulate={gan.accumulate}. Use, for "
            f"example, {parts * (size // parts + 1)}."
        )


def whole_batches(
    gan: "GAN", images: Any, labels: Any, batch_size: int | None
) -> tuple[Any, Any]:
    """Returns arrays of which every batch has equal parts.

    What is too much for the last batch, fewer images than there are parts, is
    left out. Under a strategy, which may divide the last batch unequally, it
    is a whole batch or none.

    Args:
        gan: The model to train.
        images: Array of N images; what is no array is returned as it is.
        labels: Array of N labels, or None.
        batch_size: As given to `fit`.

    Raises:
        ValueError: When a batch cannot be split, or nothing would be left.
    """
    if not hasattr(images, "shape"):
        return images, labels
    strategy = getattr(gan, "distribute_strategy", None)
    replicas = strategy.num_replicas_in_sync if strategy else 1
    count, size = images.shape[0], batch_size or _KERAS_BATCH_SIZE
    check_batch_size(gan, size, replicas)
    unit = size if replicas > 1 else gan.n_critic * gan.accumulate
    if count < unit:
        check_batch_size(gan, count, replicas)
    surplus = count % size % unit
    if not surplus:
        return images, labels
    images = images[: count - surplus]
    return images, None if labels is None else labels[: count - surplus]


def check_values(gan: "GAN", data: Any, labels: Any) -> None:
    """Looks at images and labels, as far as that costs little.

    At the first images and all labels of arrays, and at the first batch of a
    `tf.data.Dataset`; generators and loaders are not read ahead of training.
    Samples that are no images, with other than four axes, are in any range.

    Args:
        gan: The model to train, whose `image_range` is (low, high), or None
            for images of any range.
        data: What is given to `fit`.
        labels: What is given beside it, or None.

    Raises:
        ValueError: When images leave the range, or labels the classes.
    """
    if hasattr(data, "element_spec") and hasattr(data, "take"):
        batch = next(iter(data.take(1)), None)
        data, labels, _ = keras.utils.unpack_x_y_sample_weight(batch)
    if hasattr(data, "shape"):
        _check_range(data[:_LOOKED_AT], gan.image_range)
    if gan.num_classes and hasattr(labels, "shape"):
        _check_classes(
            ops.convert_to_numpy(labels), gan.lowest_label, gan.num_classes
        )


def _check_range(images, image_range):
    shape = tuple(images.shape)
    if image_range is None or len(shape) != 4 or 0 in shape:
        return
    images = ops.convert_to_numpy(images).astype("float32")
    low, high = float(images.min()), float(images.max())
    lowest, highest = image_range
    slack = _OVERSHOOT * (highest - lowest) / 2
    found = f"Received: images in [{low:g}, {high:g}]"
    meant = "Set `image_range` of the model to None if this is meant."
    # Not a number is in no range.
    if not (lowest - slack <= low and high <= highest + slack):
        raise ValueError(
            f"Images must be in [{lowest:g}, {highest:g}], as generated ones "
            f"are. {found}. Bytes are converted by x / 127.5 - 1. {meant}"
        )
    if lowest < 0.0 <= low < high:
        warnings.warn(
            f"Images are expected in [{lowest:g}, {highest:g}], as generated "
            f"ones are. {found}. Those in [0, 1] are converted by 2 * x - 1. "
            f"{meant}",
            stacklevel=4,
        )


def _check_classes(labels, lowest, num_classes):
    _check_label_shape(labels, num_classes)
    wrong = (labels < lowest) | (labels >= num_classes)
    wrong |= labels != np.floor(labels)
    if wrong.any():
        raise ValueError(
            f"Labels must be integers from {lowest} to {num_classes - 1}. "
            f"Received: {labels[wrong][0]}, with num_classes={num_classes}."
        )


def _flat_labels(labels, num_classes):
    if labels is None:
        raise ValueError(
            "This model is conditional and needs a label for each image. "
            "Received: data without labels, num_classes="
            f"{num_classes}. Give labelled data, or build the model "
            "with num_classes=0."
        )
    _check_label_shape(labels, num_classes)
    labels = ops.cast(labels, "int32")
    return labels if len(labels.shape) == 1 else ops.reshape(labels, (-1,))


def _check_label_shape(labels, num_classes):
    shape = tuple(getattr(labels, "shape", ()))
    if len(shape) != 1 and shape[1:] != (1,):
        raise ValueError(
            "Labels must be integers of the shape (N,) or (N, 1). Received: "
            f"labels of the shape {shape}, with num_classes={num_classes}. "
            "One-hot labels become integers by numpy.argmax(labels, axis=-1)."
        )

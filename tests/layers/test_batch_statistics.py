"""Batch normalization that uses the batch's moments at inference too."""

import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.layers import BatchNormalization, ConditionalBatchNormalization

IMAGES = np.random.default_rng(0).normal(3.0, 2.0, (6, 4, 4, 3))
LABELS = np.array([0, 2, 1, 1, 0, 2])
BOTH = pytest.mark.parametrize("num_classes", [0, 3])


def make(num_classes, batch_statistics):
    options = {"momentum": 0.5, "batch_statistics": batch_statistics}
    if num_classes:
        layer = ConditionalBatchNormalization(num_classes, **options)
    else:
        layer = BatchNormalization(**options)
    layer.build(IMAGES.shape)
    return layer


def call(layer, images, **options):
    conditional = isinstance(layer, ConditionalBatchNormalization)
    labels = [LABELS[: len(images)]] if conditional else []
    outputs = layer(images.astype("float32"), *labels, **options)
    return ops.convert_to_numpy(outputs)


def standardized(images):
    mean, variance = images.mean((0, 1, 2)), images.var((0, 1, 2))
    return (images - mean) / np.sqrt(variance + 1e-5)


@BOTH
def test_inference_standardizes_by_the_batch(num_classes):
    layer = make(num_classes, True)
    for count in (6, 2):
        outputs = call(layer, IMAGES[:count], training=False)
        assert_allclose(outputs, standardized(IMAGES[:count]), atol=1e-5)


@BOTH
def test_inference_leaves_the_averages_and_training_moves_them(num_classes):
    layer = make(num_classes, True)
    call(layer, IMAGES, training=False)
    assert_array_equal(ops.convert_to_numpy(layer.moving_mean), np.zeros(3))
    call(layer, IMAGES, training=True)
    assert_allclose(
        ops.convert_to_numpy(layer.moving_mean),
        0.5 * IMAGES.mean((0, 1, 2)),
        rtol=1e-5,
    )


@BOTH
def test_the_weights_serve_a_layer_with_moving_statistics(num_classes):
    layer, moving = make(num_classes, True), make(num_classes, False)
    for _ in range(30):
        call(layer, IMAGES, training=True)
    moving.set_weights(layer.get_weights())
    one = call(moving, IMAGES[:1], training=False)
    assert_allclose(one, standardized(IMAGES)[:1], atol=1e-4)


@pytest.mark.once
@BOTH
def test_the_option_is_part_of_the_config(num_classes):
    for value in (True, False):
        layer = make(num_classes, value)
        copy = type(layer).from_config(layer.get_config())
        assert copy.batch_statistics is value

"""Class projection against numpy."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans.layers import ClassProjection

LABELS = np.array([3, 0, 3, 5])
FEATURES = np.random.default_rng(0).normal(size=(4, 8)).astype("float32")


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def test_scores_are_inner_products_with_class_vectors():
    layer = ClassProjection(6, spectral_norm=False)
    scores = as_float64(layer(FEATURES, LABELS))
    (vectors,) = layer.trainable_weights
    vectors = as_float64(vectors)
    assert vectors.shape == (6, 8)
    expected = [
        [feature @ vectors[label]]
        for feature, label in zip(FEATURES, LABELS, strict=True)
    ]
    assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)


def test_spectral_norm_divides_by_the_largest_singular_value():
    layer = ClassProjection(6)
    for _ in range(100):
        layer(FEATURES, LABELS)
        layer.embedding(LABELS, training=True)
    vectors = as_float64(layer.trainable_weights[0])
    vectors /= np.linalg.svd(vectors, compute_uv=False)[0]
    expected = np.sum(FEATURES * vectors[LABELS], axis=1, keepdims=True)
    scores = as_float64(layer(FEATURES, LABELS))
    assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)


def test_training_reaches_the_spectral_vectors():
    layer = ClassProjection(6)
    layer(FEATURES, LABELS)
    (u,) = layer.non_trainable_weights
    before = as_float64(u)
    layer(FEATURES, LABELS, training=True)
    assert np.abs(as_float64(u) - before).max() > 1e-3


def test_the_config_makes_an_equal_layer():
    layer = ClassProjection(6, spectral_norm=False)
    copy = ClassProjection.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.num_classes, copy.spectral_norm) == (6, False)


def test_bfloat16_runs():
    layer = ClassProjection(6, dtype="mixed_bfloat16")
    scores = layer(ops.cast(FEATURES, "bfloat16"), LABELS)
    assert keras.backend.standardize_dtype(scores.dtype) == "bfloat16"


@pytest.mark.parametrize("num_classes", [0, -1])
def test_classes_are_needed(num_classes):
    with pytest.raises(ValueError, match=f"num_classes={num_classes}"):
        ClassProjection(num_classes)

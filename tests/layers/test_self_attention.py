"""Self-attention against numpy, in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.layers import SelfAttention

IMAGES = np.random.default_rng(0).normal(size=(2, 4, 6, 16)).astype("float32")
VARIANTS = pytest.mark.parametrize("variant", ["code", "paper"])


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def layer_with_gamma(variant, gamma, **kwargs):
    layer = SelfAttention(variant, **kwargs)
    layer.build(IMAGES.shape)
    layer.gamma.assign(gamma)
    return layer


def pooled(maps):
    batch, height, width, channels = maps.shape
    maps = maps.reshape(batch, height // 2, 2, width // 2, 2, channels)
    return maps.max((2, 4))


def kernels_of(layer):
    """The matrices of query, key, value and, in `code`, output."""
    names = ("query", "key", "value", "output_projection")
    projections = [getattr(layer, name, None) for name in names]
    return [
        as_float64(projection.kernel)[0, 0]
        for projection in projections
        if projection is not None
    ]


def by_numpy(images, gamma, variant, kernels):
    """Returns the layer's outputs and attention map, image by image."""
    images = images.astype("float64")
    query, key, value, *output = kernels
    keys, values = images @ key, images @ value
    if variant == "code":
        keys, values = pooled(keys), pooled(values)
    outputs, maps = [], []
    for index, image in enumerate(images):
        x = image.reshape(-1, image.shape[-1])
        k = keys[index].reshape(-1, keys.shape[-1])
        v = values[index].reshape(-1, values.shape[-1])
        weights = np.exp(x @ query @ k.T)
        weights /= weights.sum(axis=1, keepdims=True)
        attended = weights @ v
        for matrix in output:
            attended = attended @ matrix
        outputs.append((x + gamma * attended).reshape(image.shape))
        maps.append(weights)
    return np.stack(outputs), np.stack(maps)


@VARIANTS
def test_outputs_are_those_of_the_equations(variant):
    layer = layer_with_gamma(variant, 0.7, spectral_norm=False)
    channels = [matrix.shape for matrix in kernels_of(layer)]
    assert (
        channels
        == {
            "code": [(16, 2), (16, 2), (16, 8), (8, 16)],
            "paper": [(16, 2), (16, 2), (16, 16)],
        }[variant]
    )
    outputs, maps = by_numpy(IMAGES, 0.7, variant, kernels_of(layer))
    assert_allclose(as_float64(layer(IMAGES)), outputs, rtol=1e-4, atol=1e-5)
    assert_allclose(
        as_float64(layer.attention_map(IMAGES)), maps, rtol=1e-4, atol=1e-6
    )


@VARIANTS
def test_every_query_spreads_a_weight_of_one(variant):
    layer = layer_with_gamma(variant, 1.0)
    weights = as_float64(layer.attention_map(IMAGES))
    assert weights.shape == (2, 24, 6 if variant == "code" else 24)
    assert_allclose(weights.sum(axis=-1), 1.0, rtol=1e-6)
    assert weights.min() > 0.0


@VARIANTS
def test_a_new_layer_is_the_identity(variant):
    layer = SelfAttention(variant)
    assert_array_equal(as_float64(layer(IMAGES)), IMAGES)
    assert as_float64(layer.gamma) == 0.0


def test_spectral_norm_divides_every_projection():
    layer = layer_with_gamma("code", 0.7)
    assert len(layer.trainable_weights) == 5
    assert len(layer.non_trainable_weights) == 4
    wrappers = [
        layer.query,
        layer.key,
        layer.value,
        layer.output_projection,
    ]
    kernels = [
        as_float64(wrapper.layer.kernel)[0, 0] / as_float64(wrapper.sigma())
        for wrapper in wrappers
    ]
    outputs, _ = by_numpy(IMAGES, 0.7, "code", kernels)
    assert_allclose(as_float64(layer(IMAGES)), outputs, rtol=1e-4, atol=1e-5)


def test_the_attention_map_is_float32_in_bfloat16():
    layer = layer_with_gamma("code", 0.7, dtype="mixed_bfloat16")
    exact = layer_with_gamma("code", 0.7)
    exact.set_weights(layer.get_weights())
    images = ops.cast(IMAGES, "bfloat16")
    outputs, weights = layer(images), layer.attention_map(images)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"
    assert_allclose(as_float64(weights).sum(axis=-1), 1.0, rtol=1e-6)
    outputs = as_float64(ops.cast(outputs, "float32"))
    expected = as_float64(exact(IMAGES))
    assert_allclose(outputs, expected, atol=0.03 * np.abs(expected).max())


@VARIANTS
def test_the_config_makes_an_equal_layer(variant):
    layer = SelfAttention(variant, spectral_norm=False)
    copy = SelfAttention.from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    assert (copy.variant, copy.spectral_norm) == (variant, False)


def test_an_unknown_variant_is_refused():
    with pytest.raises(ValueError, match="code, paper.*variant='biggan'"):
        SelfAttention("biggan")


def test_channels_must_divide_by_eight():
    with pytest.raises(ValueError, match="multiple of 8.*channels=12"):
        SelfAttention().build((None, 4, 4, 12))


def test_pooling_needs_an_even_size():
    with pytest.raises(ValueError, match="height=5, width=4"):
        SelfAttention("code").build((None, 5, 4, 8))
    outputs = SelfAttention("paper")(np.ones((1, 5, 3, 8), "float32"))
    assert tuple(outputs.shape) == (1, 5, 3, 8)

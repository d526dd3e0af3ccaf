"""The map of scores of SNGAN with the local gradient amplifier."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.networks import resnet_discriminator


def build(map_resolution, resolution=32, **options):
    return resnet_discriminator(
        resolution=resolution,
        channels=1,
        width=4,
        map_resolution=map_resolution,
        **options,
    )


def share_weights(target, source):
    """Gives the networks the same weights; a 1x1 kernel is a matrix."""
    random = np.random.default_rng(0)
    pairs = zip(target.weights, source.weights, strict=True)
    for mine, theirs in pairs:
        value = random.normal(0.0, 0.3, theirs.shape)
        theirs.assign(value)
        mine.assign(np.reshape(value, mine.shape))


def some_images(count, resolution=32):
    shape = count, resolution, resolution, 1
    return np.random.default_rng(1).normal(size=shape).astype("float32")


@pytest.mark.once
@pytest.mark.parametrize("spectral_norm", [True, False])
@pytest.mark.parametrize("map_resolution", [4, 8])
def test_the_mean_of_the_map_is_the_score(map_resolution, spectral_norm):
    pooled = build(0, spectral_norm=spectral_norm)
    mapped = build(map_resolution, spectral_norm=spectral_norm)
    share_weights(mapped, pooled)
    images = some_images(3)
    scores = keras.ops.convert_to_numpy(pooled(images))
    cells = keras.ops.convert_to_numpy(mapped(images))
    assert cells.shape == (3, map_resolution, map_resolution, 1)
    assert np.abs(scores).max() > 0.1
    assert cells.std(axis=(1, 2)).min() > 1e-3
    assert_allclose(
        cells.mean(axis=(1, 2)), scores, rtol=1e-4, atol=1e-4 * scores.std()
    )


@pytest.mark.once
def test_the_head_is_pooled_scaled_and_convolved_as_published():
    # 2x2 average pooling of stride 2 of the 8x8 map, times 64, then v.
    mapped = build(4)
    features = keras.Model(
        mapped.input,
        [mapped.get_layer(name).output for name in ("final_relu", "map_scale")],
    )
    relu, scaled = (x.numpy() for x in features(some_images(2)))
    assert relu.shape == (2, 8, 8, 4)
    windows = relu.astype("float64").reshape(2, 4, 2, 4, 2, 4)
    assert_allclose(scaled, 64.0 * windows.mean(axis=(2, 4)), rtol=1e-5)
    assert mapped.get_layer("map_pool").strides == (2, 2)
    assert mapped.get_layer("score_sn").layer.kernel.shape == (1, 1, 4, 1)


@pytest.mark.once
@pytest.mark.parametrize("map_resolution", [4, 8])
def test_a_map_has_the_parameters_of_a_score(map_resolution):
    assert build(map_resolution).count_params() == build(0).count_params()


@pytest.mark.once
def test_bfloat16_maps_build():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        mapped = build(4)
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.isfinite(mapped(some_images(2)).numpy().astype("float32")).all()


@pytest.mark.once
@pytest.mark.parametrize("map_resolution", [3, 16, -4])
def test_a_map_must_divide_the_last_feature_map(map_resolution):
    with pytest.raises(ValueError, match=f"8.*map_resolution={map_resolution}"):
        build(map_resolution)


@pytest.mark.once
def test_a_map_with_classes_is_refused():
    with pytest.raises(ValueError, match="num_classes=3. Use num_classes=0"):
        build(4, num_classes=3)

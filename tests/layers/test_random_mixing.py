"""Random projections of feature maps, against numpy in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.layers import RandomMixing

WIDTH = 2


def maps():
    random = np.random.default_rng(0)
    shapes = [(2, size, size, 5 - size.bit_length()) for size in (8, 4, 2, 1)]
    return [random.normal(size=shape).astype("float32") for shape in shapes]


def convolved(x, kernel, bias):
    size = kernel.shape[0]
    around = size // 2
    padded = np.pad(x, [(0, 0), (around, around), (around, around), (0, 0)])
    return bias + sum(
        padded[:, i : i + x.shape[1], j : j + x.shape[2]] @ kernel[i, j]
        for i in range(size)
        for j in range(size)
    )


def doubled(x):
    """Linear in each direction, with half-pixel centres."""
    for axis in (1, 2):
        size = x.shape[axis]
        places = np.clip((np.arange(2 * size) + 0.5) / 2 - 0.5, 0, size - 1)
        low = np.floor(places).astype(int)
        high = np.minimum(low + 1, size - 1)
        share = (places - low).reshape(
            [-1 if a == axis else 1 for a in range(4)]
        )
        x = (1 - share) * x.take(low, axis) + share * x.take(high, axis)
    return x


def test_maps_are_those_of_the_formula():
    layer = RandomMixing(WIDTH, seed=3)
    inputs = maps()
    outputs = [ops.convert_to_numpy(each) for each in layer(inputs)]
    weights = {
        w.name: ops.convert_to_numpy(w).astype("float64") for w in layer.weights
    }
    expected, below = [], 0.0
    for index in (3, 2, 1, 0):
        x = inputs[index].astype("float64")
        for kind in ("channels", "scales"):
            name = f"{kind}_{index}"
            x = convolved(x, weights[f"{name}_kernel"], weights[f"{name}_bias"])
            if kind == "channels":
                x = x + below
        below = doubled(x)
        expected.insert(0, below)
    channels = [WIDTH * k for k in (1, 1, 2, 4)]
    assert [each.shape[-1] for each in outputs] == channels
    for each, value in zip(outputs, expected, strict=True):
        assert_allclose(each, value, atol=1e-5)


def test_weights_are_numpys_by_the_seed():
    layer = RandomMixing(WIDTH, seed=3)
    layer(maps())
    random = np.random.default_rng(3)
    # The first map has 1 channel: U[-1, 1] of a 1x1 convolution.
    expected = random.uniform(-1, 1, (1, 1, 1, WIDTH))
    found = ops.convert_to_numpy(layer.weights[0])
    assert_allclose(found, expected, rtol=1e-6)
    for weight in layer.weights:
        inputs = {"kernel": np.prod(weight.shape[:-1])}
        bound = inputs.get(weight.name.split("_")[-1], 1) ** -0.5
        assert np.abs(ops.convert_to_numpy(weight)).max() <= bound


@pytest.mark.once
def test_nothing_is_trained_and_a_loaded_model_has_the_same(tmp_path):
    inputs = [keras.Input(each.shape[1:]) for each in maps()]
    model = keras.Model(inputs, RandomMixing(WIDTH, seed=3)(inputs))
    assert model.trainable_variables == []
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    for ours, theirs in zip(copy.weights, model.weights, strict=True):
        assert_array_equal(*map(ops.convert_to_numpy, (ours, theirs)))
    other = RandomMixing(WIDTH, seed=4)
    other(maps())
    kernels = [layer.weights[0] for layer in (model.layers[-1], other)]
    assert not np.array_equal(*map(ops.convert_to_numpy, kernels))


@pytest.mark.once
def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="width=0"):
        RandomMixing(0)
    with pytest.raises(ValueError, match=r"sizes \[\(8, 8\), \(8, 8\)"):
        RandomMixing(2)([maps()[0]] * 4)
    with pytest.raises(ValueError, match="Four maps"):
        RandomMixing(2)(maps()[:3])

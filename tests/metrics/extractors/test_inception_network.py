import keras
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.nn import functional

from keras_gans.metrics.extractors import inception_network
from keras_gans.metrics.extractors.base import image_data_format
from tests.metrics.extractors import inception_oracle

# torchvision's count for 1,000 classes with its auxiliary classifier, whose
# layers are those of Szegedy et al. (2016): 768-128 at 1 x 1, 128-768 at 5 x 5
# with normalization, 768-1000.
PUBLISHED_PARAMETERS = 27_161_264
AUXILIARY = (768 * 128 + 2 * 128) + (128 * 768 * 25 + 2 * 768) + 769 * 1000
# An odd size, and smaller than 299 to be quick.
SHAPE = (2, 91, 107, 3)


def scaled_noise():
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, SHAPE).astype(np.float32)


def by_torch(state, images, **quirks):
    """Features in float64."""
    state = {key: value.double() for key, value in state.items()}
    images = torch.tensor(images).permute(0, 3, 1, 2).double()
    return inception_oracle.features(state, images, **quirks).numpy()


def pooled(function, images):
    """Applies a pool of the network to images, channels last."""
    if image_data_format() == "channels_first":
        images = np.moveaxis(images, -1, 1)
    result = function(keras.ops.convert_to_tensor(images))
    result = keras.ops.convert_to_numpy(result)
    if image_data_format() == "channels_first":
        result = np.moveaxis(result, 1, -1)
    return result


def pooled_by_torch(function, images, **arguments):
    images = torch.tensor(images).permute(0, 3, 1, 2)
    return function(images, 3, **arguments).permute(0, 2, 3, 1).numpy()


def test_features_are_those_of_torch(inception, inception_state):
    images = scaled_noise()
    features = inception["clean"]._network.predict_on_batch(images)
    expected = by_torch(inception_state, images)
    assert features.shape == (2, 2048)
    assert features.dtype == np.float32
    assert expected.std() > 0.1
    assert_allclose(features, expected, rtol=0, atol=1e-4 * expected.std())


@pytest.mark.once
@pytest.mark.parametrize(
    "quirk", [{"padding_counts": True}, {"last_pool": "average"}]
)
def test_each_quirk_shows_in_the_features(inception_state, quirk):
    # So that the agreement above speaks for them.
    images = scaled_noise()
    expected = by_torch(inception_state, images)
    other = by_torch(inception_state, images, **quirk)
    assert np.abs(other - expected).max() > 0.1 * expected.std()


def test_average_pools_leave_padding_out():
    # With the padding, the border of ones would be 2/3 and its corner 4/9.
    ones = np.ones((1, 5, 4, 2), np.float32)
    assert_allclose(pooled(inception_network._average_pool, ones), 1, rtol=1e-6)
    images = scaled_noise()
    expected = pooled_by_torch(
        functional.avg_pool2d,
        images,
        stride=1,
        padding=1,
        count_include_pad=False,
    )
    result = pooled(inception_network._average_pool, images)
    assert_allclose(result, expected, rtol=0, atol=1e-6)


def test_the_last_blocks_pool_takes_the_maximum():
    # Padding never wins, not over negative numbers either.
    images = scaled_noise() - 2
    expected = pooled_by_torch(
        functional.max_pool2d, images, stride=1, padding=1
    )
    result = pooled(inception_network._maximum_pool, images)
    np.testing.assert_array_equal(result, expected)


@pytest.mark.once
def test_convolutions_are_those_of_the_published_file(inception):
    layers = {
        layer.name.replace("-", "."): tuple(layer.kernel.shape)
        for layer in inception["clean"]._network.layers
        if layer.weights
    }
    assert layers == {
        name: (*kernel, inputs, outputs)
        for name, outputs, inputs, kernel in inception_oracle.convolutions()
    }


@pytest.mark.once
def test_the_network_has_the_published_size(inception):
    # Folding leaves one of the two parameters that normalization has for each
    # channel.
    network = inception["clean"]._network
    channels = sum(
        layer.bias.shape[0] for layer in network.layers if layer.weights
    )
    parameters = network.count_params() + channels
    thousand_classes = 2049 * 1000
    assert parameters + thousand_classes == PUBLISHED_PARAMETERS - AUXILIARY


@pytest.mark.once
def test_nothing_is_left_of_an_image_below_the_smallest(inception):
    network = inception["clean"]._network
    smallest = 75
    assert network.compute_output_shape((1, smallest, smallest, 3)) == (1, 2048)
    with pytest.raises(ValueError):
        network.compute_output_shape((1, smallest - 1, smallest - 1, 3))

"""Facts of Fashion-MNIST's test part, published with the data set."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from keras_gans.data import load_images


def everything(images):
    batches = list(images.evaluation_batches(1000).as_numpy_iterator())
    pixels, labels = zip(*batches, strict=True)
    return np.concatenate(pixels), np.concatenate(labels)


@pytest.fixture(scope="module")
def original():
    return everything(load_images("embedded", resolution=28, channels=1))


def test_there_are_a_thousand_images_of_each_of_ten_classes(original):
    pixels, labels = original
    assert pixels.shape == (10000, 28, 28, 1) and pixels.dtype == np.uint8
    assert labels.dtype == np.int32
    assert_array_equal(np.bincount(labels), [1000] * 10)


def test_the_first_labels_are_those_of_the_published_file(original):
    _, labels = original
    assert_array_equal(labels[:10], [9, 2, 1, 1, 6, 1, 4, 6, 5, 7])


def test_pixels_use_the_whole_range_on_black(original):
    pixels, _ = original
    assert pixels.min() == 0 and pixels.max() == 255
    # The published mean and deviation of the training part: 0.2860, 0.3530.
    assert abs(pixels.mean() / 255 - 0.2860) < 0.005
    assert abs(pixels.std() / 255 - 0.3530) < 0.005


def test_at_32_pixels_a_black_frame_surrounds_the_original(original):
    pixels, labels = everything(load_images(resolution=32, channels=1))
    assert_array_equal(pixels[:, 2:-2, 2:-2], original[0])
    assert_array_equal(labels, original[1])
    frame = pixels.astype(int).sum((1, 2)) - original[0].astype(int).sum((1, 2))
    assert not frame.any()


def test_three_channels_are_equal():
    images = load_images(resolution=32)
    pixels = next(images.evaluation_batches(500).as_numpy_iterator())[0]
    assert pixels.shape == (500, 32, 32, 3)
    assert (pixels == pixels[..., :1]).all()


def test_other_resolutions_keep_the_mean_brightness(original):
    images = load_images(resolution=64, channels=1)
    pixels = next(images.evaluation_batches(500).as_numpy_iterator())[0]
    assert pixels.shape == (500, 64, 64, 1)
    assert abs(pixels.mean() - original[0][:500].mean()) < 0.5


def test_class_names_are_the_published_ones():
    images = load_images(resolution=32, channels=1)
    assert images.name == "embedded" and images.bad_images == ()
    assert images.num_images == 10000 and images.num_classes == 10
    assert images.class_names == (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )

"""Projected discriminators: sizes, scores, what is trained."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_array_equal

from keras_gans.networks import projected_discriminator

pytestmark = pytest.mark.once

WIDTH, CLASSES = 2, 3


def parameters(weights):
    return sum(np.prod(w.shape, dtype=int) for w in weights)


@pytest.mark.parametrize(
    ("resolution", "last", "scores"), [(32, 1, 1), (96, 3, 1), (224, 7, 16)]
)
def test_sizes_have_the_closed_form(resolution, last, scores):
    network = projected_discriminator(
        shape=(32, 32, 3), resolution=resolution, width=WIDTH
    )
    assert network.output_shape == (None, 4 * scores)
    kernel = min(4, last)
    expected = 0
    for inputs, scales in zip((1, 1, 2, 4), (4, 3, 2, 1), strict=True):
        for outputs in (1, 2, 4, 8)[-scales:]:
            filters = WIDTH * outputs
            # Of 4x4 with a bias, and a scale and an offset.
            expected += 16 * WIDTH * inputs * filters + 3 * filters
            inputs = outputs
        expected += kernel**2 * 8 * WIDTH
    assert parameters(network.trainable_weights) == expected


def test_the_features_are_those_of_the_package_and_mixed():
    network = projected_discriminator(
        shape=(32, 32, 1), resolution=32, width=WIDTH
    )
    fixed = network.get_layer("features"), network.get_layer("mixing")
    # Convolutions up to the last block, normalization folded in: 4,652,008
    # parameters of the whole less its classifier and its head, and less a
    # scale for each of the other channels.
    biases = [w for w in fixed[0].weights if w.name.endswith("bias")]
    channels = sum(w.shape[0] for w in biases)
    whole = 4_652_008 - 1_281_000 - (320 * 1280 + 2 * 1280)
    assert fixed[0].count_params() == whole - channels
    trained = {id(w) for w in network.trainable_weights}
    assert not trained & {id(w) for layer in fixed for w in layer.weights}


@pytest.fixture(scope="module")
def conditional():
    keras.utils.set_random_seed(0)
    return projected_discriminator(
        shape=(32, 32, 3), num_classes=CLASSES, resolution=32, width=WIDTH
    )


def images_of(count=3):
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, (count, 32, 32, 3)).astype("float32")


def test_labels_change_the_scores_of_every_scale(conditional):
    images = images_of(1).repeat(3, axis=0)
    scores = ops.convert_to_numpy(
        conditional([images, np.array([0, 1, 1], "int32")])
    )
    assert scores.shape == (3, 4)
    assert_array_equal(scores[1], scores[2])
    assert np.all(scores[0] != scores[1])


def test_conditional_sizes_have_the_closed_form(conditional):
    plain = projected_discriminator(
        shape=(32, 32, 3), resolution=32, width=WIDTH
    )
    added = parameters(conditional.trainable_weights)
    added -= parameters(plain.trainable_weights)
    # On each scale w filters for one, a table of 2w, and a dense layer.
    table = CLASSES * 2 * WIDTH + 2 * WIDTH * WIDTH + WIDTH
    assert added == 4 * ((WIDTH - 1) * 8 * WIDTH + table)


def test_an_auxiliary_one_names_the_classes_of_images_alone():
    network = projected_discriminator(
        shape=(32, 32, 3),
        num_classes=CLASSES,
        auxiliary=True,
        resolution=32,
        width=WIDTH,
    )
    scores, logits = network(images_of())
    assert (tuple(scores.shape), tuple(logits.shape)) == ((3, 4), (3, 3))

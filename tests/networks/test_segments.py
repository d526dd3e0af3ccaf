"""Where networks are cut."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose

from keras_gans.networks import (
    msg,
    projected_discriminator,
    resnet_generator,
)
from keras_gans.networks.segments import segments

pytestmark = pytest.mark.once


def run(network, inputs):
    """Returns the outputs of the network, made piece by piece."""
    cut = segments(network)
    tensors = dict(zip(cut.inputs, inputs, strict=True))
    for piece in cut.pieces:
        outputs = piece.model([tensors[name] for name in piece.inputs])
        tensors.update(
            zip(piece.outputs, keras.tree.flatten(outputs), strict=True)
        )
    return [tensors[name] for name in cut.outputs]


def assert_same(network, inputs):
    inputs = list(map(ops.array, inputs))
    expected = network(inputs if len(inputs) > 1 else inputs[0])
    expected = keras.tree.flatten(expected)
    for ours, theirs in zip(run(network, inputs), expected, strict=True):
        assert_allclose(
            ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs), rtol=1e-6
        )


def chain(widths):
    features = inputs = keras.Input((8,))
    for width in widths:
        features = layers.Dense(width)(features)
    return keras.Model(inputs, features)


def lengths(network):
    """Returns the layers of each piece but its inputs."""
    return [
        sum(not isinstance(x, layers.InputLayer) for x in piece.model.layers)
        for piece in segments(network).pieces
    ]


def cost(widths, ends):
    """Returns what is passed on and the largest piece of a chain."""
    pieces = itertools.pairwise([0, *ends, len(widths)])
    passed = sum(widths[end - 1] for end in ends)
    return passed + max(sum(widths[start:end]) for start, end in pieces)


@pytest.mark.parametrize("seed", range(5))
def test_no_other_cuts_of_a_chain_need_less(seed):
    random = np.random.default_rng(seed)
    widths = random.integers(1, 30, 10).tolist()
    best = min(
        cost(widths, ends)
        for count in range(10)
        for ends in itertools.combinations(range(1, 10), count)
    )
    found = list(itertools.accumulate(lengths(chain(widths))))[:-1]
    # Not every size of a piece is tried.
    assert best <= cost(widths, found) <= 1.05 * best


def test_equal_layers_are_cut_into_the_root_of_their_number():
    assert lengths(chain([8] * 16)) == [4, 4, 4, 4]


def test_branches_are_not_parted_where_it_costs_more():
    # Between blocks one map is passed on, within a block two.
    features = inputs = keras.Input((8,))
    for _ in range(4):
        branch = layers.Dense(8)(layers.ReLU()(features))
        features = layers.Add()([branch, features])
    network = keras.Model(inputs, features)
    for piece in segments(network).pieces:
        assert len(piece.outputs) == 1
        assert isinstance(piece.model.layers[-1], layers.Add)
    assert_same(network, [np.ones((2, 8), "float32")])


def test_a_layer_that_is_called_twice_runs_twice():
    dense, inputs = layers.Dense(8, activation="tanh"), keras.Input((8,))
    features = dense(layers.ReLU()(dense(layers.ReLU()(inputs))))
    network = keras.Model(inputs, features)
    assert len(segments(network).pieces) > 1
    assert_same(network, [np.eye(8, dtype="float32")])


def test_sequential_models_are_cut():
    network = keras.Sequential([keras.Input((8,))])
    for _ in range(9):
        network.add(layers.Dense(8, activation="tanh"))
    assert lengths(network) == [3, 3, 3]
    assert_same(network, [np.eye(8, dtype="float32")])


def test_the_weights_are_those_of_the_network():
    network = chain([8] * 9)
    pieces = segments(network).pieces
    found = [w for piece in pieces for w in piece.model.weights]
    assert list(map(id, found)) == list(map(id, network.weights))


def test_networks_of_several_images_are_cut_between_scales():
    options = {"resolution": 64, "max_channels": 8}
    generator = msg.msg_generator(latent_dim=4, **options)
    discriminator = msg.msg_discriminator(**options)
    images = generator(np.ones((2, 4), "float32"))
    assert_same(generator, [np.ones((2, 4), "float32")])
    assert_same(discriminator, images)
    # Images are made where their features are, and taken where needed: no
    # features of an earlier scale wait for them.
    for network in (generator, discriminator):
        pieces = segments(network).pieces
        assert len(pieces) > 2
        for before, piece in itertools.pairwise(pieces):
            passed = set(before.outputs) & set(piece.inputs)
            assert len(passed) == 1


def test_the_network_stays_as_it_was():
    network = chain([8] * 9)
    config = network.get_config()
    segments(network)
    assert network.get_config() == config
    copy = keras.models.clone_model(network)
    assert len(copy.layers) == len(network.layers)


def test_chunks_of_latents_go_to_the_pieces_of_their_blocks():
    network = resnet_generator(
        resolution=32,
        width=2,
        latent_dim=8,
        num_classes=3,
        shared_embedding=4,
        skip_z=True,
    )
    latents = np.random.default_rng(0).normal(size=(2, 8)).astype("float32")
    assert len(segments(network).pieces) > 1
    assert_same(network, [latents, np.array([0, 2], "int32")])


def test_features_of_all_scales_reach_their_discriminators():
    network = projected_discriminator(
        shape=(32, 32, 1), num_classes=3, resolution=32, width=2
    )
    images = np.random.default_rng(0).normal(size=(2, 32, 32, 1))
    labels = np.array([0, 2], "int32")
    assert len(segments(network).pieces) > 1
    assert_same(network, [images.astype("float32"), labels])

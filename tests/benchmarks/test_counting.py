"""Counted arithmetic against closed forms, on every backend."""

import keras
import numpy as np
import pytest
from keras import layers

from benchmarks.counting import count_call, count_step
from keras_gans.layers import Conv2D, UpsampleConv2D
from keras_gans.models import GAN

BATCH, LATENTS = 4, 6


def gan(folding):
    """4x4 maps of 8 channels, doubled to images; a 3x3 critic of 5 filters."""
    latents = keras.Input((LATENTS,))
    features = layers.Dense(4 * 4 * 8)(latents)
    features = layers.Reshape((4, 4, 8))(features)
    generator = keras.Model(
        latents, UpsampleConv2D(3, folding=folding)(features)
    )
    images = keras.Input((8, 8, 3))
    features = Conv2D(5, 3, padding="same")(images)
    features = layers.LeakyReLU()(features)
    scores = layers.Dense(1)(layers.Flatten()(features))
    model = GAN(generator, keras.Model(images, scores), loss="hinge")
    model.compile()
    return model


@pytest.mark.parametrize("folding", [False, True])
def test_operations_are_those_of_the_formula(folding):
    # Multiplications and additions of one pass over a batch.
    dense = 2 * BATCH * LATENTS * 128
    doubling = 2 * BATCH * (16 if folding else 64) * 8 * 3 * 9
    critic = 2 * BATCH * 64 * 3 * 5 * 9
    score = 2 * BATCH * 64 * 5
    # D: fakes; real and fake forward; gradients by the weights, and by the
    # features under the score. G: forward through both, gradients by the
    # features of both and by the generator's weights.
    discriminator = dense + doubling + 2 * (2 * critic + 3 * score)
    generator = 2 * dense + 3 * doubling + 2 * critic + 2 * score
    flops, moved = count_step(
        gan(folding), (np.zeros((BATCH, 8, 8, 3), "float32"),)
    )
    # Folding kernels and the smallest products are counted too.
    assert flops == pytest.approx(discriminator + generator, rel=0.1)
    assert moved > 0


@pytest.mark.once
def test_a_network_counts_as_its_layers():
    images = keras.Input((8, 8, 3))
    features = layers.DepthwiseConv2D(3, padding="same")(images)
    features = layers.GlobalAveragePooling2D()(features)
    network = keras.Model(images, layers.Dense(7)(features))
    flops, _ = count_call(network, np.zeros((BATCH, 8, 8, 3), "float32"))
    assert flops == 2 * BATCH * (64 * 3 * 9 + 3 * 7)

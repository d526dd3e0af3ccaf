"""Small networks with everything that carries state."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_gans.layers import (
    BatchNormalization,
    ClassProjection,
    ConditionalBatchNormalization,
    SpectralNormalization,
)
from keras_gans.models import GAN

LATENT_DIM = 6
CLASSES = 3


def generator(num_classes=CLASSES):
    latents = keras.Input((LATENT_DIM,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    features = SpectralNormalization(layers.Dense(32, use_bias=False))(latents)
    features = layers.Reshape((4, 4, 2))(features)
    if num_classes:
        features = ConditionalBatchNormalization(num_classes, momentum=0.9)(
            features, labels
        )
    else:
        features = BatchNormalization(momentum=0.9)(features)
    features = layers.LeakyReLU(negative_slope=0.2)(features)
    features = layers.Conv2D(1, 3, padding="same")(features)
    images = layers.Activation("tanh", dtype="float32")(features)
    inputs = [latents, labels] if num_classes else latents
    return keras.Model(inputs, images, name="generator")


def discriminator(num_classes=CLASSES):
    images = keras.Input((4, 4, 1), name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    features = SpectralNormalization(layers.Conv2D(4, 3, use_bias=False))(
        images
    )
    features = BatchNormalization(momentum=0.9)(features)
    features = layers.LeakyReLU(negative_slope=0.2)(features)
    features = layers.Dropout(0.2, seed=1)(layers.Flatten()(features))
    scores = layers.Dense(1)(features)
    if not num_classes:
        return keras.Model(images, scores, name="discriminator")
    projection = ClassProjection(num_classes)(features, labels)
    return keras.Model(
        [images, labels],
        layers.Add()([scores, projection]),
        name="discriminator",
    )


@pytest.fixture
def make_gan():
    """Returns a function that builds and compiles a small GAN."""

    def make(kind=GAN, num_classes=CLASSES, **options):
        keras.utils.set_random_seed(1)
        gan = kind(
            generator(num_classes),
            discriminator(num_classes),
            num_classes=num_classes,
            **options,
        )
        gan.compile(
            keras.optimizers.Adam(0.01, beta_1=0.5),
            keras.optimizers.Adam(0.02, beta_1=0.5),
        )
        return gan

    return make


@pytest.fixture
def batch():
    """Eight labelled images."""
    random = np.random.default_rng(0)
    images = random.uniform(-1.0, 1.0, (8, 4, 4, 1)).astype("float32")
    return images, random.integers(0, CLASSES, 8).astype("int32")

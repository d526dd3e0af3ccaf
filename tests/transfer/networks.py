"""Small named networks with everything that carries state."""

import keras
import numpy as np
from keras import layers

from keras_gans.layers import (
    BatchNormalization,
    ClassProjection,
    ConditionalBatchNormalization,
    SpectralNormalization,
)
from keras_gans.models import GAN

LATENT_DIM = 6
CHANNELS = 4


def generator(num_classes, channels=1):
    latents = keras.Input((LATENT_DIM,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    features = layers.Dense(16 * CHANNELS, name="dense")(latents)
    features = layers.Reshape((4, 4, CHANNELS), name="reshape")(features)
    if num_classes:
        norm = ConditionalBatchNormalization(num_classes, name="norm")
        features = norm(features, labels)
    else:
        features = BatchNormalization(name="norm")(features)
    images = layers.Conv2D(channels, 3, padding="same", name="to_image")(
        features
    )
    inputs = [latents, labels] if num_classes else latents
    return keras.Model(inputs, images, name="generator")


def discriminator(num_classes, channels=1):
    images = keras.Input((4, 4, channels), name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    first = layers.Conv2D(CHANNELS, 3, name="conv_1")
    features = SpectralNormalization(first, name="conv_1_sn")(images)
    features = BatchNormalization(name="bn_1")(features)
    features = layers.Conv2D(CHANNELS, 2, name="conv_2")(features)
    features = layers.Flatten(name="flatten")(features)
    scores = layers.Dense(1, name="score")(features)
    if not num_classes:
        return keras.Model(images, scores, name="discriminator")
    projection = ClassProjection(num_classes, name="projection")
    scores = layers.Add(name="scores")([scores, projection(features, labels)])
    return keras.Model([images, labels], scores, name="discriminator")


def make(num_classes=3, channels=1, seed=0, ema_decay=0.9, **options):
    """A GAN of these networks, compiled, whose every weight is its own."""
    gan = GAN(
        generator(num_classes, channels),
        discriminator(num_classes, channels),
        num_classes=num_classes,
        ema_decay=ema_decay,
        **options,
    )
    gan.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.02))
    return scattered(gan, seed)


def scattered(gan, seed):
    """Returns the model, with positive random numbers for all weights."""
    random = np.random.default_rng(seed)
    for weight in gan.weights:
        if keras.backend.is_float_dtype(weight.dtype):
            values = random.uniform(0.1, 0.5, weight.shape)
            weight.assign(values.astype("float32"))
    return gan


def state(network):
    """Returns a network's weights, by layer and variable."""
    return {
        f"{layer.name}/{index}": np.array(weight.numpy())
        for layer in network.layers
        for index, weight in enumerate(layer.weights)
    }


def fit(gan, steps=1):
    """Trains so many steps of eight images."""
    random = np.random.default_rng(0)
    shape = (8 * steps, *gan.discriminator.inputs[0].shape[1:])
    images = random.uniform(-1.0, 1.0, shape).astype("float32")
    labels = [np.arange(8 * steps, dtype="int32") % gan.num_classes]
    labels = labels if gan.num_classes else []
    gan.fit(images, *labels, batch_size=8, verbose=0)

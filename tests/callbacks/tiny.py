"""Small models for tests of callbacks."""

import keras
import numpy as np

from keras_gans import GAN


def tiny_gan(num_classes=0, **options):
    """A GAN of dense layers on 4x4 grey images: compiles in no time."""
    latents = keras.Input((3,), name="latents")
    images = keras.Input((4, 4, 1), name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    features, pixels = latents, keras.layers.Flatten()(images)
    if num_classes:
        embed = keras.layers.Embedding
        features = keras.layers.Concatenate()(
            [features, embed(num_classes, 3)(labels)]
        )
        pixels = keras.layers.Concatenate()(
            [pixels, embed(num_classes, 3)(labels)]
        )
    generated = keras.layers.Dense(16, "tanh")(features)
    generated = keras.layers.Reshape((4, 4, 1))(generated)
    score = keras.layers.Dense(1)(pixels)
    generator = keras.Model(
        [latents, labels] if num_classes else latents, generated
    )
    discriminator = keras.Model(
        [images, labels] if num_classes else images, score
    )
    gan = GAN(generator, discriminator, num_classes=num_classes, **options)
    gan.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2))
    return gan


def real_images(count=64):
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, (count, 4, 4, 1)).astype("float32")


def fit(gan, steps, callbacks, epochs=1, images=None, **options):
    images = real_images(8 * steps) if images is None else images
    return gan.fit(
        images,
        batch_size=8,
        epochs=epochs,
        steps_per_epoch=steps,
        shuffle=False,
        verbose=0,
        callbacks=callbacks,
        **options,
    )

"""Trains on this process's backend from given numbers; writes what comes out.

    python -m tests.models.parity OUTPUT.npz

Every number that a training run draws comes from numpy: the weights, images,
labels and latents. Whatever the backend, all arrays of OUTPUT are then the
same up to rounding.
"""

import sys
import zlib

import keras
import numpy as np
from keras import layers, ops

from keras_gans.augmentation import AdaptiveAugmentation
from keras_gans.layers import BatchNormalization, SpectralNormalization
from keras_gans.losses import TopK
from keras_gans.models import GAN, R3GAN, SAGAN, ProGAN
from keras_gans.models.growth import GrowingAdam
from keras_gans.models.r3gan_schedules import BurnInAdam
from keras_gans.penalties import (
    BCR,
    R1,
    R2,
    ZCR,
    CosineWeight,
    GradientPenalty,
    LeCam,
)

STEPS = 5
BATCH = 4
CLASSES = 3
# How often a step draws an augmentation: both kinds of images in each of two
# updates, and the generator's.
AUGMENTATIONS = 5


class Fixed:
    """A GAN that reads its latents and labels from tables by step."""

    # Of latents, for each update.
    draws = 1

    def prepare(self, latent_dim, seed=0):
        random = np.random.default_rng(seed)
        shape = (STEPS, self.n_critic + 1, BATCH)
        latents = random.normal(
            size=(STEPS, self.draws * shape[1], BATCH, latent_dim)
        )
        self.latents = latents.astype("float32").tolist()
        self.labels = random.integers(0, CLASSES, shape).tolist()
        if self.augmentation is not None:
            shape = (STEPS, AUGMENTATIONS, BATCH)
            uniform, normal = (
                len(names)
                for names in (
                    self.augmentation.UNIFORM,
                    self.augmentation.NORMAL,
                )
            )
            draws = (
                random.uniform(size=(*shape, uniform)),
                random.normal(size=(*shape, normal)),
            )
            self.augmentations = np.concatenate(draws, axis=-1).tolist()

    def adversarial_step(self, data):
        updates = self.n_critic + 1
        self.latent_draws = iter(range(self.draws * updates))
        self.label_draws = iter(range(updates))
        self.augmentation_draws = iter(range(AUGMENTATIONS))
        return super().adversarial_step(data)

    def draw_latents(self, count):
        place = next(self.latent_draws)
        table = ops.array(self.latents, dtype="float32")[:, place]
        return ops.take(table, self.optimizer.iterations, axis=0)

    def draw_labels(self, count):
        if not self.num_classes:
            return None
        place = next(self.label_draws)
        table = ops.array(self.labels, dtype="int32")[:, place]
        return ops.take(table, self.optimizer.iterations, axis=0)

    def draw_augmentation(self, count):
        place = next(self.augmentation_draws)
        table = ops.array(self.augmentations, dtype="float32")[:, place]
        return ops.take(table, self.optimizer.iterations, axis=0)


class FixedSAGAN(Fixed, SAGAN):
    """SAGAN with given latents."""


class FixedR3GAN(Fixed, R3GAN):
    """R3GAN with given latents."""


class FixedProGAN(Fixed, ProGAN):
    """ProGAN with given latents."""


class FixedGAN(Fixed, GAN):
    """A GAN with given latents."""


def as_numpy(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def set_weights(weights):
    """Moves every weight off its initial value by numbers of its own."""
    for weight in weights:
        seed = zlib.crc32(weight.path.encode())
        noise = np.random.default_rng(seed).normal(size=weight.shape)
        name = weight.path.split("/")[-1]
        if name in ("kernel", "embeddings"):
            fan_in = max(np.prod(weight.shape[:-1]), 1)
            value = noise / np.sqrt(fan_in)
        elif name == "vector_u":
            value = noise
        elif weight.shape == ():
            value = np.array(0.5)
        else:
            start = 1.0 if name in ("gamma", "moving_variance") else 0.0
            value = start + 0.1 * noise
        weight.assign(value)


def adam(rate):
    # The first moment with β₁ = 0 is the gradient itself. A usual ε would
    # make the first updates the gradient's sign, which for a gradient of
    # exactly zero is the sign of the rounding error.
    return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.9, epsilon=0.01)


def record(gan, results, prefix):
    """Stores weights, gradients and averages under their paths."""
    for player in ("generator", "discriminator"):
        for weight in getattr(gan, player).weights:
            results[f"{prefix}/weight/{player}/{weight.path}"] = weight
        optimizer = getattr(gan.optimizer, player)
        variables = getattr(gan, player).trainable_variables
        for variable, moment in zip(
            variables, optimizer._momentums, strict=True
        ):
            key = f"{prefix}/gradient/{player}/{variable.path}"
            results[key] = moment
    for average, weight in zip(
        gan.averaged_generator.weights, gan.generator.weights, strict=True
    ):
        results[f"{prefix}/average/generator/{weight.path}"] = average
    for key, value in results.items():
        results[key] = (
            value if isinstance(value, np.ndarray) else as_numpy(value)
        )


def train(gan, image_shape, results, name):
    """Takes the steps one by one, through `fit`."""
    for network in (gan.generator, gan.discriminator):
        set_weights(network.weights)
    gan.averaged_generator.set_weights(gan.generator.get_weights())
    random = np.random.default_rng(7)
    count = STEPS * gan.n_critic * BATCH
    images = random.uniform(-1.0, 1.0, (count, *image_shape))
    labels = random.integers(0, CLASSES, count)
    history = []
    for step in range(STEPS):
        part = slice(count * step // STEPS, count * (step + 1) // STEPS)
        data = [images[part].astype("float32")]
        if gan.num_classes:
            data.append(labels[part].astype("int32"))
        logs = gan.fit(
            *data,
            batch_size=gan.n_critic * BATCH,
            shuffle=False,
            verbose=0,
        ).history
        history.append([logs[key][0] for key in sorted(logs)])
        if step in (0, STEPS - 1):
            record(gan, results, f"{name}/step_{step + 1}")
    results[f"{name}/losses"] = np.array(history)


def sagan(results):
    """SAGAN as published, but narrow and at 32 px."""
    gan = FixedSAGAN.from_settings(
        resolution=32,
        num_classes=CLASSES,
        latent_dim=8,
        generator_width=8,
        discriminator_width=8,
        attention_resolution=16,
        momentum=0.9,
        final_momentum=0.9,
        ema_decay=0.5,
    )
    gan.prepare(8)
    gan.compile(adam(4e-3), adam(1e-2))
    train(gan, (32, 32, 3), results, "sagan")


def r3gan(results):
    """R3GAN in small, in the middle of its burn-in."""
    gan = FixedR3GAN.from_settings(
        resolution=8,
        num_classes=CLASSES,
        latent_dim=8,
        generator_width=8,
        discriminator_width=8,
        blocks=1,
        group_size=4,
        r1_weight=1.0,
        r2_weight=1.0,
        burn_in=4,
        ema_decay=0.5,
    )
    gan.prepare(8)
    gan.compile(
        *(BurnInAdam(rate, epsilon=0.01, burn_in=4) for rate in (4e-3, 1e-2))
    )
    train(gan, (8, 8, 3), results, "r3gan")


def progan(results):
    """ProGAN in small, which grows after the first step."""
    gan = FixedProGAN.from_settings(
        resolution=8,
        latent_dim=8,
        max_channels=6,
        fade_steps=6,
        stable_steps=0,
        ema_decay=0.5,
    )
    gan.penalty[0] = AtReal(10.0)
    gan.prepare(8)
    gan.compile(
        *(
            GrowingAdam(rate, beta_1=0.0, beta_2=0.9, epsilon=0.01)
            for rate in (0.1, 0.1)
        )
    )
    train(gan, (8, 8, 3), results, "progan")


class FixedNearGAN(FixedGAN):
    """With latents nearby, which are drawn too."""

    draws = 2


def pair(bias=True):
    """A small generator and discriminator with every kind of state.

    Scores have a common bias, or none.
    """
    latents, images = keras.Input((5,)), keras.Input((8, 8, 1))
    features = layers.Dense(32, name="dense")(latents)
    features = layers.Reshape((4, 4, 2))(features)
    features = BatchNormalization(momentum=0.9, name="bn")(features)
    features = layers.LeakyReLU(negative_slope=0.2)(features)
    outputs = layers.Conv2DTranspose(
        1, 4, 2, padding="same", activation="tanh", name="transposed"
    )(features)
    generator = keras.Model(latents, outputs, name="generator")
    features = SpectralNormalization(
        layers.Conv2D(4, 4, 2, padding="same", name="conv"), name="conv_sn"
    )(images)
    features = BatchNormalization(momentum=0.9, name="bn")(features)
    features = layers.Activation("tanh")(features)
    score = layers.Dense(1, use_bias=bias, name="score")
    scores = score(layers.Flatten()(features))
    return generator, keras.Model(images, scores, name="discriminator")


def penalized(results):
    """A small pair, two discriminator updates a step, gradient penalty."""
    gan = FixedGAN(
        *pair(),
        # Between an image and itself every place is the same.
        penalty=AtReal(10.0),
        n_critic=2,
        ema_decay=0.5,
    )
    gan.prepare(5)
    gan.compile(adam(4e-3), adam(1e-2))
    train(gan, (8, 8, 1), results, "penalized")


def regularized(results):
    """The same pair with all other regularizers."""
    gan = FixedNearGAN(
        # Differences of scores have no gradient for what all have in common:
        # of a bias only rounding errors would be compared.
        *pair(bias=False),
        penalty=[
            R1(2.0),
            R2(CosineWeight(1.0, 0.5, 6), interval=2),
            LeCam(0.3, decay=0.9, start=3),
            # Whose transformation draws nothing.
            BCR(augmentation=layers.Rescaling(-0.5)),
            ZCR(noise=0.3),
        ],
        top_k=TopK(0.5, decay=0.8, interval=2),
        loss="relativistic_pairing",
        n_critic=2,
        ema_decay=0.5,
    )
    gan.prepare(5)
    gan.compile(adam(4e-3), adam(1e-2))
    train(gan, (8, 8, 1), results, "regularized")
    averages = gan.penalty[2].scores.weights
    results["lecam/scores"] = np.array(list(map(as_numpy, averages)))


def augmented(results):
    """A small pair whose images are augmented, more so update by update."""
    augmentation = AdaptiveAugmentation(
        categories=("blit", "geometry", "color", "cutout"),
        target=-0.999,
        speed=0.05,
        interval=1,
    )
    gan = FixedGAN(
        *pair(), augmentation=augmentation, n_critic=2, ema_decay=0.5
    )
    gan.prepare(5)
    gan.compile(adam(4e-3), adam(1e-2))
    train(gan, (8, 8, 1), results, "augmented")


class AtReal(GradientPenalty):
    """The gradient penalty at the real images, where nothing is drawn."""

    def __call__(self, score, real, fake, state, seed):
        return super().__call__(score, real, real, state, seed)


def normalized(results):
    """Singular values of effective kernels after training."""
    inputs = keras.Input((4, 4, 5))
    features = [
        layers.Flatten()(SpectralNormalization(layer)(inputs))
        for layer in (
            layers.Conv2D(6, 3, name="conv"),
            layers.Conv2DTranspose(6, 3, strides=2, name="transposed"),
        )
    ]
    features = layers.Concatenate()(features)
    dense = SpectralNormalization(layers.Dense(3, name="dense"))
    model = keras.Model(inputs, dense(features))
    for weight in model.weights:
        random = np.random.default_rng(np.prod(weight.shape, dtype=int))
        weight.assign(0.2 * random.normal(size=weight.shape))
    model.compile(keras.optimizers.SGD(0.02), "mse")
    random = np.random.default_rng(3)
    model.fit(
        np.tile(random.normal(size=(8, 4, 4, 5)), (100, 1, 1, 1)),
        np.tile(random.normal(size=(8, 3)), (100, 1)),
        batch_size=8,
        shuffle=False,
        verbose=0,
    )
    for layer in model.layers:
        if isinstance(layer, SpectralNormalization):
            kernel = as_numpy(layer.normalized_kernel())
            if layer.layer.name == "transposed":
                kernel = np.moveaxis(kernel, -2, -1)
            matrix = kernel.reshape(-1, kernel.shape[-1])
            values = np.linalg.svd(matrix, compute_uv=False)
            results[f"normalized/{layer.layer.name}"] = values
            results[f"sigma/{layer.layer.name}"] = as_numpy(layer.sigma())


def main(output):
    """Runs everything and writes the arrays."""
    results = {}
    for experiment in (
        sagan,
        r3gan,
        progan,
        penalized,
        augmented,
        regularized,
        normalized,
    ):
        experiment(results)
    np.savez(output, **results)


if __name__ == "__main__":
    main(sys.argv[1])

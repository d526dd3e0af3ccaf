"""What is logged of the players' updates, and where files keep it."""

import h5py
import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose

from keras_gans.models import GAN
from keras_gans.penalties import GradientPenalty

SCORES = {"real_score", "fake_score"}
LOSSES = {"generator_loss", "discriminator_loss"}


class HalfSquare(layers.Layer):
    """D(x) = w Σ x² / 2 from w = 1, whose gradient at x is w x."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.weight = self.add_weight(shape=(), initializer="ones")

    def call(self, images):
        squares = ops.sum(ops.square(images), axis=(1, 2, 3))
        return self.weight * squares[:, None] / 2.0


class Paint(layers.Layer):
    """Turns every pixel into a colour."""

    def __init__(self, colour=0.5, **kwargs):
        super().__init__(**kwargs)
        self.colour = colour

    def call(self, images):
        return 0.0 * images + self.colour


class NextGAN(GAN):
    """Draws latents of 1, 2, 3 ..."""

    def draw_latents(self, count):
        self.draws = getattr(self, "draws", 0) + 1
        return self.draws * ops.ones((count, 2))


def square_gan(kind=GAN, **options):
    """Images (2, 2, 1) of ones times the latents' sum; nothing moves."""
    latents, images = keras.Input((2,)), keras.Input((2, 2, 1))
    ones = layers.Dense(4, kernel_initializer="ones", use_bias=False)(latents)
    gan = kind(
        keras.Model(latents, layers.Reshape((2, 2, 1))(ones)),
        keras.Model(images, HalfSquare()(images)),
        loss=options.pop("loss", "wasserstein"),
        **options,
    )
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    return gan


@pytest.mark.parametrize(
    "options",
    [
        {"accumulate": 2},
        {"n_critic": 2, "remat": True},
        {"share_fakes": True, "joint_scoring": False},
        {"loss": "relativistic_hinge"},
    ],
)
def test_no_image_comes_past_the_augmentation(options):
    # Whatever they were, images of 1/2 score 4 / 8 and have a gradient of
    # norm √4 / 2, a unit off the penalty's target of 2.
    gan = square_gan(
        penalty=GradientPenalty(3.0, target=2.0),
        augmentation=Paint(),
        **options,
    )
    images = np.random.default_rng(0).uniform(-1, 1, (8, 2, 2, 1))
    history = gan.fit(images, batch_size=8, verbose=0).history
    assert set(history) == LOSSES | SCORES | {"penalty"}
    assert_allclose(history["real_score"], 0.5, rtol=1e-6)
    assert_allclose(history["fake_score"], 0.5, rtol=1e-6)
    assert_allclose(history["penalty"], 3.0, rtol=1e-5)
    relativistic = "loss" in options  # Scores are equal: L = 1 + 1.
    assert_allclose(
        history["generator_loss"], 2.0 if relativistic else -0.5, rtol=1e-6
    )


def test_scores_are_the_means_over_the_discriminators_updates():
    # Images of 2 and then 4 times the latent: 4 (2 k)² / 2 at draw k.
    gan = square_gan(NextGAN, n_critic=2)
    gan.run_eagerly = True
    first, second = np.ones((4, 2, 2, 1)), 3.0 * np.ones((4, 2, 2, 1))
    logs = gan.adversarial_step(
        ops.convert_to_tensor(np.concatenate([first, second]).astype("float32"))
    )
    assert set(logs) == LOSSES | SCORES
    assert_allclose(float(logs["real_score"]), (2.0 + 18.0) / 2, rtol=1e-6)
    assert_allclose(float(logs["fake_score"]), (8.0 + 32.0) / 2, rtol=1e-6)
    assert_allclose(float(logs["generator_loss"]), -72.0, rtol=1e-6)


def test_a_map_of_scores_is_logged_by_its_mean():
    latents, images = keras.Input((2,)), keras.Input((2, 2, 1))
    zeros = layers.Dense(4, kernel_initializer="zeros")(latents)
    map_of_scores = layers.Conv2D(1, 1, kernel_initializer="ones")(images)
    gan = GAN(
        keras.Model(latents, layers.Reshape((2, 2, 1))(zeros)),
        keras.Model(images, map_of_scores),
        loss="hinge",
    )
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    images = np.random.default_rng(1).uniform(-1, 1, (6, 2, 2, 1))
    history = gan.fit(images, batch_size=6, verbose=0).history
    assert_allclose(history["real_score"], images.mean(), rtol=1e-4)
    assert_allclose(history["fake_score"], 0.0, atol=1e-7)


def test_a_lazy_penalty_is_logged_as_it_is_in_the_loss():
    # (√4 |x| - 2)² at x = 0 for the update that has it, twice its weight.
    gan = square_gan(
        penalty=GradientPenalty(1.0, target=2.0, interval=2),
        augmentation=Paint(0.0),
        n_critic=2,
    )
    history = gan.fit(np.ones((8, 2, 2, 1)), batch_size=8, verbose=0).history
    assert_allclose(history["penalty"], (2.0 * 4.0 + 0.0) / 2, rtol=1e-4)


@pytest.mark.once
def test_files_have_the_groups_that_they_always_had(tmp_path):
    gan = square_gan(penalty=GradientPenalty(1.0), ema_decay=0.5)
    gan.fit(np.ones((8, 2, 2, 1)), batch_size=8, verbose=0)
    gan.save_weights(tmp_path / "gan.weights.h5")
    with h5py.File(tmp_path / "gan.weights.h5") as file:
        groups = {
            name: sorted(file[name])
            for name in file
            if name != "_layer_checkpoint_dependencies"
        }
    assert set(groups) == {
        "averaged_generator",
        "discriminator",
        "generator",
        "optimizer",
        "vars",
    }
    # The one random state is that of the latents.
    assert groups["vars"] == ["0"]
    assert "generator" in groups["optimizer"]
    assert "discriminator" in groups["optimizer"]

"""The seam through which images reach the discriminator."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.models import GAN, MSGGAN, SAGAN
from keras_gans.penalties import GradientPenalty
from tests.callbacks.tiny import fit, tiny_gan


@keras.saving.register_keras_serializable(package="tests")
class Brightness(layers.Layer):
    """Adds a number to each image, the same to all of its scales."""

    def __init__(self, seed=5, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        if not training:
            return images
        count = ops.shape(keras.tree.flatten(images)[0])[0]
        change = keras.random.normal((count, 1, 1, 1), seed=self.seed_generator)
        return keras.tree.map_structure(lambda image: image + change, images)

    def get_config(self):
        return super().get_config() | {"seed": self.seed}


class NoisyScore(GAN):
    """Adds noise in its scoring, from a seed of its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.noise = keras.random.SeedGenerator(3)

    def score(self, images, labels, training=False, remat=False):
        noise = keras.random.normal(ops.shape(images), seed=self.noise)
        return super().score(images + noise, labels, training, remat)


def drawn(seed_generator):
    """How often it was asked: the second number of its state counts."""
    return int(ops.convert_to_numpy(seed_generator.state)[1])


@pytest.mark.parametrize(
    ("options", "scores", "batches"),
    [
        ({"penalty": GradientPenalty(1.0)}, 2, 3),
        ({"joint_scoring": False, "remat": True}, 3, 3),
        ({"share_fakes": True}, 2, 3),
        ({"accumulate": 2}, 4, 6),
        ({"loss": "relativistic_hinge", "generator_steps": 2}, 5, 6),
    ],
)
def test_seeds_of_the_model_itself_advance_in_every_pass(
    options, scores, batches
):
    # A score asks the noise once; the augmentation, for each kind of images.
    parts = tiny_gan()
    gan = NoisyScore(
        parts.generator,
        parts.discriminator,
        augmentation=Brightness(),
        **options,
    )
    gan.compile("sgd", "sgd")
    fit(gan, 2, [])
    assert drawn(gan.noise) == 2 * scores
    assert drawn(gan.augmentation.seed_generator) == 2 * batches


@pytest.mark.parametrize("share_fakes", [True, False])
def test_dropout_of_the_discriminator_advances_in_both_updates(
    make_gan, batch, share_fakes
):
    gan = make_gan(share_fakes=share_fakes, joint_scoring=True)
    gan.fit(*batch, batch_size=4, verbose=0)
    [dropout] = [
        layer
        for layer in gan.discriminator.layers
        if isinstance(layer, layers.Dropout)
    ]
    assert drawn(dropout.seed_generator) == 2 * 2


@pytest.mark.parametrize("share_fakes", [True, False])
def test_the_generators_gradient_comes_through_the_augmentation(share_fakes):
    # L_G = -v·(-2 W z): a step of 1 moves W by -2 mean(z) v.
    latents, images = keras.Input((2,)), keras.Input((3,))
    generate = layers.Dense(3, use_bias=False)
    score = layers.Dense(1, use_bias=False)
    gan = GAN(
        keras.Model(latents, generate(latents)),
        keras.Model(images, score(images)),
        loss="wasserstein",
        augmentation=layers.Rescaling(-2.0),
        share_fakes=share_fakes,
    )
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(0.0))
    z = np.random.default_rng(0).normal(size=(4, 2)).astype("float32")
    gan.draw_latents = lambda count: ops.convert_to_tensor(z)
    before = gan.generator.get_weights()[0]
    vector = gan.discriminator.get_weights()[0][:, 0]
    gan.fit(np.ones((4, 3), "float32"), batch_size=4, verbose=0)
    assert_allclose(
        gan.generator.get_weights()[0],
        before - 2.0 * np.outer(z.mean(axis=0), vector),
        rtol=1e-5,
        atol=1e-6,
    )


def test_training_goes_on_with_the_draws_that_would_have_come(tmp_path):
    gan = tiny_gan(augmentation=Brightness(), penalty=GradientPenalty(1.0))
    fit(gan, 2, [])
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert isinstance(copy.augmentation, Brightness)
    assert copy.augmentation.seed == 5
    assert drawn(copy.augmentation.seed_generator) == 2 * 3
    histories = [fit(model, 2, []).history for model in (gan, copy)]
    assert histories[0] == histories[1]
    for ours, theirs in zip(copy.weights, gan.weights, strict=True):
        assert_array_equal(*map(ops.convert_to_numpy, (ours, theirs)))


@pytest.mark.once
def test_without_one_there_is_no_further_random_state():
    plain, augmented = tiny_gan(), tiny_gan(augmentation=Brightness())
    assert len(plain.variables) + 1 == len(augmented.variables)
    assert plain.get_config()["augmentation"] is None


def test_images_at_several_scales_are_augmented_together():
    parts = MSGGAN.from_settings(
        resolution=8, channels=1, latent_dim=4, max_channels=4
    )
    gan = MSGGAN(
        parts.generator,
        parts.discriminator,
        penalty=GradientPenalty(1.0),
        augmentation=Brightness(),
    )
    gan.compile("sgd", "sgd")
    images = np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 1))
    history = gan.fit(images, batch_size=4, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    # Relativistic: real and generated images in both updates.
    assert drawn(gan.augmentation.seed_generator) == 4


def test_a_paper_s_model_takes_an_augmentation_and_a_penalty():
    gan = SAGAN.from_preset(
        "sagan_cifar10_32",
        generator_width=8,
        discriminator_width=8,
        augmentation=Brightness(),
        penalty=GradientPenalty(2.0),
    )
    assert isinstance(gan.augmentation, Brightness)
    assert gan.penalty.weight == 2.0

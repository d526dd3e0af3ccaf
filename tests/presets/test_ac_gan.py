"""AC-GAN's presets against the paper's Appendix A."""

import pytest

from keras_gans import presets
from keras_gans.models.ac_gan import ACGAN

pytestmark = pytest.mark.once

TRAINING = {
    "num_classes": 10,
    "latent_dim": 100,
    "channels": 3,
    "discriminator_width": 16,
    "dropout": 0.5,
    "class_loss_on": "both",
    "discriminator_class_weight": 1.0,
    "generator_class_weight": 1.0,
    "n_critic": 1,
    "generator_learning_rate": 2e-4,
    "discriminator_learning_rate": 2e-4,
    "beta_1": 0.5,
    "beta_2": 0.999,
    "ema_decay": None,
    "batch_size": 100,
    "steps": 50_000,
}
PUBLISHED = {
    "ac_gan_imagenet_128": {"resolution": 128, "generator_width": 64},
    "ac_gan_imagenet_64": {"resolution": 64, "generator_width": 64},
    "ac_gan_cifar10_32": {"resolution": 32, "generator_width": 96},
}
# What the appendix leaves open, and what the repository chose.
CHOSEN = {
    "latent_distribution": "normal",
    "activation_noise": 0.1,
    "momentum": 0.99,
    "saturating": False,
    "ema_start": 0,
}


def test_the_presets_are_those_published():
    assert set(presets.names("ac_gan")) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_settings_are_the_papers(name):
    assert presets.load(name) == {**TRAINING, **PUBLISHED[name], **CHOSEN}


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_the_paper_does_not_say_is_marked(name):
    # 110 inputs are 100 latents and 10 classes by inference. The paper gives
    # CIFAR-10 a grid of 27 cells, and the steps of ImageNet alone.
    expected = {*CHOSEN, "latent_dim"} - {"ema_start"}
    if name == "ac_gan_cifar10_32":
        expected |= {
            "generator_learning_rate",
            "discriminator_learning_rate",
            "steps",
        }
    assert set(presets.describe(name)["unsourced"]) == expected


def test_a_preset_builds_networks_of_the_published_size():
    gan = ACGAN.from_preset("ac_gan_cifar10_32")
    sizes = [
        sum(weight.numpy().size for weight in network.trainable_weights)
        for network in (gan.generator, gan.discriminator)
    ]
    assert sizes == [2_994_051, 1_664_875]
    optimizer = gan.optimizer.generator
    betas = optimizer.beta_1, optimizer.beta_2, optimizer.epsilon
    assert betas == (0.5, 0.999, 1e-8)

"""R3GAN's presets against the numbers of the paper and its released code."""

import math

import pytest

from keras_gans import presets
from keras_gans.models.r3gan import R3GAN

pytestmark = pytest.mark.once

# train.py and README: batches, γ at the start, half-life of the average and
# length of the burn-in in images, probability of augmentation, classes; with
# the training's length, in the paper's Table 9 for those with classes.
RUNS = {
    "r3gan_cifar10_32": (512, 0.05, 5e6, 2e7, 0.55, 10, 2.5e8),
    "r3gan_imagenet_32": (4096, 0.5, 5e7, 2e8, 0.5, 1000, 1e9),
    "r3gan_imagenet_64": (4096, 1.0, 5e7, 2e8, 0.4, 1000, 1e9),
    "r3gan_ffhq_64": (256, 2.0, 5e5, 2e7, 0.3, 0, None),
    "r3gan_ffhq_256": (256, 150.0, 5e5, 2e7, 0.3, 0, None),
}
# Widths of the stages from 4 pixels on, and channels of a group: the width
# within a block, twice that, over the cardinality.
NETWORKS = {
    "r3gan_cifar10_32": ([768] * 4, 2 * 768 // 96),
    "r3gan_imagenet_32": ([1536] * 4, 2 * 1536 // 96),
    "r3gan_imagenet_64": ([1536] * 5, 2 * 1536 // 96),
    "r3gan_ffhq_64": ([768] * 4 + [384], 2 * 768 // 96),
    "r3gan_ffhq_256": ([768] * 4 + [384, 192, 96], 2 * 96 // 12),
}
# The learning rate falls from 2e-4 to 5e-5, γ to a tenth, β₂ rises from 0.9
# to 0.99; β₁ is 0.
TRAINING = {
    "channels": 3,
    "latent_dim": 64,
    "blocks": 2,
    "expansion": 2,
    "loss": "relativistic_pairing",
    "n_critic": 1,
    "optimizer": "adam",
    "generator_learning_rate": 2e-4,
    "discriminator_learning_rate": 2e-4,
    "remaining_rate": 5e-5 / 2e-4,
    "beta_1": 0.0,
    "beta_2": 0.9,
    "final_beta_2": 0.99,
    "remaining_penalty": 0.1,
    "ema_start": 0,
    "ada": True,
}


def test_the_presets_are_the_published_five():
    assert presets.names("r3gan") == list(RUNS)


@pytest.mark.parametrize("name", RUNS)
def test_settings_are_the_published_ones(name):
    settings = presets.load(name)
    batch, gamma, half_life, burn_in, probability, classes, images = RUNS[name]
    for key, value in TRAINING.items():
        assert settings[key] == value, key
    assert settings["batch_size"] == batch
    assert settings["r1_weight"] == settings["r2_weight"] == gamma
    assert settings["num_classes"] == classes
    assert settings["augment_probability"] == probability
    # The average loses half of what it was by so many images.
    left = settings["ema_decay"] ** (half_life / batch)
    assert math.isclose(left, 0.5, rel_tol=1e-9)
    assert settings["burn_in"] == math.ceil(burn_in / batch)
    if images is not None:
        assert settings["steps"] == math.ceil(images / batch)
    unsourced = ["steps"] if images is None else []
    assert presets.describe(name)["unsourced"] == unsourced


@pytest.mark.parametrize("name", RUNS)
def test_networks_are_the_published_ones(name):
    settings = presets.load(name)
    widths, group_size = NETWORKS[name]
    assert settings["resolution"] == 4 << (len(widths) - 1)
    assert settings["group_size"] == group_size
    for player in ("generator", "discriminator"):
        multipliers = settings[f"{player}_multipliers"] or [1] * len(widths)
        unit = settings[f"{player}_width"]
        assert [unit * multiplier for multiplier in multipliers] == widths


def test_a_preset_builds_with_other_widths():
    gan = R3GAN.from_preset(
        "r3gan_ffhq_64", generator_width=8, discriminator_width=8
    )
    assert gan.generator.output_shape == (None, 64, 64, 3)
    assert gan.discriminator.output_shape == (None, 1)
    assert gan.augmentation.fixed == 0.3
    weights = [penalty.weight for penalty in gan.penalty]
    assert [(w.start, w.updates) for w in weights] == [(2.0, 78_125)] * 2
    assert [w.end for w in weights] == pytest.approx([0.2] * 2)

"""Presets against the numbers that the papers print."""

import importlib.resources
import json

import pytest

from keras_gans import presets
from keras_gans.models import SAGAN

pytestmark = pytest.mark.once

# SAGAN, section 4: Adam, rates 0.0001 and 0.0004, β₁ = 0, β₂ = 0.9, hinge
# loss, one update of each a step, a million steps; 128 latents.
SAGAN_TRAINING = {
    "latent_dim": 128,
    "attention_variant": "code",
    "spectral_norm": "both",
    "loss": "hinge",
    "n_critic": 1,
    "generator_learning_rate": 1e-4,
    "discriminator_learning_rate": 4e-4,
    "beta_1": 0.0,
    "beta_2": 0.9,
    "ema_decay": None,
    "momentum": 0.999,
    "final_momentum": 0.9999,
    "channels": 3,
}
IMAGENET = {
    "num_classes": 1000,
    "generator_width": 64,
    "discriminator_width": 64,
    "attention_resolution": 32,
    "batch_size": 256,
    "steps": 1_000_000,
}
PUBLISHED = {
    "sagan_imagenet_128": {**SAGAN_TRAINING, **IMAGENET, "resolution": 128},
    "sagan_imagenet_64": {**SAGAN_TRAINING, **IMAGENET, "resolution": 64},
    # SNGAN's networks for CIFAR-10.
    "sagan_cifar10_32": {
        **SAGAN_TRAINING,
        "resolution": 32,
        "num_classes": 10,
        "generator_width": 256,
        "discriminator_width": 128,
        "attention_resolution": 16,
        "batch_size": 64,
        "steps": 100_000,
    },
}
# Columns of Table 1, and Figure 3's baselines with SNGAN's learning rates.
EQUAL_RATES = {
    "attention_resolution": 0,
    "generator_learning_rate": 2e-4,
    "discriminator_learning_rate": 2e-4,
}
COMPARISONS = {
    **{
        f"attention{size}": {"attention_resolution": size}
        for size in (8, 16, 64)
    },
    **{
        f"residual{size}": {
            "attention_resolution": size,
            "attention_variant": "residual",
        }
        for size in (8, 16, 32, 64)
    },
    "no_attention": {"attention_resolution": 0},
    "sn_discriminator": {**EQUAL_RATES, "spectral_norm": "discriminator"},
    "sn_both": EQUAL_RATES,
}
for comparison, changes in COMPARISONS.items():
    PUBLISHED[f"sagan_{comparison}_imagenet_128"] = {
        **PUBLISHED["sagan_imagenet_128"],
        **changes,
    }
# Released code of SNGAN-projection.
PUBLISHED["sngan_projection_imagenet_128"] = {
    **PUBLISHED["sagan_imagenet_128"],
    **EQUAL_RATES,
    "spectral_norm": "discriminator",
    "hidden_channels": "in",
    "n_critic": 5,
    "batch_size": 64,
    "steps": 450_000,
    "decay_steps": 450_000,
    "learning_rate_hold": 400_000 / 450_000,
    "momentum": 0.9,
    "final_momentum": 0.9,
}


def test_the_presets_are_those_published():
    assert set(presets.names("sagan")) == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_settings_are_the_papers(name):
    settings = presets.load(name)
    expected = PUBLISHED[name]
    assert {key: settings[key] for key in expected} == expected
    # Nothing else but the step from which an average would be taken.
    assert set(settings) - set(expected) == {"ema_start"}


def test_every_preset_says_where_it_comes_from():
    for file in importlib.resources.files(presets).iterdir():
        if file.name.endswith(".json"):
            for name, preset in json.loads(file.read_text("utf-8")).items():
                assert set(preset) == {"description", "source", "settings"}
                assert preset["description"] and preset["source"]
                resolution = name.split("_")[-1]
                assert preset["settings"]["resolution"] == int(resolution)


def test_a_loaded_preset_is_a_copy():
    presets.load("sagan_cifar10_32")["resolution"] = 7
    assert presets.load("sagan_cifar10_32")["resolution"] == 32


@pytest.mark.parametrize("load", [presets.load, SAGAN.from_preset])
def test_an_unknown_preset_names_the_nearest(load):
    with pytest.raises(ValueError) as error:
        load("sagan_imagenet128")
    assert "Received: 'sagan_imagenet128'" in str(error.value)
    assert "Did you mean 'sagan_imagenet_128'?" in str(error.value)


def test_a_preset_of_another_family_is_unknown():
    with pytest.raises(ValueError, match="Received: 'sagan_cifar10_32'"):
        presets.load("sagan_cifar10_32", "wgan_gp")

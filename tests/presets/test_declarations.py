"""The declarations of settings: Keras-free, complete, told in one way."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest

from keras_gans import (
    ACGAN,
    GAN,
    LGAGAN,
    MSGGAN,
    R3GAN,
    SAGAN,
    WGANGP,
    ProGAN,
    losses,
)
from keras_gans.models.optimizers import OPTIMIZERS
from keras_gans.networks.wgan_gp import ARCHITECTURES
from keras_gans.presets.fields import field_kinds
from keras_gans.presets.flags import field_descriptions
from keras_gans.presets.wgan_gp import METHODS, WGANGPSettings

pytestmark = pytest.mark.once

MODELS = (ACGAN, LGAGAN, MSGGAN, ProGAN, R3GAN, SAGAN, WGANGP)
DECLARATIONS = [model.SETTINGS for model in MODELS]
SMALL = {"resolution": 32, "generator_width": 8, "discriminator_width": 8}


@pytest.mark.parametrize("declaration", DECLARATIONS)
def test_every_setting_is_described(declaration):
    assert set(field_descriptions(declaration)) >= set(declaration.names())


@pytest.mark.parametrize("declaration", DECLARATIONS)
def test_a_choice_is_one_of_the_library_s(declaration):
    kinds = field_kinds(declaration)
    assert set(OPTIMIZERS) <= set(kinds["optimizer"].choices)
    if "loss" in kinds:
        names = set(kinds["loss"].choices) - {"decomposed_hinge"}
        assert names == set(losses.NAMES)


def test_the_architectures_are_those_of_the_networks():
    kinds = field_kinds(WGANGPSettings)
    assert set(kinds["architecture"].choices) == set(ARCHITECTURES)
    assert set(kinds["method"].choices) == set(METHODS)


@pytest.mark.parametrize("model", MODELS)
def test_an_unknown_setting_is_refused_with_the_nearest(model):
    with pytest.raises(TypeError, match="`generator_step`") as error:
        model.from_settings(resolution=32, generator_step=2)
    assert f"{model.__name__} has no setting" in str(error.value)
    assert "Did you mean 'generator_steps'?" in str(error.value)
    with pytest.raises(TypeError, match="Did you mean 'num_classes'"):
        model.from_settings(resolution=32, num_class=0)


def test_a_class_without_declaration_says_so():
    with pytest.raises(TypeError, match="GAN has no settings"):
        GAN.from_settings(resolution=32)
    with pytest.raises(TypeError, match="GAN has no presets"):
        GAN.from_preset("sagan_imagenet_128")


def test_the_published_default_is_none_and_its_former_spelling_is_too():
    present = SAGAN.SETTINGS.present
    assert present({"generator_multipliers": []}) == {
        "generator_multipliers": None
    }
    assert present({"generator_multipliers": [2, 1]}) == {
        "generator_multipliers": (2, 1)
    }
    assert LGAGAN.SETTINGS.present({"generator_width": 0, "n_critic": 0}) == {
        "generator_width": None,
        "n_critic": 0,
    }
    former = [{"discriminator_normalization": x} for x in ("auto", "none")]
    now = [WGANGP.SETTINGS.present(settings) for settings in former]
    assert [x["discriminator_normalization"] for x in now] == [None, "off"]


def test_numbers_of_numpy_and_a_loss_of_the_user_s_are_taken():
    class Mine(losses.Hinge):
        pass

    gan = SAGAN.from_settings(
        **SMALL | {"resolution": np.int64(32)},
        latent_dim=np.int32(4),
        attention_resolution=16,
        generator_multipliers=np.array([1, 1, 1, 1]),
        loss=Mine(),
    )
    assert type(gan.adversarial_loss) is Mine
    assert gan.generator.input_shape == (None, 4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"n_critic": 0}, "n_critic must be at least 1"),
        ({"generator_learning_rate": 0.0}, "generator_learning_rate.*above 0"),
        ({"beta_1": 1.0}, "beta_1 must be at least 0 and below 1"),
        ({"generator_multipliers": (2, 0)}, "generator_multipliers.*least 1"),
        ({"seed": 2**31}, "seed must be at least 0 and at most 2147483647"),
        ({"momentum": "0.9"}, "momentum must be a finite number"),
        ({"remat": 1}, "remat must be true or false"),
        ({"spectral_norm": "bth"}, "Did you mean 'both'"),
    ],
)
def test_values_are_checked_before_a_network_is_built(settings, words):
    with pytest.raises(ValueError, match=words):
        SAGAN.SETTINGS(resolution=32, **settings)


@pytest.mark.parametrize("method", METHODS)
def test_a_method_decides_what_is_none(method):
    # Gulrajani et al., Algorithm 1 and Appendix E; Arjovsky et al.
    own = {
        "wgan_gp": (5, "adam", 1e-4, 0.0, 0.9),
        "wgan": (5, "rmsprop_tf", 5e-5, 0.0, 0.9),
        "dcgan": (1, "adam", 2e-4, 0.5, 0.999),
        "lsgan": (1, "rmsprop_tf", 1e-4, 0.0, 0.9),
    }[method]
    names = ("n_critic", "optimizer", "discriminator_learning_rate")
    names += ("beta_1", "beta_2")
    settings = WGANGPSettings(resolution=32, method=method)
    assert tuple(settings.select(*names).values()) == own
    given = WGANGPSettings(resolution=32, method=method, n_critic=7)
    assert given.n_critic == 7


def test_another_method_than_a_preset_s_brings_its_own_settings():
    paper = WGANGPSettings(resolution=32, generator_learning_rate=3e-4)
    same = paper.changed(method="wgan_gp", beta_2=0.8)
    assert (same.generator_learning_rate, same.beta_2) == (3e-4, 0.8)
    other = paper.changed(method="dcgan", beta_2=0.8)
    assert (other.generator_learning_rate, other.beta_2) == (2e-4, 0.8)
    assert (other.n_critic, other.beta_1) == (1, 0.5)
    assert dataclasses.replace(other, n_critic=None).n_critic == 1


def test_declarations_and_recipes_need_no_keras():
    code = (
        "import sys\n"
        "from recipes import sagan, msg_gan, ac_gan, wgan_gp, lga, r3gan\n"
        "from recipes import progan\n"
        "sagan.Config.of_preset('sagan_attention16_imagenet_128')\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)

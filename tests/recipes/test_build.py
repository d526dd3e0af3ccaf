"""Every field of a recipe's configuration reaches its model or its run."""

import dataclasses
import importlib
import json

import pytest

import keras_gans
from keras_gans.presets.training import OF_THE_DATA, OF_THE_RUN
from recipes import ac_gan, lga, msg_gan, progan, r3gan, sagan, wgan_gp
from recipes.common.flags import help_text, read_config
from recipes.common.gan_config import PAPER_RUN, GANConfig
from recipes.common.images import build_model

pytestmark = pytest.mark.once

RECIPES = {
    "SAGAN": sagan,
    "MSGGAN": msg_gan,
    "ACGAN": ac_gan,
    "WGANGP": wgan_gp,
    "LGAGAN": lga,
    "R3GAN": r3gan,
    "ProGAN": progan,
}
OF_A_RECIPE = {"ACGAN": {"class_splits", "classes", "labelled_fraction"}}
# Between them, the cases of a model use all of its settings.
CASES = {
    "SAGAN": [{"resolution": 32, "attention_resolution": 16}],
    "MSGGAN": [{"resolution": 8, "max_channels": 4, "penalty_weight": 1.0}],
    "ACGAN": [{"resolution": 32, "discriminator_width": 2}],
    "WGANGP": [
        {"resolution": 32},
        {"resolution": 32, "method": "wgan", "optimizer": "adam"},
    ],
    "LGAGAN": [
        {"resolution": 32},
        {"resolution": 32, "backbone": "sngan", "map_resolution": 4},
        {
            "resolution": 32,
            "backbone": "geo_gan",
            "map_resolution": 0,
            "weight_clipping": 0.1,
        },
    ],
    "R3GAN": [{"resolution": 8, "burn_in": 3}],
    "ProGAN": [{"resolution": 8, "max_channels": 4}],
}
# With the first case of each, those of an augmentation too.
AUGMENTED = {
    "ada": True,
    "ada_categories": ("blit",),
    "augment_probability": 0.5,
}
MY_GAN = '''
import dataclasses
import math
import pathlib

import keras

from keras_gans import GAN
from keras_gans.presets.fields import Count
from keras_gans.presets.training import GANSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class MySettings(GANSettings):
    """Settings.

    Attributes:
        width: Units.
    """

    width: Count = 3
    beta_1: float = 0.25

    FAMILY = pathlib.Path(__file__).with_suffix(".json")


class MyGAN(GAN):
    """One dense layer against another."""

    SETTINGS = MySettings

    @classmethod
    def arguments(cls, settings, num_classes):
        shape = (settings.resolution, settings.resolution, settings.channels)
        latents = keras.Input((settings.latent_dim,))
        images = keras.Input(shape)
        outputs = keras.layers.Dense(settings.width)(latents)
        outputs = keras.layers.Dense(math.prod(shape))(outputs)
        scores = keras.layers.Dense(1)(keras.layers.Flatten()(images))
        return {
            "generator": keras.Model(
                latents, keras.layers.Reshape(shape)(outputs)
            ),
            "discriminator": keras.Model(images, scores),
            "loss": "hinge",
        }
'''


@pytest.mark.parametrize("name", RECIPES)
def test_every_flag_is_of_the_model_or_of_the_run(name):
    declared = set(getattr(keras_gans, name).SETTINGS.names())
    fields = set(RECIPES[name].Config.names())
    of_the_recipe = OF_A_RECIPE.get(name, set())
    assert fields == declared | set(GANConfig.names()) | of_the_recipe


@pytest.mark.parametrize("name", RECIPES)
def test_no_declared_setting_is_ignored(name):
    model_class = getattr(keras_gans, name)
    read = set()

    class Watched(model_class.SETTINGS):
        def __post_init__(self):
            super().__post_init__()
            # The declaration's own checks have read every field.
            read.clear()

        def __getattribute__(self, field):
            read.add(field)
            return super().__getattribute__(field)

    class Watching(model_class):
        SETTINGS = Watched

    used = set()
    for case in [*CASES[name], CASES[name][0] | AUGMENTED]:
        widths = {"generator_width": 8, "discriminator_width": 8}
        small = {k: v for k, v in widths.items() if k in Watched.names()}
        Watching.from_settings(channels=1, latent_dim=4, **small | case)
        used |= read
    assert set(Watched.names()) - used == set()


@pytest.mark.parametrize("name", RECIPES)
def test_a_configuration_becomes_its_model(name):
    recipe = RECIPES[name]
    config = dataclasses.replace(
        recipe.PRESETS["smoke"],
        steps=7,
        n_critic=3,
        learning_rate_hold=0.5,
        generator_learning_rate=5e-4,
        ema_decay=0.75,
        seed=4,
    )
    gan = build_model(getattr(keras_gans, name), config, 0)
    schedule = gan.optimizer.discriminator._learning_rate
    assert (schedule.steps, schedule.hold) == (21, 0.5)
    assert (gan.n_critic, gan.ema_decay, gan.seed) == (3, 0.75, 4)
    constant = dataclasses.replace(config, learning_rate_decay=False)
    gan = build_model(getattr(keras_gans, name), constant, 0)
    assert float(gan.optimizer.generator.learning_rate) == pytest.approx(5e-4)


@pytest.mark.parametrize("name", RECIPES)
def test_every_preset_of_the_library_is_one_of_the_recipe(name):
    recipe = RECIPES[name]
    presets = keras_gans.presets.names(recipe.Config.FAMILY)
    text = help_text(recipe.Config, recipe.PRESETS, "x", recipe.__doc__)
    assert presets and all(preset in text for preset in presets)
    for preset in presets:
        config = read_config(
            recipe.Config, recipe.PRESETS, ["x", f"--preset={preset}"]
        )
        assert config.preset == preset
        settings = keras_gans.presets.load(preset)
        assert config.conditional == (settings.get("num_classes", 0) > 0)
        decays = settings.get("decay_steps") is not None
        assert config.learning_rate_decay == decays
        # The recipe writes its former defaults as none.
        shown = recipe.Config.present(settings)
        stated = {k: v for k, v in shown.items() if k not in OF_THE_DATA}
        assert config.select(*stated) == stated
        assert config.select(*PAPER_RUN) == PAPER_RUN
        assert set(OF_THE_RUN) <= set(config.names())


def test_a_preset_with_an_undeclared_setting_is_refused(monkeypatch):
    from keras_gans import presets

    monkeypatch.setattr(presets, "load", lambda *_: {"widht": 3})
    with pytest.raises(ValueError, match="'widht', which SAGANSettings"):
        keras_gans.SAGAN.SETTINGS.read_preset("x")


@pytest.fixture
def my_gan(tmp_path, monkeypatch):
    """A module outside of the package with a model, and its presets."""
    (tmp_path / "my_gan.py").write_text(MY_GAN, encoding="utf-8")
    settings = {"resolution": 4, "latent_dim": 2, "batch_size": 8, "steps": 9}
    preset = {"description": "x", "source": "x", "settings": settings}
    (tmp_path / "my_gan.json").write_text(json.dumps({"my_gan_4": preset}))
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("my_gan")
    yield module
    monkeypatch.delitem(importlib.sys.modules, "my_gan")


def test_a_model_of_the_user_s_module_has_presets_and_a_recipe(my_gan):
    gan = my_gan.MyGAN.from_preset("my_gan_4", width=5)
    assert gan.generator.output_shape == (None, 4, 4, 3)
    assert gan.generator.layers[1].units == 5
    assert gan.optimizer.generator.beta_1 == 0.25
    with pytest.raises(ValueError, match="Did you mean 'my_gan_4'"):
        my_gan.MyGAN.from_preset("my_gan_8")
    with pytest.raises(TypeError, match="Did you mean 'width'"):
        my_gan.MyGAN.from_preset("my_gan_4", widths=5)

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Config(my_gan.MySettings, GANConfig):
        """Settings of the recipe."""

    flags = ["my_gan", "--preset=my_gan_4", "--width=6"]
    config = read_config(Config, {"paper": Config.of_preset("my_gan_4")}, flags)
    assert (config.steps, config.batch_size, config.width) == (9, 8, 6)
    assert not config.conditional
    built = build_model(my_gan.MyGAN, config, 0)
    assert built.generator.layers[1].units == 6


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        ("SAGAN", "--generator_multipliers="),
        ("ACGAN", "--generator_multipliers="),
        ("LGAGAN", "--generator_width=0"),
        ("WGANGP", "--discriminator_normalization=auto"),
    ],
)
def test_a_command_line_of_earlier_versions_means_what_it_did(name, flag):
    recipe = RECIPES[name]
    field, _, _ = flag.removeprefix("--").partition("=")
    for written in (flag, f"--{field}=none"):
        argv = ["x", "--preset=smoke", written]
        config = read_config(recipe.Config, recipe.PRESETS, argv)
        assert getattr(config, field) is None

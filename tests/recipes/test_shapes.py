"""Runs of images that are not square."""

import dataclasses
import json

import keras
import pytest

from keras_gans.cli import main
from keras_gans.serving.load import ExportedGenerator
from recipes import sagan
from recipes.common.flags import read_config
from recipes.common.main import image_recipe
from recipes.common.record import check_run_directory
from tests.recipes.test_initial import FLAGS

pytestmark = pytest.mark.once


def read(flag):
    return read_config(sagan.Config, sagan.PRESETS, ["sagan", flag]).resolution


def test_flags_take_height_and_width():
    assert read("--resolution=32x64") == (32, 64)
    assert read("--resolution=64x64") == read("--resolution=64") == 64
    for wrong in ("32x", "x", "32x64x3", "32x0", "32,64"):
        with pytest.raises(ValueError, match="--?resolution must be"):
            read(f"--resolution={wrong}")


def test_a_run_trains_samples_evaluates_and_exports(
    in_empty_folder, monkeypatch, capsys
):
    monkeypatch.setenv("KERAS_HOME", str(in_empty_folder / "keras"))
    flags = (*FLAGS, "--resolution=32x64", "--augment=translate,cutout")
    flags += ("--run_dir=run", "--export_dir=export", "--steps=2")
    image_recipe(
        "sagan",
        "SAGAN",
        sagan.Config,
        sagan.PRESETS,
        sagan.__doc__,
        argv=["sagan", *flags],
    )
    assert "images of 32x64x1" in capsys.readouterr().out
    record = json.loads((in_empty_folder / "run/config.json").read_text())
    assert record["settings"]["resolution"] == [32, 64]
    # It may go on.
    config = read_config(sagan.Config, sagan.PRESETS, ["sagan", *flags])
    check_run_directory(dataclasses.replace(config, steps=4), "sagan")
    assert ExportedGenerator("export").image_shape == (32, 64, 1)
    model = keras.saving.load_model("run/best.keras", compile=False)
    assert model.output_shape == (None, 32, 64, 1)
    status = main(
        [
            "evaluate",
            "--samples=run/best.keras",
            "--reference=embedded",
            "--count=10",
            "--reference_count=20",
            "--evaluation_resolution=32",
            "--metrics=fid",
        ]
    )
    assert status == 0
    assert "fid" in capsys.readouterr().out.lower()

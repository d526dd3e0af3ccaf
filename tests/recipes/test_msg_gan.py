"""The recipe `msg_gan`: a run of two steps, its settings, its refusals."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from keras_gans import presets
from recipes import msg_gan
from recipes.common.gan_config import library_preset

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[2]
SMALL = (
    "--preset=smoke",
    "--steps=2",
    "--sample_every=1",
    "--checkpoint_every=1",
    "--latent_dim=8",
    "--max_channels=4",
    "--evaluation_samples=20",
    "--reference_samples=20",
    "--evaluation_resolution=32",
    "--run_dir=run",
    "--export_dir=export",
)


def recipe(*flags, cwd):
    return subprocess.run(
        [sys.executable, "-m", "recipes.msg_gan", *flags],
        cwd=cwd,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "KERAS_HOME": str(cwd / "keras_home"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_run_trains_evaluates_samples_and_exports(tmp_path):
    result = recipe(*SMALL, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    run = tmp_path / "run"
    grid = np.asarray(Image.open(run / "samples" / "step_00000002.png"))
    # The largest images alone: ten rows of ten, 32 pixels each.
    assert grid.shape == (10 * 32 + 9 * 2, 10 * 32 + 9 * 2)
    [line] = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    assert line["step"] == 2
    assert line["certificate"]["averaged_generator"] is True
    assert (run / "final.keras").exists()
    assert (tmp_path / "export" / "1" / "saved_model.pb").exists()


def test_a_conditional_model_is_refused(tmp_path):
    result = recipe(*SMALL, "--conditional=true", cwd=tmp_path)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert "--conditional=false" in result.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"conditional": True}, "unconditional.*--conditional=false"),
        ({"max_channels": 1}, "max_channels must be at least 2"),
        ({"group_size": 3}, "batch_size=8, group_size=3"),
        ({"group_size": 0}, "group_size must be at least 1"),
        ({"penalty_weight": -1.0}, "penalty_weight must be at least 0"),
        ({"combine": "sum"}, "combine.*concat, add"),
        ({"loss": "hing"}, "Did you mean 'hinge'"),
    ],
)
def test_wrong_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(msg_gan.PRESETS["smoke"], **changes)


def test_the_paper_preset_is_the_published_configuration():
    settings = presets.load("msg_gan_cifar10_32")
    assert set(library_preset("msg_gan_cifar10_32", msg_gan.Config)) == set(
        settings
    )
    paper = dataclasses.asdict(msg_gan.PRESETS["paper"])
    assert {name: paper[name] for name in settings} == settings
    assert paper["conditional"] is False
    assert paper["learning_rate_decay"] is False
    assert paper["share_fakes"] is False
    assert paper["evaluation_samples"] == 50_000


def test_what_is_not_set_is_as_published():
    # Karnewar & Iyengar (2019), section 4.
    config = msg_gan.Config(
        resolution=32,
        steps=1,
        batch_size=8,
        evaluate_every=0,
        sample_every=0,
        checkpoint_every=0,
        evaluation_samples=2,
    )
    assert config.generator_learning_rate == 1e-3
    assert config.discriminator_learning_rate == 1e-3
    assert (config.beta_1, config.beta_2) == (0.0, 0.99)
    assert (config.latent_dim, config.max_channels) == (512, 512)
    assert (config.ema_decay, config.ema_start) == (0.999, 0)
    assert config.loss == "relativistic_hinge"

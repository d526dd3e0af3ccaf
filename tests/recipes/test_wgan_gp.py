"""The recipe `wgan_gp` as a user runs it."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import pytest

from recipes import wgan_gp
from recipes.common.gan_config import library_preset

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[2]


def recipe(*flags, cwd):
    return subprocess.run(
        [sys.executable, "-m", "recipes.wgan_gp", "--preset=smoke", *flags],
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


def test_a_run_trains_evaluates_and_exports(tmp_path):
    result = recipe(
        "--steps=2",
        "--generator_width=4",
        "--discriminator_width=4",
        "--latent_dim=8",
        "--dequantize=true",
        "--evaluation_samples=20",
        "--reference_samples=20",
        "--evaluation_resolution=32",
        "--run_dir=run",
        "--export_dir=export",
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "run" / "best.keras").exists()
    assert (tmp_path / "export" / "1" / "saved_model.pb").exists()
    metrics = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    [line] = map(json.loads, metrics)
    assert line["step"] == 2
    # Two steps of two critic batches of eight.
    assert line["images_seen"] == 32


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--method=wgn", ["wgn", "wgan"]),
        ("--architecture=dcgan", ["num_classes", "dcgan"]),
        ("--resolution=48", ["48", "32, 64, 128"]),
        ("--penalty_target=0", ["penalty_target", "0"]),
        ("--discriminator_normalization=batch", ["batch", "layer"]),
    ],
)
def test_a_wrong_command_is_one_clear_line(tmp_path, flag, words):
    result = recipe(flag, "--run_dir=run", cwd=tmp_path)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    [line] = [
        line for line in result.stderr.splitlines() if line.startswith("error:")
    ]
    assert all(word in line for word in words), line


def test_the_paper_preset_is_the_published_configuration():
    # Section 5.4, Appendix F and gan_cifar_resnet.py.
    published = {
        "resolution": 32,
        "channels": 3,
        "conditional": False,
        "latent_dim": 128,
        "architecture": "resnet",
        "method": "wgan_gp",
        "generator_width": 128,
        "discriminator_width": 128,
        "batch_statistics": True,
        "penalty_weight": 10.0,
        "penalty_target": 1.0,
        "one_sided": False,
        "n_critic": 5,
        "batch_size": 64,
        "generator_batch": 2,
        "optimizer": "adam",
        "generator_learning_rate": 2e-4,
        "discriminator_learning_rate": 2e-4,
        "beta_1": 0.0,
        "beta_2": 0.9,
        "learning_rate_decay": True,
        "dequantize": True,
        "steps": 100_000,
        "ema_decay": None,
        "augment": (),
        "evaluation_samples": 50_000,
    }
    paper = dataclasses.asdict(wgan_gp.PRESETS["paper"])
    assert {name: paper[name] for name in published} == published


def test_every_setting_of_the_library_preset_reaches_the_recipe():
    from keras_gans import presets

    expected = presets.load("wgan_gp_cifar10_32")
    settings = library_preset("wgan_gp_cifar10_32", wgan_gp.Config)
    # The data decide the number of classes, the steps how long rates fall.
    assert set(expected) - set(settings) == {"num_classes", "decay_steps"}

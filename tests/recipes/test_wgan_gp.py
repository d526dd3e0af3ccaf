"""The recipe `wgan_gp` as a user runs it."""

import dataclasses

import pytest

from recipes import wgan_gp
from recipes.common.gan_config import library_preset

pytestmark = pytest.mark.once


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
def test_a_wrong_command_is_one_clear_line(recipe, tmp_path, flag, words):
    result = recipe(
        "wgan_gp", "--preset=smoke", flag, "--run_dir=run", cwd=tmp_path
    )
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

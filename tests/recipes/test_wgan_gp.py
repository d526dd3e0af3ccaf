"""The recipe `wgan_gp` as a user runs it."""

import dataclasses

import pytest

from recipes import wgan_gp
from recipes.common.flags import read_config

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


# Gulrajani et al., Algorithm 1 and Appendix E; Arjovsky et al., Algorithm 1.
@pytest.mark.parametrize(
    ("method", "n_critic", "optimizer", "rate", "beta_1", "beta_2"),
    [
        ("wgan", 5, "rmsprop_tf", 5e-5, 0.0, 0.9),
        ("dcgan", 1, "adam", 2e-4, 0.5, 0.999),
        ("lsgan", 1, "rmsprop_tf", 1e-4, 0.0, 0.9),
    ],
)
@pytest.mark.parametrize("preset", ["smoke", "wgan_gp_lsun_dcgan_64"])
def test_a_method_brings_its_own_settings(
    preset, method, n_critic, optimizer, rate, beta_1, beta_2
):
    def read(*flags):
        argv = ["wgan_gp", f"--preset={preset}", *flags]
        return read_config(wgan_gp.Config, wgan_gp.PRESETS, argv)

    config = read(f"--method={method}")
    assert config.n_critic == n_critic
    assert config.optimizer == optimizer
    assert config.generator_learning_rate == rate
    assert config.discriminator_learning_rate == rate
    assert (config.beta_1, config.beta_2) == (beta_1, beta_2)
    given = read(f"--method={method}", "--n_critic=3", "--beta_2=0.5")
    assert given == dataclasses.replace(config, n_critic=3, beta_2=0.5)

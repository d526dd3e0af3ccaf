"""The recipe `lga` as a user runs it."""

import dataclasses

import pytest

import keras_gans
from recipes import lga
from recipes.common.images import build_model

pytestmark = pytest.mark.once


def test_a_conditional_model_is_refused_in_one_clear_line(recipe, tmp_path):
    result = recipe(
        "lga",
        "--preset=smoke",
        "--run_dir=run",
        "--conditional=true",
        cwd=tmp_path,
    )
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    [line] = [
        line for line in result.stderr.splitlines() if line.startswith("error:")
    ]
    assert "num_classes=10" in line
    assert "--conditional=false" in line
    assert not (tmp_path / "run").exists()


def test_a_configuration_becomes_its_model():
    config = dataclasses.replace(
        lga.PRESETS["smoke"],
        map_resolution=4,
        zero=True,
        amplification="monotone",
        hinge_on="mean",
        penalty_weight=2.0,
        generator_width=4,
        discriminator_width=4,
        learning_rate_decay=False,
        generator_learning_rate=3e-4,
    )
    gan = build_model(keras_gans.LGAGAN, config, 0)
    assert gan.adversarial_loss.get_config() == {
        "amplification": "monotone",
        "zero": True,
        "stop_gradient": True,
        "hinge_on": "mean",
    }
    assert gan.penalty.weight == 2.0
    assert gan.discriminator.output_shape == (None, 4, 4, 1)
    assert gan.n_critic == config.n_critic
    rate = float(gan.optimizer.generator.learning_rate)
    assert rate == pytest.approx(3e-4)


def test_the_paper_preset_is_lga_8x8_on_cifar_10():
    # LGA paper, section 4.1: Adam with β₁ = 0 and β₂ = 0.9, λ = 1, an 8x8
    # map, 100 epochs; FID every 10 epochs, of 10k real and 10k fake images.
    published = {
        "resolution": 32,
        "channels": 3,
        "conditional": False,
        "backbone": "wgan_gp",
        "map_resolution": 8,
        "loss": "decomposed_hinge",
        "zero": False,
        "penalty_weight": 1.0,
        "optimizer": "adam",
        "beta_1": 0.0,
        "beta_2": 0.9,
        "evaluation_samples": 10_000,
        "reference_samples": 10_000,
    }
    paper = dataclasses.asdict(lga.PRESETS["paper"])
    assert {name: paper[name] for name in published} == published
    images_a_step = paper["batch_size"] * paper["n_critic"]
    assert paper["steps"] * images_a_step == 100 * 50_000
    epochs = paper["evaluate_every"] * images_a_step / 50_000
    assert epochs == pytest.approx(10, abs=0.01)

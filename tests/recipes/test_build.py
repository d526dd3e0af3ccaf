"""Every field of a recipe's configuration reaches its model or its run."""

import dataclasses

import pytest

import keras_gans
from recipes import ac_gan, lga, msg_gan, sagan, wgan_gp
from recipes.common.build import build_model, model_settings
from recipes.common.config import RunConfig

RECIPES = {
    "SAGAN": sagan,
    "MSGGAN": msg_gan,
    "ACGAN": ac_gan,
    "WGANGP": wgan_gp,
    "LGAGAN": lga,
}
# What the run does with the fields that no model takes.
OF_THE_RUN = {field.name for field in dataclasses.fields(RunConfig)} | {
    "conditional",
    "learning_rate_decay",
    "dequantize",
    "reference_samples",
    "evaluation_resolution",
    "held_out",
    "inception_protocol",
    "inception_weights",
    "keep_best",
    "screening_samples",
    "log_every",
}
OF_A_RECIPE = {"ACGAN": {"class_splits", "classes", "labelled_fraction"}}


@pytest.mark.parametrize("name", RECIPES)
def test_no_flag_is_ignored(name):
    fields = {f.name for f in dataclasses.fields(RECIPES[name].Config)}
    model_class = getattr(keras_gans, name)
    of_the_run = OF_THE_RUN | OF_A_RECIPE.get(name, set())
    assert fields - model_settings(model_class) <= of_the_run


def test_step_sizes_decay_over_the_steps_of_the_run():
    config = dataclasses.replace(
        sagan.SMOKE,
        steps=7,
        n_critic=3,
        learning_rate_hold=0.5,
        generator_learning_rate=5e-4,
    )
    gan = build_model(keras_gans.SAGAN, config, 0)
    schedule = gan.optimizer.discriminator._learning_rate
    assert (schedule.steps, schedule.hold) == (21, 0.5)
    constant = dataclasses.replace(config, learning_rate_decay=False)
    gan = build_model(keras_gans.SAGAN, constant, 0)
    assert float(gan.optimizer.generator.learning_rate) == pytest.approx(5e-4)

"""The recipe `progan`: its settings, refusals, and runs by minutes."""

import dataclasses

import keras
import numpy as np
import pytest

from keras_gans import ProGAN, presets
from keras_gans.callbacks import step_timer
from recipes import progan
from recipes.common import timing
from recipes.common.flags import read_config
from recipes.common.plan import Plan, make_plan

pytestmark = pytest.mark.once


def read(*flags):
    return read_config(progan.Config, progan.PRESETS, ["progan", *flags])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fade_steps": -1}, "fade_steps must be at least 0"),
        ({"stable_steps": -5}, "stable_steps must be at least 0"),
        ({"fade_steps": 0, "stable_steps": 0}, "one must be positive"),
        ({"max_channels": 0}, "max_channels must be at least 1"),
        ({"conditional": True}, "--conditional=false"),
        ({"group_size": 3}, "multiple of group_size"),
        ({"optimizer": "rmsprop"}, "Use optimizer=adam"),
        ({"loss": "waserstein"}, "Did you mean 'wasserstein'"),
    ],
)
def test_wrong_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(progan.PRESETS["smoke"], **changes)


def test_the_paper_preset_is_the_published_configuration():
    settings = presets.load("progan_cifar10_32")
    paper = dataclasses.asdict(progan.PRESETS["paper"])
    assert {name: paper[name] for name in settings} == settings
    assert paper["conditional"] is False
    assert paper["learning_rate_decay"] is False
    assert paper["share_fakes"] is False
    assert paper["evaluation_samples"] == 50_000


@pytest.mark.parametrize("preset", progan.PRESETS)
def test_every_preset_trains_at_its_full_size(preset):
    config = progan.PRESETS[preset]
    stages = config.resolution.bit_length() - 2
    growing = (stages - 1) * (config.fade_steps + config.stable_steps)
    assert growing < config.steps


def test_a_run_by_minutes_keeps_its_shares_of_the_steps():
    config = read("--minutes=1")
    # 240 steps of a quarter of a second.
    plan = make_plan(config, 0.25, {})
    assert plan.steps == 240
    for name in ("fade_steps", "stable_steps"):
        share = getattr(config, name) / config.steps
        assert plan.settings[name] == pytest.approx(240 * share, abs=1)
        assert f"--{name}={plan.settings[name]}" in plan.flags
    again = Plan.of_record(plan.record())
    assert again.apply(config).fade_steps == plan.settings["fade_steps"]
    # What the command gives stays.
    given = read("--minutes=1", "--fade_steps=0")
    assert make_plan(given, 0.25, {}).settings["fade_steps"] == 0


class FakeTimer(keras.callbacks.Callback):
    """Says that steps of stage k take k + 1 seconds."""

    def __init__(self, seconds, steps):
        super().__init__()

    def on_train_batch_end(self, batch, logs=None):
        self.first = 10.0
        self.step_seconds = self.model.phase + 1.0
        self.model.stop_training = True


def test_a_run_s_step_is_the_mean_over_its_stages(monkeypatch):
    monkeypatch.setattr(step_timer, "StepTimer", FakeTimer)
    gan = ProGAN.from_settings(
        resolution=8,
        channels=1,
        latent_dim=4,
        max_channels=2,
        fade_steps=4,
        stable_steps=2,
    )
    before = [np.array(v.numpy()) for v in gan.variables]
    batches = np.zeros((4, 8, 8, 1), "float32")
    config = dataclasses.replace(progan.PRESETS["smoke"], steps=12)
    first, step = timing.time_step(gan, batches, config)
    # Three steps of 4 pixels, nine of 8.
    assert (first, step) == (20.0, pytest.approx((3 * 1 + 9 * 2) / 12))
    for variable, value in zip(gan.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    # Training begins at the first stage, and its step has been traced.
    traced = dict(gan._train_functions)
    gan.make_train_function()
    assert gan.phase == 0
    assert gan.train_function is traced[0]

"""The recipe `r3gan`: its settings, refusals, and runs by minutes."""

import dataclasses

import pytest

from keras_gans import presets
from recipes import r3gan
from recipes.common.flags import read_config
from recipes.common.plan import Plan, make_plan

pytestmark = pytest.mark.once


def read(*flags):
    return read_config(r3gan.Config, r3gan.PRESETS, ["r3gan", *flags])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"burn_in": 0}, "burn_in must be at least 1"),
        ({"remaining_penalty": -0.1}, "remaining_penalty.*at least 0"),
        ({"final_beta_2": 1.0}, "final_beta_2.*below 1"),
        ({"blocks": 0}, "blocks must be at least 1"),
        ({"loss": "relativistic_pairs"}, "Did you mean 'relativistic_pairing"),
        ({"optimizer": "rmsprop"}, "Use optimizer=adam, or no burn-in"),
        ({"generator_multipliers": (2, 0)}, "generator_multipliers.*least 1"),
    ],
)
def test_wrong_settings_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(r3gan.PRESETS["smoke"], **changes)


def test_the_paper_preset_is_the_published_configuration():
    settings = presets.load("r3gan_cifar10_32")
    paper = dataclasses.asdict(r3gan.PRESETS["paper"])
    del settings["num_classes"]
    settings["ada_categories"] = tuple(settings["ada_categories"])
    assert {name: paper[name] for name in settings} == settings
    assert paper["conditional"] is True
    assert paper["augment"] == ("flip",)
    assert paper["learning_rate_decay"] is False
    assert paper["share_fakes"] is False
    assert paper["evaluation_samples"] == 50_000


@pytest.mark.parametrize("preset", ["cpu", "smoke"])
def test_no_other_preset_augments(preset):
    config = r3gan.PRESETS[preset]
    assert (config.diffaugment, config.ada) == ((), False)
    assert config.burn_in <= config.steps


def test_a_run_by_minutes_keeps_its_share_of_the_burn_in():
    config = read("--minutes=1")
    # 240 steps of a quarter of a second.
    plan = make_plan(config, 0.25, {})
    assert plan.steps == 240
    share = config.burn_in / config.steps
    assert plan.settings["burn_in"] == pytest.approx(240 * share, abs=1)
    assert f"--burn_in={plan.settings['burn_in']}" in plan.flags
    again = Plan.of_record(plan.record())
    assert again == plan
    assert again.apply(config).burn_in == plan.settings["burn_in"]
    # What the command gives stays.
    given = read("--minutes=1", "--burn_in=7")
    assert make_plan(given, 0.25, {}).settings["burn_in"] == 7


def test_no_burn_in_is_none_in_a_plan_too():
    config = read("--minutes=1", "--burn_in=none")
    plan = make_plan(config, 0.25, {})
    assert plan.apply(config).burn_in is None

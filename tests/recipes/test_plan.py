"""From minutes to steps, by closed forms."""

import dataclasses

import pytest

from recipes import toy2d
from recipes.common.plan import Plan, duration, forecast, make_plan, scaled

pytestmark = pytest.mark.once

# Of 1000 steps: an average from 400 on, and 10, 5 and 4 intervals.
CONFIG = dataclasses.replace(
    toy2d.CPU,
    minutes=1.0,
    steps=1000,
    ema_start=400,
    evaluate_every=100,
    sample_every=200,
    checkpoint_every=250,
)


def planned(seconds=0.1, costs=None, once=0.0, **changes):
    config = dataclasses.replace(CONFIG, **changes)
    return make_plan(config, seconds, costs or {}, once)


def test_as_many_steps_as_there_is_time_for():
    plan = planned(0.25)
    assert plan.steps == 240
    assert plan.seconds == pytest.approx(60.0)
    assert plan.ms_per_step == pytest.approx(250.0)
    assert plan.settings == {
        "steps": 240,
        "ema_start": 96,
        "evaluate_every": 24,
        "sample_every": 48,
        "checkpoint_every": 60,
    }


def test_a_preset_has_a_most_and_the_command_lifts_it():
    assert planned(0.01).steps == 1000
    assert planned(0.01).seconds == pytest.approx(10.0)
    lifted = planned(0.01, given=("minutes",))
    assert lifted.steps == 6000
    assert lifted.settings["ema_start"] == 2400


def test_what_takes_the_same_time_in_any_run_leaves_less_for_steps():
    plan = planned(0.1, once=10.0)
    assert plan.steps == 500
    assert plan.seconds == pytest.approx(60.0)


def test_interruptions_take_their_time_of_the_budget():
    # Nine evaluations of a second and four grids of two within training:
    # 60 - 17 seconds are left for steps, those at its end come after it.
    costs = {"evaluate_every": 1.0, "sample_every": 2.0}
    plan = planned(0.1, costs)
    assert plan.steps == 430
    assert plan.seconds == pytest.approx(60.0)
    # At an interval of the command's there are as many as fit: with N steps
    # of 0.1 s and ⌊(N - 1) / 100⌋ of 10 s, N = 300 takes 50 seconds, and
    # one step more 60.1.
    plan = planned(
        0.1, {"evaluate_every": 10.0}, given=("minutes", "evaluate_every")
    )
    assert plan.steps == 300
    assert plan.seconds == pytest.approx(50.0)


def test_what_the_command_gives_is_not_scaled():
    plan = planned(0.25, given=("ema_start", "sample_every"))
    assert plan.settings["ema_start"] == 400
    assert plan.settings["sample_every"] == 200
    assert plan.settings["evaluate_every"] == 24


def test_checkpoints_are_a_minute_apart_at_most():
    settings = scaled(CONFIG, 100_000, 0.1)
    assert settings["checkpoint_every"] == 600
    assert settings["sample_every"] == 20_000


def test_zero_stays_zero_and_what_was_positive_is():
    none = {"ema_start": 0, "evaluate_every": 0, "sample_every": 0}
    config = dataclasses.replace(CONFIG, checkpoint_every=0, **none)
    assert scaled(config, 300, 0.1) == none | {
        "steps": 300,
        "checkpoint_every": 0,
    }
    assert set(scaled(CONFIG, 1, 0.1).values()) == {1, 0} - {0}


def test_steps_and_intervals_are_whole_executions():
    config = dataclasses.replace(CONFIG, steps_per_execution=7)
    plan = make_plan(config, 0.25, {})
    assert plan.steps == 238
    intervals = ("evaluate_every", "sample_every", "checkpoint_every")
    for name in intervals:
        assert plan.settings[name] % 7 == 0 < plan.settings[name]
    # What it gives is a configuration by steps.
    assert plan.apply(config).steps == 238


@pytest.mark.parametrize("minutes", [1e-9, 1e-4, 0.02])
def test_too_little_time_is_said_and_trains(minutes):
    plan = planned(0.5, minutes=minutes)
    config = dataclasses.replace(CONFIG, minutes=minutes)
    assert plan.steps == max(int(120 * minutes), 1)
    text = plan.shortage(config)
    assert f"--minutes={minutes:g} leaves time for {plan.steps}" in text
    assert plan.apply(config).steps == plan.steps


def test_an_average_that_is_never_reached_is_said():
    config = dataclasses.replace(CONFIG, given=("ema_start",), ema_start=240)
    assert "ema_start=240 is not" in make_plan(config, 0.25, {}).shortage(
        config
    )
    before = dataclasses.replace(config, ema_start=239)
    assert make_plan(before, 0.25, {}).shortage(before) == ""
    none = dataclasses.replace(config, ema_decay=None)
    assert make_plan(none, 0.25, {}).shortage(none) == ""
    assert planned(0.25).shortage(CONFIG) == ""


def test_a_short_preset_is_no_lack_of_time():
    config = dataclasses.replace(CONFIG, steps=5, ema_start=2)
    assert make_plan(config, 0.01, {}).steps == 5
    assert make_plan(config, 0.01, {}).shortage(config) == ""


def test_a_plan_is_the_record_that_it_leaves():
    plan = planned(0.25)
    record = plan.record()
    assert record["minutes"] == 1.0 and record["steps"] == 240
    assert record["ms_per_step"] == 250.0 and record["ema_start"] == 96
    assert Plan.of_record(record) == plan
    assert record["flags"] == (
        "--steps=240 --ema_start=96 --evaluate_every=24 --sample_every=48 "
        "--checkpoint_every=60"
    )


def test_a_resumed_command_may_change_what_it_may_and_no_more():
    given = ("ema_start", "sample_every")
    config = dataclasses.replace(CONFIG, given=given, sample_every=10)
    applied = planned(0.25).apply(config)
    assert applied.minutes is None and applied.steps == 240
    assert (applied.sample_every, applied.ema_start) == (10, 96)


def test_times_are_told_in_words():
    words = [duration(seconds) for seconds in (0.1, 60, 299, 4000, 1e5, 1e7)]
    assert words == [
        "1 second",
        "60 seconds",
        "5 minutes",
        "67 minutes",
        "28 hours",
        "116 days",
    ]
    assert forecast(1, 0.2, 1.24) == "1 step in about 1 second (1.2 ms a step)"

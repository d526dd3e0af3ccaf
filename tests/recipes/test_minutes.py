"""Runs by minutes: planned once, resumed, and repeated in steps."""

import json

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_array_equal

from keras_gans.callbacks import StopAt
from recipes import toy2d
from recipes.common import run, timing
from recipes.common.flags import read_config
from recipes.common.main import subject_recipe
from recipes.common.training import build_gan

SMALL = (
    "--preset=smoke",
    "--run_dir=run",
    "--export_dir=export",
    "--width=4",
    "--depth=1",
    "--n_critic=2",
    "--batch_size=4",
    "--evaluation_samples=50",
    "--ema_decay=0.9",
    "--learning_rate_decay=true",
)
# Of a hundredth of a second each there are thirty steps, less what evaluations
# and the like are said to take.
STEP = 0.01
MINUTES = "--minutes=0.005"
measured = timing.time_step


def run_recipe(*flags):
    subject_recipe(
        "toy2d",
        toy2d.Points,
        toy2d.Config,
        toy2d.PRESETS,
        toy2d.__doc__,
        argv=["toy2d", *SMALL, *flags],
    )


@pytest.fixture
def known_times(monkeypatch, in_empty_folder):
    """Measures, and then takes a step to last a hundredth of a second."""
    monkeypatch.setattr(
        timing, "time_step", lambda *arguments: (measured(*arguments)[0], STEP)
    )
    monkeypatch.setattr(run, "time_interruptions", lambda *arguments: {})
    return in_empty_folder


def record(directory):
    return json.loads((directory / "config.json").read_text())


def outcome(directory):
    """Returns final weights and the metrics, without the time they took."""
    model = keras.saving.load_model(directory / "final.keras", compile=False)
    lines = (directory / "metrics.jsonl").read_text().splitlines()
    lines = [
        {k: v for k, v in json.loads(line).items() if k != "seconds"}
        for line in lines
    ]
    return [ops.convert_to_numpy(w) for w in model.weights], lines


def assert_same_outcome(one, other):
    (weights, lines), (others, other_lines) = outcome(one), outcome(other)
    assert lines == other_lines
    for a, b in zip(weights, others, strict=True):
        assert_array_equal(a, b)


def test_a_planned_run_is_the_run_by_the_steps_of_its_plan(known_times, capsys):
    run_recipe(MINUTES, "--evaluate_every=15")
    output, said_before = capsys.readouterr()
    plan = record(known_times / "run")["plan"]
    assert plan["steps"] == 30
    # Of the preset's 10 steps: a grid and a checkpoint after 5.
    assert (plan["sample_every"], plan["checkpoint_every"]) == (15, 15)
    assert plan["evaluate_every"] == 15 and plan["ms_per_step"] == 10.0
    said = "30 steps in about 1 second (10 ms a step)"
    words = ("the training step", said, "/step - ")
    places = [output.index(word) for word in words]
    assert places == sorted(places)
    # The evaluation after the last step is no further one.
    assert "Evaluating" not in said_before
    assert said_before.count("Exporting the generator") == 1
    flags = plan["flags"].split()
    run_recipe(*flags, "--run_dir=other", "--export_dir=other_export")
    assert "plan" not in record(known_times / "other")
    assert_same_outcome(known_times / "run", known_times / "other")
    steps = [line["step"] for line in outcome(known_times / "run")[1]]
    assert steps == [0, 15, 30]


def test_measuring_leaves_the_model_as_it_was(tmp_path):
    config = read_config(
        toy2d.Config, toy2d.PRESETS, ["toy2d", *SMALL, MINUTES]
    )
    subject = toy2d.Points(config)
    gan, scope = build_gan(config, subject.build)

    def state():
        variables = [
            *gan.variables,
            *gan.metrics_variables,
            *gan.optimizer.variables,
        ]
        return [np.array(ops.convert_to_numpy(v.value)) for v in variables]

    before = state()
    with scope:
        batches = subject.training_batches(gan, 0)
        first, seconds = measured(gan, batches, config)
        assert 0 < seconds < first
        assert gan.step == 0
        for ours, expected in zip(state(), before, strict=True):
            assert_array_equal(ours, expected)
        counted = counting(gan)
        run.fit(gan, batches, config, [StopAt(3)])
    # The step that was measured is the one that trains.
    steps = 3 if keras.backend.backend() == "torch" else 0
    assert len(counted) == steps
    moved = [np.any(a != b) for a, b in zip(state(), before, strict=True)]
    assert sum(moved) > len(moved) / 2


def counting(gan):
    """Returns a list that grows with each trace or eager run of the step."""
    calls, step = [], gan.adversarial_step

    def counted(data):
        calls.append(1)
        return step(data)

    gan.adversarial_step = counted
    return calls


class Killed(BaseException):
    """Ends a run as a signal does: nothing is tidied up."""


def kill(*arguments, **options):
    raise Killed


@pytest.mark.once
def test_a_run_killed_while_it_measures_starts_anew(known_times, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(run, "time_interruptions", kill)
        with pytest.raises(Killed):
            run_recipe(MINUTES)
    assert "plan" not in record(known_times / "run")
    run_recipe(MINUTES)
    run_recipe(MINUTES, "--run_dir=whole", "--export_dir=whole_export")
    assert_same_outcome(known_times / "run", known_times / "whole")


@pytest.mark.once
@pytest.mark.parametrize("killed_at", [0, 20])
def test_a_killed_run_keeps_its_plan_and_ends_as_a_whole_one(
    known_times, monkeypatch, capsys, killed_at
):
    flags = (MINUTES, "--evaluate_every=15")
    run_recipe(*flags, "--run_dir=whole", "--export_dir=whole_export")
    train = run.fit
    with monkeypatch.context() as patch:
        patch.setattr(run, "fit", killing(train, killed_at))
        with pytest.raises(Killed):
            run_recipe(*flags)
    plan = record(known_times / "run")["plan"]
    # On a machine of any speed: it is not measured again.
    monkeypatch.setattr(timing, "time_step", kill)
    capsys.readouterr()
    run_recipe(*flags)
    left = 15 if killed_at else 30
    assert f"{left} steps in about" in capsys.readouterr().out
    assert record(known_times / "run")["plan"] == plan
    assert record(known_times / "run")["earlier_starts"][0]["plan"] == plan
    assert_same_outcome(known_times / "run", known_times / "whole")
    # The same command finds nothing to do.
    run_recipe(*flags)
    assert "has its 30 steps already" in capsys.readouterr().out


def killing(train, step):
    class Kill(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch + 1 >= step:
                raise Killed

    def fit(gan, batches, config, callbacks):
        train(gan, batches, config, [*callbacks, Kill()])

    return fit


@pytest.mark.once
def test_other_minutes_do_not_resume_and_more_steps_do(known_times, capsys):
    run_recipe(MINUTES)
    plan = record(known_times / "run")["plan"]
    # The second is not as the plan has it.
    for flags in (["--minutes=0.01"], ["--steps=40", "--ema_start=7"]):
        with pytest.raises(SystemExit):
            run_recipe(*flags)
    errors = capsys.readouterr().err
    assert "minutes was 0.005, now 0.01 (a plan stays as it was made)" in errors
    assert "ema_start was 0, now 7" in errors
    assert errors.count(f"of its plan, {plan['flags']}") == 2
    assert record(known_times / "run")["plan"] == plan
    flags = plan["flags"].replace("--steps=30", "--steps=40").split()
    run_recipe(*flags)
    assert [line["step"] for line in outcome(known_times / "run")[1]][-1] == 40


@pytest.mark.once
def test_little_time_is_said_and_trains_a_step(in_empty_folder, capsys):
    run_recipe("--minutes=1e-9")
    output = capsys.readouterr().out
    assert "--minutes=1e-09 leaves time for 1 of these steps" in output
    plan = record(in_empty_folder / "run")["plan"]
    assert (plan["steps"], plan["checkpoint_every"]) == (1, 1)
    assert outcome(in_empty_folder / "run")[1][-1]["step"] == 1


def test_several_steps_at_once_are_planned_in_wholes(known_times, capsys):
    flags = ("--minutes=0.0052", "--steps_per_execution=4")
    if keras.backend.backend() == "torch":
        with pytest.raises(SystemExit):
            run_recipe(*flags)
        assert "must be 1 on torch" in capsys.readouterr().err
        return
    run_recipe(*flags)
    plan = record(known_times / "run")["plan"]
    assert plan["steps"] == 28
    assert plan["sample_every"] == plan["checkpoint_every"] == 16
    assert outcome(known_times / "run")[1][-1]["step"] == 28


@pytest.mark.once
def test_real_times_fit_the_budget(in_empty_folder):
    run_recipe("--minutes=0.05", "--evaluate_every=200")
    [*_, last] = map(
        json.loads,
        (in_empty_folder / "run/metrics.jsonl").read_text().splitlines(),
    )
    plan = record(in_empty_folder / "run")["plan"]
    assert last["step"] == plan["steps"] > 10
    assert plan["seconds"] <= 3.0
    # Other tests share the processor.
    assert last["seconds"] < 10.0


@pytest.mark.once
def test_a_run_by_steps_says_how_long_it_will_take(known_times, capsys):
    run_recipe("--steps=50", "--sample_every=0", "--checkpoint_every=0")
    output, said_before = capsys.readouterr()
    assert "Evaluating 50 generated points: about" in said_before
    said = "50 steps in about 1 second (10 ms a step)"
    words = ("the training step", said, "/step - ")
    places = [output.index(word) for word in words]
    assert places == sorted(places)
    assert "plan" not in record(known_times / "run")

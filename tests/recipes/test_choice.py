"""Which precision a long run takes: the one in which its step is faster."""

import dataclasses
import json

import keras
import pytest
from keras import ops
from numpy.testing import assert_array_equal

from keras_gans import precision as library
from keras_gans.callbacks import StopAt
from keras_gans.precision import Decision, choose
from recipes import toy2d
from recipes.common import choice, timing
from recipes.common.choice import build_faster, is_open
from recipes.common.flags import read_config
from recipes.common.main import subject_recipe
from recipes.common.training import build_gan, fit

SMALL = (
    "--preset=smoke",
    "--precision=auto",
    "--run_dir=run",
    "--export_dir=export",
    "--width=4",
    "--depth=1",
    "--n_critic=1",
    "--batch_size=4",
    "--evaluation_samples=50",
    "--sample_every=0",
    "--checkpoint_every=0",
)
LONG = dataclasses.replace(toy2d.CPU, precision="auto", steps=1000)


def by_layer(gain):
    """What a layer says that is so many times as fast in bfloat16."""
    return choose(1, 1, 1, timer=lambda *size: (0.006, 0.006 / gain))


@pytest.mark.once
@pytest.mark.parametrize(
    ("gain", "is_told"),
    [(1 / 18, True), (0.9, False), (1.15, False), (1.5, False), (2.5, True)],
)
def test_layers_much_faster_or_slower_need_no_step(gain, is_told):
    assert is_open(LONG, by_layer(gain)) != is_told


@pytest.mark.once
def test_no_step_is_timed_where_it_would_not_repay_or_cannot_be():
    found = by_layer(1.2)
    for changes in (
        {"precision": "float32"},
        {"precision": "mixed_bfloat16"},
        {"distribution": "multi_worker"},
        {"distribution": "tpu"},
        {"steps": 999},
    ):
        assert not is_open(dataclasses.replace(LONG, **changes), found)
    minutes = dataclasses.replace(LONG, steps=10**5, minutes=0.9)
    assert not is_open(minutes, found)
    assert is_open(dataclasses.replace(minutes, minutes=1.0), found)
    assert not is_open(LONG, Decision("float32", reason="no kernels"))


def known_steps(monkeypatch, module, *seconds):
    """Lets each timing say what follows, and returns the models timed."""
    seconds, timed = iter(seconds), []

    def time_step(gan, batches, config, *budget):
        timed.append(gan)
        return 5.0, next(seconds)

    monkeypatch.setattr(module, "time_step", time_step)
    return timed


@pytest.mark.parametrize(
    ("times", "policy", "figures"),
    [
        # The least of both turns counts: 20 ms against 10.
        ((0.02, 0.03, 0.05, 0.01), "mixed_bfloat16", (20.0, 10.0)),
        ((0.0104, 0.03, 0.05, 0.01), "float32", (10.4, 10.0)),
        ((0.01, 0.02, 0.01, 0.02), "float32", (10.0, 20.0)),
    ],
)
def test_the_model_of_the_faster_step_is_kept(
    monkeypatch, times, policy, figures
):
    known_steps(monkeypatch, choice, *times)
    config = read_config(toy2d.Config, toy2d.PRESETS, ["toy2d", *SMALL])
    subject = toy2d.Points(config)
    gan, scope, decision, step_times = build_faster(config, subject)
    scope.close()
    assert decision.policy == policy
    assert (decision.float32_ms, decision.mixed_bfloat16_ms) == figures
    assert step_times == (5.0, min(times[policy != "float32" :: 2]))
    assert "a step takes" in decision.reason
    # It is the model that the chosen precision alone would have given.
    alone = dataclasses.replace(config, precision=policy)
    expected, scope = build_gan(alone, subject.build)
    scope.close()
    assert keras.config.dtype_policy().name == "float32"
    assert gan.generator.layers[-1].compute_dtype == (
        expected.generator.layers[-1].compute_dtype
    )
    for ours, theirs in zip(gan.variables, expected.variables, strict=True):
        assert_array_equal(
            ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs)
        )


def test_a_model_that_was_timed_trains_as_one_that_was_not(monkeypatch):
    monkeypatch.setattr(choice, "SECONDS", 0.05)
    config = read_config(
        toy2d.Config, toy2d.PRESETS, ["toy2d", *SMALL, "--steps=3"]
    )
    subject = toy2d.Points(config)
    gan, scope, decision, _ = build_faster(config, subject)
    alone = dataclasses.replace(config, precision=decision.policy)
    trained = [(gan, scope), build_gan(alone, subject.build)]
    outcomes = []
    for model, devices in trained:
        with devices:
            batches = subject.training_batches(model, 0)
            fit(model, batches, config, [StopAt(3)])
        outcomes.append([ops.convert_to_numpy(v) for v in model.variables])
    for ours, theirs in zip(*outcomes, strict=True):
        assert_array_equal(ours, theirs)


@pytest.mark.once
def test_the_step_s_figures_are_on_the_first_line_and_in_the_record(
    in_empty_folder, monkeypatch, capsys
):
    monkeypatch.setattr(library, "layer_seconds", lambda *size: (0.012, 0.010))
    monkeypatch.setattr(choice, "LONG_STEPS", 2)
    timed = known_steps(monkeypatch, choice, 0.02, 0.03, 0.02, 0.03)

    def again(*arguments):
        pytest.fail("the step was timed already")

    monkeypatch.setattr(timing, "time_step", again)

    def run_toy(steps):
        subject_recipe(
            "toy2d",
            toy2d.Points,
            toy2d.Config,
            toy2d.PRESETS,
            toy2d.__doc__,
            argv=["toy2d", *SMALL, f"--steps={steps}"],
        )
        return capsys.readouterr().out.splitlines()[0]

    said = "float32 (auto: a step takes 20 ms, 30 ms in mixed_bfloat16)"
    assert said in run_toy(2)
    record = json.loads((in_empty_folder / "run/config.json").read_text())
    assert record["settings"]["precision"] == "auto"
    assert record["precision"]["policy"] == "float32"
    assert record["precision"]["float32_ms"] == 20.0
    assert record["precision"]["mixed_bfloat16_ms"] == 30.0
    # Going on, it measures nothing.
    assert said in run_toy(4)
    assert len(timed) == 4

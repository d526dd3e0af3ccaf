"""In which precision a run computes, and how it remembers."""

import dataclasses
import importlib
import json
import math
import types

import keras
import pytest

from keras_gans import precision as library
from recipes import ac_gan, char_lm, toy2d
from recipes.common import ensemble
from recipes.common.main import subject_recipe, with_directories
from recipes.common.precision import decide, described, layer_size
from recipes.common.record import check_run_directory, earlier_record, open_run
from recipes.common.training import build_gan

pytestmark = pytest.mark.once

IMAGE_RECIPES = (
    "quickstart",
    "sagan",
    "lga",
    "msg_gan",
    "ac_gan",
    "wgan_gp",
    "r3gan",
    "progan",
)


def machine(gain):
    """Times of a machine on which bfloat16 is so many times as fast."""
    return lambda *size: (0.006, 0.006 / gain)


def untimed(*size):
    pytest.fail("nothing is to be timed")


@pytest.fixture
def config(fake, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    return dataclasses.replace(
        fake.SMOKE, precision="auto", run_dir=str(tmp_path / "run")
    )


def asking(config, precision):
    return dataclasses.replace(config, precision=precision)


@pytest.mark.parametrize("name", IMAGE_RECIPES)
def test_cpu_presets_choose_and_others_say_what_they_compute_in(name):
    presets = importlib.import_module(f"recipes.{name}").PRESETS
    assert presets["cpu"].precision == "auto"
    others = {k: v.precision for k, v in presets.items() if k != "cpu"}
    assert set(others.values()) == {"float32"}


def test_points_and_text_compute_in_float32():
    for recipe in (toy2d, char_lm):
        assert recipe.PRESETS["cpu"].precision == "float32"


def test_a_machine_without_bfloat16_runs_in_float32_and_says_why(config):
    decision = decide(config, timer=machine(1 / 18))
    assert decision.policy == "float32"
    assert described(config, decision) == (
        "float32 (auto: a convolution takes 6.0 ms, 108 ms in mixed_bfloat16)"
    )


@pytest.mark.parametrize(
    ("gain", "policy"), [(1.2, "mixed_bfloat16"), (1.1, "float32")]
)
def test_the_faster_precision_reaches_the_model(
    config, gain, policy, monkeypatch
):
    monkeypatch.setattr(library, "layer_seconds", machine(gain))

    def build():
        return types.SimpleNamespace(policy=keras.config.dtype_policy().name)

    gan, scope = build_gan(config, build)
    assert gan.policy == policy
    assert keras.config.dtype_policy().name == "float32"
    scope.close()


def test_the_timed_layer_is_of_the_run_s_own_kind(config):
    sizes = []

    def timer(*size):
        sizes.append(size)
        return 1.0, 1.0

    wide = dataclasses.replace(
        ac_gan.PRESETS["cpu"],
        batch_size=24,
        resolution=64,
        generator_width=40,
        discriminator_width=80,
    )
    decide(wide, timer=timer)
    assert sizes == [(48, 32, 80)]
    assert layer_size(toy2d.PRESETS["cpu"]) == (512, 1, 64)


def test_what_was_recorded_holds_on_every_machine(config):
    first = decide(config, timer=machine(2.0))
    open_run(config, "fake", first)
    again = decide(config, earlier_record(config), timer=untimed)
    assert again == first and again.policy == "mixed_bfloat16"
    open_run(config, "fake", again)
    record = earlier_record(config)
    assert record["settings"]["precision"] == "auto"
    assert record["precision"] == {
        "policy": "mixed_bfloat16",
        "float32_ms": 6.0,
        "mixed_bfloat16_ms": 3.0,
        "ratio": 2.0,
        "reason": "a convolution takes 3.0 ms, 6.0 ms in float32",
    }


@pytest.mark.parametrize("asked", ["auto", "mixed_bfloat16"])
def test_a_run_from_before_there_were_decisions_goes_on_as_it_was(
    config, asked
):
    # That was what the preset said then.
    open_run(asking(config, "mixed_bfloat16"), "fake")
    now = asking(config, asked)
    check_run_directory(now, "fake")
    decision = decide(now, earlier_record(now), timer=untimed)
    assert decision.policy == "mixed_bfloat16"
    assert described(now, decision) == "mixed_bfloat16"
    open_run(now, "fake", decision)
    assert earlier_record(now)["precision"]["policy"] == "mixed_bfloat16"


def test_a_decision_may_be_asked_for_by_name_but_not_changed(config):
    open_run(config, "fake", decide(config, timer=machine(1.0)))
    check_run_directory(asking(config, "float32"), "fake")
    rule = "precision was 'float32', now 'mixed_bfloat16'"
    with pytest.raises(ValueError, match=rule):
        check_run_directory(asking(config, "mixed_bfloat16"), "fake")


def test_float32_that_was_asked_for_is_not_timed(config):
    asked = asking(config, "float32")
    decision = decide(asked, timer=untimed)
    assert described(asked, decision) == "float32"


def test_slow_bfloat16_that_was_asked_for_is_warned_of_once(config, capsys):
    asked = asking(config, "mixed_bfloat16")
    decision = decide(asked, timer=machine(1 / 18))
    assert decision.policy == "mixed_bfloat16"
    warning = capsys.readouterr().err
    assert warning.startswith("warning: mixed_bfloat16 is slower than float32")
    assert "108 ms, 6 ms in float32" in warning
    open_run(asked, "fake", decision)
    decide(asked, earlier_record(asked), timer=untimed)
    decide(asking(config, "mixed_bfloat16"), timer=machine(1.3))
    assert capsys.readouterr().err == ""


def test_bfloat16_that_does_not_run_is_refused(config):
    with pytest.raises(ValueError) as refusal:
        decide(
            asking(config, "mixed_bfloat16"), timer=lambda *_: (0.1, math.inf)
        )
    assert "--precision=auto or --precision=float32" in str(refusal.value)


@pytest.mark.parametrize(
    ("distribution", "policy"),
    [("multi_worker", "float32"), ("tpu", "mixed_bfloat16")],
)
def test_machines_that_train_together_choose_alike(
    config, distribution, policy
):
    together = dataclasses.replace(config, distribution=distribution)
    decision = decide(together, timer=untimed)
    assert decision.policy == policy and decision.reason
    asked = asking(together, "mixed_bfloat16")
    assert decide(asked, timer=untimed).policy == "mixed_bfloat16"


def test_models_of_an_ensemble_share_one_decision(tmp_path, monkeypatch):
    config = dataclasses.replace(
        ac_gan.PRESETS["cpu"],
        class_splits=2,
        run_dir=str(tmp_path / "run"),
        export_dir=str(tmp_path / "export"),
    )
    monkeypatch.setattr(library, "layer_seconds", machine(1.5))
    prepared = []

    def prepare(member, recipe, make_subject, precision):
        monkeypatch.setattr(library, "layer_seconds", untimed)
        prepared.append(precision)

    monkeypatch.setattr(ensemble, "prepare", prepare)
    ensemble.prepare_ensemble(config, "ac_gan", None)
    (precision,) = prepared
    assert precision.policy == "mixed_bfloat16"
    record = earlier_record(with_directories(config, "ac_gan"))
    assert record["precision"] == dataclasses.asdict(precision)


def run_toy(*flags):
    subject_recipe(
        "toy2d",
        toy2d.Points,
        toy2d.Config,
        toy2d.PRESETS,
        toy2d.__doc__,
        argv=[
            "toy2d",
            "--preset=smoke",
            "--precision=auto",
            "--run_dir=run",
            "--export_dir=export",
            "--width=4",
            "--depth=1",
            "--n_critic=1",
            "--batch_size=4",
            "--evaluation_samples=50",
            *flags,
        ],
    )


def test_the_decision_is_on_the_first_line_and_in_the_record(
    in_empty_folder, monkeypatch, capsys
):
    monkeypatch.setattr(library, "layer_seconds", machine(1 / 18))
    run_toy("--steps=2", "--sample_every=0", "--checkpoint_every=2")
    first = capsys.readouterr().out.splitlines()[0]
    said = (
        "float32 (auto: a convolution takes 6.0 ms, 108 ms in mixed_bfloat16)"
    )
    assert said in first
    # On a machine of another kind.
    monkeypatch.setattr(library, "layer_seconds", untimed)
    run_toy("--steps=3", "--sample_every=0", "--checkpoint_every=0")
    assert said in capsys.readouterr().out.splitlines()[0]
    record = json.loads((in_empty_folder / "run/config.json").read_text())
    assert record["settings"]["precision"] == "auto"
    assert record["precision"]["policy"] == "float32"

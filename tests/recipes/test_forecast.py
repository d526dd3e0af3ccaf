"""Forecasts from known times, and one real rehearsal."""

import dataclasses
import json

import pytest

from recipes.common import forecast as forecasting
from recipes.common.forecast import forecast, measure, planned_steps
from recipes.common.rehearsal import Times
from recipes.sagan import CPU

pytestmark = pytest.mark.once


def test_a_whole_run_is_the_sum_of_its_parts():
    config = dataclasses.replace(
        CPU,
        steps=1000,
        ema_start=0,
        sample_every=250,
        evaluate_every=500,
        checkpoint_every=300,
    )
    times = Times(
        tracing=10.0,
        first=1.0,
        step=0.5,
        trained=14.0,
        grid=2.0,
        evaluation=20.0,
        checkpoint=1.0,
        extra=3.0,
        missing=5.0,
    )
    found = forecast("sagan", config, times, 60.0, True)
    # 60 s of rehearsal, of which 14 + 3 are not the run's and 5 are missing;
    # the first step and 999 more; 3 further grids, 1 evaluation and 3
    # checkpoints (at 300, 600, 900 and at the end).
    assert found.training == 1 + 999 * 0.5
    assert found.total == 60 - 17 + 5 + 500.5 + 3 * 2 + 20 + 3 * 1
    assert found.milliseconds == 500 and found.steps == 1000
    assert forecast("sagan", config, times, 60.0, False).total is None


def test_a_budget_of_time_bounds_the_steps():
    @dataclasses.dataclass
    class Budget:
        steps: int
        minutes: float | None

    assert planned_steps(Budget(15_000, 5), 0.1) == 3000
    assert planned_steps(Budget(1000, 5), 0.1) == 1000
    assert planned_steps(Budget(1000, None), 9.0) == 1000
    assert planned_steps(Budget(1000, 1), 100.0) == 1


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    """The smoke preset of the smallest recipe; leaves nothing behind."""
    place = tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        found = measure("toy2d", ["--preset=smoke", "--steps=20"])
        yield found, list(place.iterdir())


def test_a_rehearsal_measures_a_recipe_and_writes_nothing(rehearsed):
    found, left = rehearsed
    assert (found.recipe, found.steps) == ("toy2d", 20)
    assert found.precision == "float32"
    assert 0 < found.milliseconds < 1000 * found.tracing
    assert found.tracing < found.training < found.total < 120
    assert found.memory > 2**27
    assert left == []
    assert json.loads(json.dumps(dataclasses.asdict(found)))["steps"] == 20


def test_the_recipes_own_run_is_put_back(rehearsed):
    from recipes.common import run

    assert forecasting.recipe_main.prepare is run.prepare


def test_wrong_flags_are_refused_as_the_recipe_refuses_them(capsys):
    with pytest.raises(SystemExit) as stopped:
        measure("toy2d", ["--stesp=20"])
    assert stopped.value.code == 2
    assert "Did you mean --steps?" in capsys.readouterr().err

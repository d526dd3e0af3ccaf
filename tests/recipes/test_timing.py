"""What interrupts training, timed on stand-ins that take a known time."""

import dataclasses

import pytest

from recipes import toy2d
from recipes.common import timing
from recipes.common.run_directory import RunDirectory

pytestmark = pytest.mark.once

CONFIG = dataclasses.replace(
    toy2d.CPU, evaluate_every=10, sample_every=10, checkpoint_every=10
)


class Clock:
    """A clock that stand-ins let run."""

    seconds = 0.0

    def perf_counter(self):
        return self.seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timing, "time", clock)
    return clock


class Evaluation:
    """Takes 2 seconds and a hundredth for each sample, once 60 more."""

    def __init__(self, clock, samples, least=2, references=()):
        self.clock, self.samples, self.least = clock, samples, least
        self.references = references
        self.first = 60.0

    def set_model(self, gan):
        self.gan = gan

    def evaluate(self, samples=None):
        count = samples or self.samples
        if count < self.least:
            raise ValueError("A score wants more samples.")
        self.clock.seconds += 2.0 + 0.01 * count + self.first
        self.first = 0.0


class Grid:
    def __init__(self, clock):
        self.clock, self.first = clock, 5.0

    def set_model(self, gan):
        self.gan = gan

    def show(self, gan):
        assert self.gan is gan
        self.clock.seconds += 0.5 + self.first
        self.first = 0.0


class Model:
    def __init__(self, clock):
        self.clock = clock

    def save_weights(self, path):
        path.write_text("weights")
        self.clock.seconds += 0.25


def costs(clock, directory, evaluation, config=CONFIG):
    return timing.time_interruptions(
        Model(clock),
        config,
        evaluation,
        [Grid(clock), Grid(clock)],
        RunDirectory(directory),
    )


def test_each_interruption_has_its_time_without_its_first(clock, tmp_path):
    found = costs(clock, tmp_path, Evaluation(clock, 10_000))
    assert found == pytest.approx(
        {
            "evaluate_every": 102.0,
            "sample_every": 1.0,
            "checkpoint_every": 0.25,
        }
    )
    # Nothing stays of the checkpoint.
    assert not list(tmp_path.glob("checkpoints/*"))


@pytest.mark.parametrize("samples", [100, 250, 400, 500])
def test_a_small_evaluation_is_timed_as_it_is(clock, tmp_path, samples):
    found = costs(clock, tmp_path, Evaluation(clock, samples))
    expected = 2.0 + 0.01 * samples
    assert found["evaluate_every"] == pytest.approx(expected)


def test_scores_that_want_all_samples_are_timed_with_all(clock, tmp_path):
    evaluation = Evaluation(clock, 1000, least=600)
    found = costs(clock, tmp_path, evaluation)
    assert found["evaluate_every"] == pytest.approx(72.0)
    evaluation = Evaluation(clock, 1000, least=1000, references=None)
    evaluation.first = 0.0
    found = costs(clock, tmp_path, evaluation)
    assert found["evaluate_every"] == pytest.approx(12.0)


def test_what_never_interrupts_is_not_timed(clock, tmp_path):
    config = dataclasses.replace(
        CONFIG, evaluate_every=0, sample_every=0, checkpoint_every=0
    )
    assert costs(clock, tmp_path, None, config) == {}
    assert clock.seconds == 0.0

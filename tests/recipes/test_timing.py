"""What interrupts training, timed on stand-ins that take a known time."""

import dataclasses
import types

import numpy as np
import pytest

from recipes import toy2d
from recipes.common import timing
from recipes.common.plan import Ending
from recipes.common.results import evaluating
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


class Extractor:
    """Takes a hundredth of a second an image, once 5 seconds more."""

    batch_size = 64

    def __init__(self, clock):
        self.clock, self.first = clock, 5.0

    def __call__(self, images):
        self.clock.seconds += 0.01 * len(images) + self.first
        self.first = 0.0


class Generating(Evaluation):
    """Generates 500 images a second, once 60 seconds later."""

    batch_size = 250

    def generated(self, samples):
        assert samples == self.batch_size
        self.clock.seconds += samples / 500 + self.first
        self.first = 0.0
        yield np.zeros((samples, 4, 4, 1), "uint8"), np.zeros(samples)


def reference(clock, distance):
    def distance_to(mean, covariance):
        clock.seconds += distance

    return types.SimpleNamespace(
        extractor=Extractor(clock),
        moments=types.SimpleNamespace(mean=None, covariance=None),
        frechet=types.SimpleNamespace(distance_to=distance_to),
    )


def test_an_evaluation_takes_what_its_parts_do(clock, capsys):
    references = [reference(clock, 0.1), reference(clock, 0.3)]
    evaluation = Generating(clock, 2500, references=references)
    ending = timing.time_ending(Model(clock), evaluation)
    # 2,500 images made at 500 a second and seen by two extractors at 100 a
    # second; and of each, distances for all images and without each of ten
    # groups.
    assert ending.evaluation == pytest.approx(5 + 2 * 25 + 11 * (0.1 + 0.3))
    # All of what was measured took less than that, and was said before.
    assert "Timing" in capsys.readouterr().err


def test_what_follows_training_is_told_with_its_time_if_that_is_known():
    points = types.SimpleNamespace(noun="points")
    assert Ending(20.0, 5.2).told == (
        ", then about 25 seconds to evaluate and export."
    )
    assert Ending().told == "; evaluation and export follow."
    assert evaluating(points, 2500, Ending(20.0)) == (
        "Evaluating 2,500 generated points: about 20 seconds."
    )
    assert evaluating(points, 50, Ending()) == (
        "Evaluating 50 generated points ..."
    )

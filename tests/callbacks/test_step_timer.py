"""Timing of the step, by a clock of known time."""

import itertools

import pytest

from keras_gans.callbacks.step_timer import StepTimer


class Clock:
    """Returns the given readings, one after the other."""

    def __init__(self, readings):
        self.readings = iter(readings)

    def __call__(self):
        return next(self.readings)


class Model:
    """Its steps take longer until so many were taken."""

    stop_training = False

    def __init__(self, slow=0):
        self.left = slow + 1

    @property
    def step_is_settled(self):
        self.left -= 1
        return self.left <= 0


def timed(durations, at_once=1, first=20.0, slow=0, **options):
    """Returns a timer after calls that took so long, and how many there were.

    The first took `first` seconds, the second 3.
    """
    readings = itertools.accumulate([0.0, first, 3.0, *durations])
    timer = StepTimer(clock=Clock(readings), **options)
    timer.set_model(Model(slow))
    timer.on_train_begin()
    for call in range(len(durations) + 2):
        timer.on_train_batch_end((call + 1) * at_once - 1)
        if timer.model.stop_training:
            break
    return timer, call + 1


def test_the_step_is_the_mean_of_warm_calls():
    timer, calls = timed([1.0, 2.0, 3.0], seconds=100.0)
    assert timer.step_seconds == pytest.approx(2.0)
    assert timer.first == 20.0
    assert calls == 5


def test_a_call_of_several_steps_is_divided_among_them():
    timer, _ = timed([1.0, 2.0, 3.0], at_once=4, seconds=100.0)
    assert timer.step_seconds == pytest.approx(0.5)


def test_what_disturbs_a_tenth_of_the_calls_does_not_count():
    durations = [0.1] * 18 + [50.0, 0.01]
    timer, _ = timed(durations, seconds=1000.0)
    assert timer.step_seconds == pytest.approx(0.1)


def test_the_first_quarter_of_many_calls_fills_buffers():
    # With the two that trace there are 40 calls: ten are left out.
    timer, _ = timed([7.0] * 8 + [0.1] * 30, seconds=1000.0)
    assert timer.step_seconds == pytest.approx(0.1)


def test_training_ends_when_enough_is_timed():
    assert timed([1.0] * 20, seconds=4.0)[1] == 6
    assert timed([9.0] * 20, seconds=4.0)[1] == 5
    assert timed([1.0] * 20, seconds=100.0, steps=7)[1] == 9
    assert timed([1.0] * 20, seconds=100.0, steps=1)[1] == 5


def test_too_few_calls_are_no_measurement():
    timer, _ = timed([])
    with pytest.raises(ValueError, match="Received: 2"):
        _ = timer.step_seconds


def test_steps_that_are_not_yet_as_fast_as_later_ones_do_not_count():
    # Six calls before, then one that traces and one that fills caches.
    timer, calls = timed(
        [9.0] * 4 + [5.0, 5.0] + [1.0] * 20, seconds=4.0, slow=6
    )
    assert timer.step_seconds == pytest.approx(1.0)
    assert (timer.first, calls) == (20.0, 12)

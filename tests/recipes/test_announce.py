"""What is said beforehand of long work, by a clock that is known."""

import itertools

import numpy as np
import pytest

from recipes.common.announce import Announced

pytestmark = pytest.mark.once
WHAT = "Computing features of images"


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


def worked_on(batches, count, first, others):
    """Works on batches as long as told; returns them and when they told it."""
    clock = Clock()
    announced = Announced(batches, count, WHAT, clock=clock)
    for number, _ in enumerate(announced):
        clock.seconds += others if number else first
    return announced


@pytest.mark.parametrize("labelled", [False, True])
def test_the_time_of_all_is_told_from_the_second_batch_on(labelled, capsys):
    images = np.zeros((10, 4, 4, 1), "uint8")
    batch = (images, np.zeros(10)) if labelled else images
    # Five seconds of compiling are no part of a tenth of a second an image.
    announced = worked_on(1000 * [batch], 10_000, first=5.0, others=0.2)
    assert announced.seconds == pytest.approx(0.02)
    assert capsys.readouterr().err == f"{WHAT}: about 3.3 minutes.\n"


def test_it_is_told_before_the_first_and_after_a_second_of_work(capsys):
    clock, told = Clock(), []
    batches = itertools.repeat(np.zeros(10))
    announced = iter(Announced(batches, 1000, WHAT, clock=clock))
    for _ in range(5):
        next(announced)
        told.append(capsys.readouterr().err)
        clock.seconds += 0.5
    # The second ends with the third batch, the first not counted.
    assert told == [f"{WHAT}: ", "", "", "about 50 seconds.\n", ""]


def test_short_work_is_only_said_to_be_done(capsys):
    worked_on(3 * [np.zeros(10)], 30, first=0.5, others=0.1)
    assert capsys.readouterr().err == f"{WHAT}: done.\n"


def test_nothing_is_said_of_batches_that_nobody_asks_for(capsys):
    Announced([np.zeros(10)], 10, WHAT)
    assert capsys.readouterr().err == ""

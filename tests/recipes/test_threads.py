"""Threads of TensorFlow by the size of a run's operations."""

import dataclasses
import os

import pytest

from recipes import sagan
from recipes.common import threads

pytestmark = pytest.mark.once
NAMES = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """Four cores, and nothing chosen."""
    for name in NAMES:
        # Set first, so that it is put back.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(threads, "cores", lambda: 4.0)


def chosen():
    return tuple(os.environ.get(name) for name in NAMES)


def test_small_operations_run_side_by_side():
    threads.set_threads(sagan.CPU)
    assert chosen() == ("2", "4")


def test_one_core_is_enough(monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 0.5)
    threads.set_threads(sagan.CPU)
    assert chosen() == ("1", "1")


def test_large_operations_are_left_to_tensorflow():
    threads.set_threads(sagan.PAPER)
    assert chosen() == (None, None)
    wide = dataclasses.replace(sagan.CPU, generator_width=128)
    threads.set_threads(wide)
    assert chosen() == (None, None)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_user_chose_stays(monkeypatch, name):
    monkeypatch.setenv(name, "3")
    threads.set_threads(sagan.CPU)
    assert sorted(filter(None, chosen())) == ["3"]

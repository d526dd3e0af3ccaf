"""Which generators are kept."""

import json

import pytest

from keras_gans.callbacks import Leaders

pytestmark = pytest.mark.once


class Generator:
    """Something that saves itself as its number."""

    def __init__(self, number):
        self.number = number

    def save(self, path):
        path.write_text(str(self.number))


def interval(value, reach=None):
    if reach is None:
        return {"value": value}
    return {"value": value, "low": value - reach, "high": value + reach}


def offer(leaders, values, reach=None):
    return [
        leaders.offer(Generator(step), step, interval(value, reach))
        for step, value in enumerate(values, 1)
    ]


def top(folder):
    return {path.name: path.read_text() for path in (folder / "top").iterdir()}


def test_the_lowest_is_kept_and_nothing_else(tmp_path):
    leaders = Leaders(tmp_path / "best.keras")
    offer(leaders, [5.0, 3.0, 4.0])
    assert leaders.best_score == 3.0
    assert (tmp_path / "best.keras").read_text() == "2"
    assert [path.name for path in tmp_path.iterdir()] == ["best.keras"]


def test_the_k_lowest_are_kept_in_order(tmp_path):
    leaders = Leaders(tmp_path / "best.keras", keep=3)
    offer(leaders, [5.0, 9.0, 3.0, 4.0, 8.0, 1.0])
    assert [entry["step"] for entry in leaders.entries] == [6, 3, 4]
    assert top(tmp_path) == {
        "step_00000003.keras": "3",
        "step_00000004.keras": "4",
        "step_00000006.keras": "6",
    }
    assert (tmp_path / "best.keras").read_text() == "6"


def test_of_equals_the_earlier_leads(tmp_path):
    leaders = Leaders(tmp_path / "best.keras", keep=2)
    offer(leaders, [5.0, 5.0, 5.0])
    assert [entry["step"] for entry in leaders.entries] == [1, 2]
    assert (tmp_path / "best.keras").read_text() == "1"


def test_the_lower_leads_and_the_verdict_names_the_tie():
    assert offer(Leaders(None), [10.0, 20.0, 5.0], reach=1.0) == [
        "best",
        "worse than step 1",
        "best",
    ]
    assert offer(Leaders(None), [10.0, 10.5, 9.5], reach=1.0) == [
        "best",
        "tied with step 1, which stays",
        "best, tied with step 1",
    ]


def test_without_intervals_only_equals_are_tied():
    assert offer(Leaders(None), [10.0, 10.5, 10.0, 9.5]) == [
        "best",
        "worse than step 1",
        "tied with step 1, which stays",
        "best",
    ]


def test_a_contender_is_not_clearly_worse_than_the_leaders_screening():
    leaders = Leaders(None)
    assert leaders.admits(interval(99.0, 1.0))
    leaders.offer(Generator(1), 1, interval(10.0, 1.0), interval(14.0, 2.0))
    # The leader's screening reaches from 12 to 16.
    assert leaders.admits(interval(13.0, 1.0))
    assert leaders.admits(interval(18.0, 2.0))
    assert not leaders.admits(interval(18.5, 2.0))


def test_without_a_screening_of_the_leader_everyone_is_a_contender():
    leaders = Leaders(None)
    leaders.offer(Generator(1), 1, interval(10.0, 1.0))
    assert leaders.admits(interval(1000.0, 1.0))


def test_a_run_resumes_with_its_leaders(tmp_path):
    values = [5.0, 9.0, 3.0, 4.0]
    whole, first = tmp_path / "whole", tmp_path / "first"
    for folder in (whole, first):
        folder.mkdir()
    unbroken = Leaders(whole / "best.keras", keep=2)
    offer(unbroken, values)
    broken = Leaders(first / "best.keras", keep=2)
    offer(broken, values[:2])
    entries = json.loads(json.dumps(broken.entries))
    resumed = Leaders(first / "best.keras", keep=2, entries=entries)
    assert resumed.best_score == 5.0
    for step, value in enumerate(values[2:], 3):
        resumed.offer(Generator(step), step, interval(value))
    assert resumed.entries == unbroken.entries
    assert top(first) == top(whole)


def test_a_score_that_is_known_without_its_generator_must_be_beaten(tmp_path):
    leaders = Leaders(tmp_path / "best.keras", best_score=4.0)
    assert offer(leaders, [5.0]) == ["worse than an earlier step"]
    assert list(tmp_path.iterdir()) == []
    assert offer(leaders, [3.0]) == ["best"]


def test_files_that_belong_to_no_leader_are_removed(tmp_path):
    leaders = Leaders(tmp_path / "best.keras", keep=2)
    offer(leaders, [5.0, 4.0])
    (tmp_path / "top" / "step_00000009.keras").touch()
    Leaders(tmp_path / "best.keras", keep=2, entries=leaders.entries)
    assert set(top(tmp_path)) == {"step_00000001.keras", "step_00000002.keras"}


def test_nothing_is_written_without_a_file_for_the_best(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    offer(Leaders(None, keep=2), [5.0, 4.0])
    assert list(tmp_path.iterdir()) == []


def test_at_least_one_is_kept():
    with pytest.raises(ValueError, match="keep=0"):
        Leaders(None, keep=0)

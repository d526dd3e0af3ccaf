import json
import pathlib

import numpy as np
import pytest

from recipes.common.run_directory import RunDirectory, plain

pytestmark = pytest.mark.once


@pytest.fixture
def directory(tmp_path):
    directory = RunDirectory(tmp_path / "runs" / "a")
    directory.create()
    return directory


def test_files_lie_where_the_documentation_says(directory):
    def relative(path):
        return str(path.relative_to(directory.path))

    assert relative(directory.config) == "config.json"
    assert relative(directory.logs) == "logs"
    assert relative(directory.sample(1000)) == "samples/step_00001000.png"
    assert relative(directory.metrics) == "metrics.jsonl"
    assert relative(directory.checkpoints) == "checkpoints"
    assert relative(directory.best) == "best.keras"
    assert relative(directory.final) == "final.keras"


def test_nothing_is_created_unasked(tmp_path):
    assert RunDirectory(tmp_path / "a").read_metrics() == []
    assert list(tmp_path.iterdir()) == []


def test_creating_twice_keeps_what_is_there(directory):
    directory.sample(1).write_bytes(b"png")
    directory.create()
    assert directory.sample(1).read_bytes() == b"png"


def test_metrics_come_back_as_written_line_by_line(directory):
    rows = [{"step": 10, "fid_lite0": 200.5}, {"step": 20, "name": "é"}]
    for row in rows:
        directory.append_metrics(row)
    assert directory.read_metrics() == rows
    lines = directory.metrics.read_text().splitlines()
    assert [json.loads(line) for line in lines] == rows


@pytest.mark.parametrize("torn", [b'{"step": 20, "fi', b'{"step": 20}'])
def test_an_unfinished_line_is_neither_read_nor_in_the_way(directory, torn):
    directory.append_metrics({"step": 10})
    with open(directory.metrics, "ab") as file:
        file.write(torn)
    assert directory.read_metrics() == [{"step": 10}]
    directory.append_metrics({"step": 30})
    assert directory.read_metrics() == [{"step": 10}, {"step": 30}]


@pytest.mark.parametrize("line", ["{", "3", ""])
def test_a_damaged_line_is_named(directory, line):
    directory.append_metrics({"step": 10})
    with open(directory.metrics, "a") as file:
        file.write(f"{line}\n")
    directory.append_metrics({"step": 30})
    with pytest.raises(ValueError, match="on line 2"):
        directory.read_metrics()


def test_metrics_of_later_steps_are_removed(directory):
    directory.rewind_metrics(0)
    assert not directory.metrics.exists()
    for step in (10, 20, 30):
        directory.append_metrics({"step": step})
    directory.rewind_metrics(20)
    assert [row["step"] for row in directory.read_metrics()] == [10, 20]


def test_values_of_numpy_and_paths_become_plain():
    values = {
        "a": np.float32(0.5),
        "b": np.arange(3),
        "c": (pathlib.Path("x"), True, None),
        "d": {1: float("nan"), "e": np.float64("inf")},
    }
    assert plain(values) == {
        "a": 0.5,
        "b": [0, 1, 2],
        "c": ["x", True, None],
        "d": {"1": None, "e": None},
    }

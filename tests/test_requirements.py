"""The files of requirements agree with one another."""

import pathlib
import re

import pytest

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[1]


def pins(name):
    """Returns the version of each package that a file names."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    found = (
        re.fullmatch(r"([\w.-]+)(?:\[[\w,-]+\])?==([\w.]+)", line)
        for line in lines
        if line and not line.startswith(("#", "-r "))
    )
    return dict(match.groups() for match in found)


def test_a_gpu_has_the_versions_that_are_tested():
    tested = pins("requirements.txt") | pins("requirements-test.txt")
    gpu = pins("requirements-gpu.txt")
    assert set(gpu) == {"jax", "tensorflow"}
    assert gpu == {name: tested[name] for name in gpu}


@pytest.mark.parametrize("kind", ["gpu", "test"])
def test_other_files_start_from_the_library_s_requirements(kind):
    text = (ROOT / f"requirements-{kind}.txt").read_text(encoding="utf-8")
    assert "\n-r requirements.txt\n" in text

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
FAKE = pathlib.Path(__file__).with_name("fake_recipe.py")


@pytest.fixture(scope="session")
def fake():
    """The module of the fake recipe."""
    spec = importlib.util.spec_from_file_location("fake_recipe", FAKE)
    module = importlib.util.module_from_spec(spec)
    # Annotations are resolved in the module that sys.modules names.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def recipe():
    """A function that runs a recipe as a user does, in its own process."""

    def run(name, *flags, cwd, **environment):
        return subprocess.run(
            [sys.executable, "-m", f"recipes.{name}", *flags],
            cwd=cwd,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "KERAS_HOME": str(cwd / "keras_home"),
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run

import importlib.util
import pathlib
import sys

import pytest

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

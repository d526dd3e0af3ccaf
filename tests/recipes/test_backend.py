import json

import pytest

from recipes.common.backend import keras_backend

pytestmark = pytest.mark.once


@pytest.fixture
def keras_home(tmp_path, monkeypatch):
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def test_the_environment_decides_first(keras_home, monkeypatch):
    (keras_home / "keras.json").write_text(json.dumps({"backend": "torch"}))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert keras_backend() == "jax"


def test_the_settings_of_keras_decide_next(keras_home):
    (keras_home / "keras.json").write_text(json.dumps({"backend": "torch"}))
    assert keras_backend() == "torch"


@pytest.mark.parametrize("content", [None, "{", "[]", "{}"])
def test_otherwise_it_is_tensorflow(keras_home, content):
    if content is not None:
        (keras_home / "keras.json").write_text(content)
    assert keras_backend() == "tensorflow"


def test_an_unknown_backend_is_refused_with_the_nearest(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorfow")
    with pytest.raises(ValueError) as refusal:
        keras_backend()
    assert "tensorflow, jax, torch" in str(refusal.value)
    assert "Did you mean 'tensorflow'?" in str(refusal.value)

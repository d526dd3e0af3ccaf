import dataclasses
import json
import shutil
import subprocess

import pytest

from recipes.common.record import (
    check_run_directory,
    git_state,
    open_run,
    read_run_id,
)

pytestmark = pytest.mark.once


@pytest.fixture
def config(fake, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    return dataclasses.replace(fake.SMOKE, run_dir=str(tmp_path / "run"))


def read(directory):
    return json.loads(directory.config.read_text())


def test_the_record_holds_everything_that_made_the_result(config):
    import keras
    import numpy

    import keras_gans

    content = read(open_run(config, "fake"))
    assert content["recipe"] == "fake"
    assert content["backend"] == "tensorflow"
    settings = config.settings()
    settings |= {"augment": [], "blocks": [64, 32]}
    assert content["settings"] == settings
    assert content["versions"]["keras"] == keras.__version__
    assert content["versions"]["numpy"] == numpy.__version__
    assert content["versions"]["keras_gans"] == keras_gans.__version__
    assert {"tensorflow", "python"} <= set(content["versions"])
    assert {"git_commit", "git_changed", "command"} <= set(content)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_version_of_the_backend_is_recorded(config, backend, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    content = read(open_run(config, "fake"))
    assert content["backend"] == backend
    assert content["versions"][backend]


def test_equal_settings_resume_and_keep_the_earlier_record(config):
    first = read(open_run(config, "fake"))
    second = read(open_run(config, "fake"))
    third = read(open_run(config, "fake"))
    assert second["earlier_starts"] == [first]
    assert len(third["earlier_starts"]) == 2
    assert third["earlier_starts"][0] == first


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 21},
        {"evaluate_every": 5},
        {"evaluation_samples": 128},
        {"sample_every": 1},
        {"checkpoint_every": 1},
        {"export_dir": "elsewhere"},
        {"preset": "other"},
    ],
)
def test_more_steps_and_other_outputs_may_resume(config, change):
    open_run(config, "fake")
    changed = dataclasses.replace(config, **change)
    content = read(open_run(changed, "fake"))
    assert content["settings"].items() >= change.items()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 1}, ["seed was 0, now 1"]),
        ({"batch_size": 8}, ["batch_size was 16, now 8"]),
        ({"dataset": "npz:a"}, ["dataset was 'embedded', now 'npz:a'"]),
        ({"augment": ("flip",)}, ["augment was [], now ['flip']"]),
        ({"blocks": (8,), "seed": 2}, ["blocks was [64, 32]", "seed was 0"]),
        ({"steps": 19}, ["steps was 20, now 19", "may be raised"]),
    ],
)
def test_other_training_settings_are_refused_by_name(config, change, words):
    directory = open_run(config, "fake")
    before = directory.config.read_text()
    with pytest.raises(ValueError) as refusal:
        open_run(dataclasses.replace(config, **change), "fake")
    text = str(refusal.value)
    for word in words:
        assert word in text
    assert f"--resume=false --run_dir={config.run_dir}-2" in text
    assert directory.config.read_text() == before


def test_another_recipe_or_backend_does_not_resume(config, monkeypatch):
    open_run(config, "fake")
    with pytest.raises(ValueError, match="recipe was 'fake', now 'sagan'"):
        check_run_directory(config, "sagan")
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(ValueError, match="backend was 'tensorflow', now 'jax'"):
        check_run_directory(config, "fake")


def without_settings(directory, *names):
    """Takes fields out of a record, as if they had come later."""
    content = read(directory)
    for name in names:
        del content["settings"][name]
    directory.config.write_text(json.dumps(content))


def test_a_run_from_before_a_setting_had_its_default(config):
    directory = open_run(config, "fake")
    without_settings(directory, "n_critic", "blocks", "augment", "note")
    check_run_directory(config, "fake")
    other = dataclasses.replace(config, n_critic=2)
    with pytest.raises(ValueError, match="n_critic was 1, now 2"):
        check_run_directory(other, "fake")


def test_a_setting_without_default_that_no_record_holds_is_named(config):
    directory = open_run(config, "fake")
    without_settings(directory, "batch_size")
    with pytest.raises(ValueError, match="batch_size was 'absent', now 16"):
        check_run_directory(config, "fake")


def test_a_run_keeps_its_id(config, tmp_path):
    first, again = (read(open_run(config, "fake")) for _ in range(2))
    assert len(first["run_id"]) == 32
    assert again["run_id"] == first["run_id"]
    shutil.rmtree(tmp_path / "run")
    anew = read(open_run(config, "fake"))
    assert anew["run_id"] != first["run_id"]


def test_a_run_from_before_ids_stays_without(config):
    directory = open_run(config, "fake")
    content = read(directory)
    del content["run_id"]
    directory.config.write_text(json.dumps(content))
    assert read(open_run(config, "fake"))["run_id"] is None
    assert read_run_id(directory) is None


def test_only_the_chief_opens_a_run(config, tmp_path, monkeypatch):
    monkeypatch.setattr("keras_gans.distribution.is_chief", lambda: False)
    assert open_run(config, "fake").path == tmp_path / "run"
    assert not (tmp_path / "run").exists()


def test_a_new_run_overwrites_nothing(config, tmp_path):
    directory = open_run(config, "fake")
    (tmp_path / "run-2").mkdir()
    new = dataclasses.replace(config, resume=False)
    before = directory.config.read_text()
    with pytest.raises(ValueError, match="run-3, or --resume=true"):
        open_run(new, "fake")
    assert directory.config.read_text() == before


@pytest.mark.parametrize("resume", [True, False])
def test_a_missing_or_empty_directory_starts_a_run(config, resume, tmp_path):
    config = dataclasses.replace(config, resume=resume)
    check_run_directory(config, "fake")
    assert not (tmp_path / "run").exists()
    (tmp_path / "run").mkdir()
    assert open_run(config, "fake").config.exists()


def test_a_directory_of_something_else_is_left_alone(config, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").touch()
    with pytest.raises(ValueError, match="which is neither"):
        open_run(config, "fake")
    assert len(list((tmp_path / "run").iterdir())) == 1


def test_a_file_is_no_directory(config, tmp_path):
    (tmp_path / "run").touch()
    with pytest.raises(ValueError, match="must be a directory"):
        open_run(config, "fake")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}"])
def test_a_damaged_record_is_named(config, content):
    directory = open_run(config, "fake")
    directory.config.write_text(content)
    with pytest.raises(ValueError, match="config.json must hold"):
        check_run_directory(config, "fake")


def test_git_state_is_that_of_the_checkout_itself(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        subprocess.run(command, check=True, capture_output=True)

    nothing = {"git_commit": None, "git_changed": None}
    assert git_state(tmp_path) == nothing
    git("init")
    assert git_state(tmp_path) == nothing
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_text("a")
    git("add", ".")
    git("commit", "-m", "a")
    state = git_state(tmp_path)
    assert len(state["git_commit"]) == 40
    assert state["git_changed"] is False
    assert git_state(tmp_path / "inner") == nothing
    (tmp_path / "inner" / "file").write_text("b")
    assert git_state(tmp_path)["git_changed"] is True

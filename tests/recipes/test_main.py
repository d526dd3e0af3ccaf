import os
import pathlib
import signal
import subprocess
import sys

import pytest

from recipes.common.main import recipe_main, with_directories

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[2]
FAKE = pathlib.Path(__file__).with_name("fake_recipe.py")


@pytest.fixture
def call(fake, in_empty_folder, monkeypatch, capsys):
    """Runs the fake recipe; gives exit status, output and errors."""
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")

    def call(*flags, run=fake.run):
        argv = ["recipe", *flags]
        status = 0
        try:
            recipe_main(fake.Config, fake.PRESETS, run, "fake", "Doc.", argv)
        except SystemExit as stop:
            status = stop.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def raising(error):
    def run(_):
        raise error

    return run


def test_the_recipe_runs_with_the_resolved_settings(call):
    configs = []
    assert call("--preset=smoke", run=configs.append) == (0, "", "")
    assert configs[0].steps == 20
    assert configs[0].run_dir == "runs/fake-smoke"
    assert configs[0].export_dir == "saved_models/fake"


def test_work_that_is_returned_is_done(call):
    done = []
    assert call(run=lambda _: lambda: done.append(1))[0] == 0
    assert done == [1]


def test_runs_of_backends_have_directories_of_their_own(fake, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert with_directories(fake.CPU, "fake").run_dir == "runs/fake-cpu-jax"


def test_a_tilde_is_the_home_directory(call, monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    configs = []
    call("--run_dir=~/run", "--data_dir=~/tfds", run=configs.append)
    assert configs[0].run_dir == "/home/someone/run"
    assert configs[0].data_dir == "/home/someone/tfds"


def test_help_goes_to_the_output_and_succeeds(call):
    status, out, err = call("--help")
    assert (status, err) == (0, "")
    assert "--n_critic" in out


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("the rule"), "error: the rule\n"),
        (FileNotFoundError("no /x"), "error: no /x\n"),
        (
            PermissionError(13, "Permission denied", "/x"),
            "error: Permission denied: /x\n",
        ),
        (ValueError(), "error: ValueError\n"),
    ],
)
def test_an_error_of_preparation_is_one_line(call, error, line):
    assert call(run=raising(error)) == (2, "", line)


def test_an_error_of_the_system_during_work_is_one_line(call):
    error = OSError(28, "No space left on device")
    status, _, err = call(run=lambda _: lambda: raising(error)(None))
    assert (status, err) == (2, "error: No space left on device\n")


@pytest.mark.parametrize("error", [TypeError("a"), KeyError("b")])
def test_a_defect_in_preparation_is_not_hidden(call, error):
    with pytest.raises(type(error)):
        call(run=raising(error))


def test_a_value_error_during_work_is_not_hidden(call):
    with pytest.raises(ValueError, match="shapes"):
        call(run=lambda _: lambda: raising(ValueError("shapes"))(None))


def test_the_traceback_is_there_for_those_who_ask(call, monkeypatch):
    monkeypatch.setenv("KERAS_GANS_TRACEBACK", "1")
    with pytest.raises(ValueError, match="the rule"):
        call(run=raising(ValueError("the rule")))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], ["the same command resumes the run in runs/fake-cpu."]),
        (["--noresume"], ["the same command with --resume=true resumes"]),
    ],
)
def test_an_interrupt_says_how_to_go_on(call, flags, words):
    status, _, err = call(*flags, run=raising(KeyboardInterrupt()))
    assert status == 130
    assert all(word in err for word in words)


def test_a_wrong_backend_is_refused_before_the_run(call, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jaxx")
    configs = []
    status, _, err = call(run=configs.append)
    assert (status, configs) == (2, [])
    assert "Did you mean 'jax'?" in err


def test_a_foreign_run_directory_is_refused_before_the_run(
    call, in_empty_folder
):
    (in_empty_folder / "note.txt").touch()
    configs = []
    status, _, err = call("--run_dir=.", run=configs.append)
    assert (status, configs) == (2, [])
    assert "which is neither" in err


def start(folder, *flags, **environment):
    return subprocess.Popen(
        [sys.executable, str(FAKE), *flags],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell's background jobs ignore SIGINT, and so would the recipe.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_no_backend_is_imported_before_the_run(tmp_path):
    process = start(tmp_path, "--preset=smoke", KERAS_BACKEND="torch")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out == "20 runs/fake-smoke-torch []\n"
    assert list(tmp_path.iterdir()) == []


def test_a_misspelt_flag_of_a_process_is_one_line_and_status_2(tmp_path):
    process = start(tmp_path, "--presets=smoke")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err.count("\n") == 1
    assert "Did you mean --preset?" in err


def test_ctrl_c_of_a_process_is_one_line_and_status_130(tmp_path):
    process = start(tmp_path, FAKE_RAISES="work:sleep")
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.count("\n") == 1
    assert "resumes the run" in err


def test_a_defect_of_a_process_keeps_its_traceback(tmp_path):
    process = start(tmp_path, FAKE_RAISES="work:TypeError")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" in err
    assert err.endswith("TypeError: the rule is broken\n")

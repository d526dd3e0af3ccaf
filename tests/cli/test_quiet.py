import os
import pathlib
import subprocess
import sys

import pytest

from keras_gans.cli.quiet import startup_log_filtered

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[2]

ROUTINE = (
    b"WARNING: All log messages before absl::InitializeLog() is called are\n"
    b"I0000 00:00:1795303000.590065    7359 port.cc:153] oneDNN is on.\n"
    b"E0000 00:00:1795303003.623532    7359 cuda_platform.cc:52] failed call "
    b"to cuInit: INTERNAL: UNKNOWN ERROR (303)\n"
)
TELLING = (
    b"E0000 00:00:1795303003.623532    7359 a.cc:5] out of memory\n"
    b"If this goes on, buy a new disk.\n"
)


def test_routine_lines_are_dropped_and_others_kept_in_order(capfd):
    with startup_log_filtered():
        os.write(2, ROUTINE + TELLING + ROUTINE)
        print("from Python", file=sys.__stderr__)
    os.write(2, b"after\n")
    expected = f"{TELLING.decode()}from Python\nafter\n"
    assert capfd.readouterr().err == expected


def test_what_was_written_before_an_exception_is_shown(capfd):
    with pytest.raises(ImportError), startup_log_filtered():
        os.write(2, ROUTINE + TELLING)
        raise ImportError
    assert capfd.readouterr().err == TELLING.decode()


def test_a_process_starts_without_a_word():
    code = (
        "from recipes.common.light import without_keras\n"
        "with without_keras():\n"
        "    from keras_gans.cli.quiet import import_keras\n"
        "import_keras()\n"
        "import keras\n"
        "print(keras.ops.ones(()) + 1)\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0
    assert "2" in process.stdout
    assert process.stderr == ""

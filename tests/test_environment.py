"""What is set before a backend is imported, and what is said when too late."""

import os
import pathlib
import subprocess
import sys
import types
import warnings

import pytest

from keras_gans import environment
from keras_gans.environment import ONEDNN

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[1]
# The variable is for x86 processors.
GIVEN = "1" if environment.platform.machine() in environment.X86 else "None"
# Says what the environment holds when a backend is about to be imported.
SPY = f"""
import os, sys

class Spy:
    def find_spec(name, path=None, target=None):
        if name in ("tensorflow", "keras", "jax", "torch"):
            print(os.environ.get("{ONEDNN}"))
            sys.stdout.flush()
            os._exit(0)

sys.meta_path.insert(0, Spy)
"""
LIBRARY = """
import tensorflow
from tensorflow.python.util import _pywrap_util_port
from recipes.common.light import without_keras
with without_keras():
    from keras_gans import environment
left_off = environment.onednn_is_left_off()
assert left_off is not _pywrap_util_port.IsMklEnabled(), left_off
"""


def python(source, **variables):
    variables = {**os.environ, "KERAS_BACKEND": "tensorflow"} | variables
    return subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={k: v for k, v in variables.items() if v is not None},
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize("chosen", [None, "0"])
@pytest.mark.parametrize(
    "door",
    [
        "import keras_gans",
        "from keras_gans.cli import main; main(['evaluate'])",
        "from recipes.common.run import import_keras; import_keras()",
        "import benchmarks.step_worker",
    ],
)
def test_every_door_prepares_before_backends_unless_the_user_did(door, chosen):
    process = python(SPY + door, **{ONEDNN: chosen})
    assert process.stdout.strip() == (chosen or GIVEN), process.stderr


def test_tests_run_with_what_users_get():
    assert ONEDNN in os.environ or GIVEN == "None"


def test_the_rule_of_tensorflow_is_that_of_its_own_library():
    process = python(LIBRARY, **{ONEDNN: None, "TF_CPP_MIN_LOG_LEVEL": "3"})
    assert process.returncode == 0, process.stderr[-2000:]


@pytest.fixture
def ordinary(tmp_path, monkeypatch):
    """A process on an AVX2 processor in which TensorFlow is imported."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(environment.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(environment, "CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setenv(ONEDNN, "")
    monkeypatch.delenv(ONEDNN)
    monkeypatch.setitem(
        sys.modules, "tensorflow", types.ModuleType("tensorflow")
    )
    processor(tmp_path, "fpu sse2 fma avx avx2")
    environment.prepare.cache_clear()
    return tmp_path


def processor(folder, flags):
    lines = "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: {0}\n"
    (folder / "cpuinfo").write_text(lines.format(flags) * 2)


def warned():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        environment.prepare()
        environment.prepare()
    return [str(warning.message) for warning in caught]


def test_a_late_import_is_warned_of_once_and_told_what_to_do(ordinary):
    (text,) = warned()
    assert "Import keras_gans before keras and tensorflow" in text
    assert f"{ONEDNN}=1" in text
    # Processes that start from here have it.
    assert os.environ[ONEDNN] == "1"


@pytest.mark.parametrize(
    "flag", ["avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8"]
)
def test_where_tensorflow_turns_it_on_itself_nothing_is_said(ordinary, flag):
    processor(ordinary, f"fpu avx2 {flag} fma")
    assert warned() == []


@pytest.mark.parametrize("chosen", ["0", "1"])
def test_a_choice_of_the_user_stays_without_a_word(
    ordinary, chosen, monkeypatch
):
    monkeypatch.setenv(ONEDNN, chosen)
    assert warned() == []
    assert os.environ[ONEDNN] == chosen


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_are_not_concerned(ordinary, backend, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    assert warned() == []


def test_an_import_in_time_is_not_warned_of(ordinary, monkeypatch):
    monkeypatch.delitem(sys.modules, "tensorflow")
    assert warned() == []


def test_other_processors_keep_their_environment(ordinary, monkeypatch):
    monkeypatch.setattr(environment.platform, "machine", lambda: "arm64")
    assert warned() == []
    assert ONEDNN not in os.environ

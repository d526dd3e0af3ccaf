"""`keras-gans doctor`, with measurements that are known."""

import dataclasses
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from keras_gans import environment
from keras_gans.cli import doctor, forecasts, installation, machine, main
from keras_gans.cli.installation import TESTED, Backend, Installation
from keras_gans.cli.problems import problems

pytestmark = pytest.mark.once

ROOT = pathlib.Path(__file__).parents[2]
# Milliseconds a step: JAX in bfloat16 is the fastest.
SPEEDS = {
    ("tensorflow", "float32"): 40.0,
    ("tensorflow", "mixed_bfloat16"): 50.0,
    ("jax", "float32"): 45.0,
    ("jax", "mixed_bfloat16"): 30.0,
    ("torch", "float32"): 60.0,
    ("torch", "mixed_bfloat16"): 70.0,
}
PACKAGES = installation.required_versions()
GOOD = Installation(
    packages={name: (version, version) for name, version in PACKAGES.items()},
    backends={
        "tensorflow": Backend(name="tensorflow", version="2.21.0"),
        "jax": Backend(name="jax", version=TESTED["jax"]),
        "torch": Backend(name="torch", version=TESTED["torch"]),
    },
)
HERE = machine.this_machine()


class Rehearsals:
    """Notes what is rehearsed, and answers at once."""

    def __init__(self, failing=()):
        self.asked, self.failing = [], failing

    def __call__(self, recipe, flags, backend):
        self.asked.append((recipe, tuple(flags), backend))
        if backend in self.failing:
            raise forecasts.RehearsalError("MemoryError")
        options = dict(flag.lstrip("-").partition("=")[::2] for flag in flags)
        precision = options.get("precision", "float32")
        steps = int(options.get("steps", 7000))
        milliseconds = SPEEDS[backend, precision]
        return {
            "recipe": recipe,
            "backend": backend,
            "precision": precision,
            "milliseconds": milliseconds,
            "tracing": 3.0,
            "steps": steps,
            "training": steps * milliseconds / 1000,
            "total": 20 + steps * milliseconds / 1000,
            "memory": 2**30,
        }


def good(name):
    return GOOD.backends[name]


@pytest.fixture(autouse=True)
def settings_of_nobody(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        monkeypatch.delenv(name, raising=False)


def run(rehearse, probe=good, **flags):
    options = doctor.Options(**flags)
    return doctor.doctor(options, rehearse=rehearse, probe=probe)


def test_the_fastest_setting_is_recommended_and_its_recipes_forecast(capsys):
    rehearse = Rehearsals()
    assert run(rehearse) == 0
    out, err = capsys.readouterr()
    assert "Recommended: jax, mixed_bfloat16" in out
    assert (
        "KERAS_BACKEND=jax python -m recipes.quickstart "
        "--precision=mixed_bfloat16" in out
    )
    assert "Wrong: nothing." in out
    # 20 s and 7,000 steps of 30 ms are 3.8 minutes.
    (sagan,) = re.findall(r"\n  sagan .*", out)
    assert sagan.split() == [
        *("sagan", "mixed_bfloat16", "7,000", "30.0", "3.8", "min"),
        *("1.0", "GiB"),
    ]
    steps, whole = rehearse.asked[:6], rehearse.asked[6:]
    assert {(b, f[1]) for _, f, b in steps} == {
        (backend, f"--precision={precision}") for backend, precision in SPEEDS
    }
    assert [recipe for recipe, _, _ in whole] == list(doctor.RECIPES)
    assert {backend for _, _, backend in whole} == {"jax"}
    assert "(16 of 16)" in err and "measuring takes some" in err


def test_every_recipe_is_forecast():
    modules = {path.stem for path in (ROOT / "recipes").glob("[a-z]*.py")}
    # Which chooses one of the others.
    modules.remove("train")
    assert modules == set(doctor.RECIPES)


def test_less_can_be_asked_for():
    rehearse = Rehearsals()
    assert run(rehearse, quick=True, backends=("torch",)) == 0
    assert len(rehearse.asked) == 2
    rehearse = Rehearsals()
    run(rehearse, recipes=("lga",), backends=("torch",), steps=300)
    assert rehearse.asked[2:] == [
        ("lga", ("--steps=300", "--precision=float32"), "torch")
    ]


def test_json_has_all_that_is_printed(capsys, tmp_path):
    assert run(Rehearsals(), recipes=("lga", "toy2d"), json="-") == 0
    found = json.loads(capsys.readouterr().out)["machine"]
    assert found["recommended"]["backend"] == "jax"
    assert [one["recipe"] for one in found["forecasts"]] == ["lga", "toy2d"]
    assert found["machine"]["cores"] == machine.cores()
    assert found["problems"] == []
    path = tmp_path / "doctor.json"
    assert run(Rehearsals(), quick=True, json=str(path)) == 0
    assert len(json.loads(path.read_text())["machine"]["steps"]) == 6


def test_one_backend_only_is_measured_and_the_others_named(capsys, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name in TESTED else find(name, *more),
    )
    rehearse = Rehearsals()
    # TensorFlow is really imported, by a process of its own.
    assert run(rehearse, probe=installation.probed, quick=True) == 0
    out = capsys.readouterr().out
    assert {backend for _, _, backend in rehearse.asked} == {"tensorflow"}
    for name, version in TESTED.items():
        assert f"pip install {name}=={version}" in out
    assert "Recommended: tensorflow, float32" in out


def test_it_runs_where_keras_cannot_be_imported(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'keras':\n"
        "            raise ModuleNotFoundError('No module named keras')\n"
        "sys.meta_path.insert(0, Absent())\n"
    )
    process = subprocess.run(
        [sys.executable, "-m", "keras_gans", "doctor", "--quick"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert process.returncode == 1, process.stderr
    out = " ".join(process.stdout.split())
    for name in ("tensorflow", "jax", "torch"):
        version = importlib.metadata.version(name).partition("+")[0]
        assert f"{name} {version} cannot be imported" in out
    assert "ModuleNotFoundError: No module named keras" in out
    assert "no backend works" in out
    assert "Traceback" not in process.stderr


def test_a_backend_that_fails_is_reported_and_another_recommended(capsys):
    rehearse = Rehearsals(failing=("jax",))
    assert run(rehearse, quick=True) == doctor.WRONG
    out = capsys.readouterr().out
    assert "jax failed: MemoryError" in out
    assert "Recommended: tensorflow, float32" in out


def wrong(installed=GOOD, computer=HERE):
    return " ".join(problems(installed, computer))


def with_backend(**changes):
    backend = dataclasses.replace(GOOD.backends["jax"], **changes)
    return dataclasses.replace(GOOD, backends={**GOOD.backends, "jax": backend})


def test_a_good_installation_has_no_problems():
    assert wrong() == ""
    assert installation.notes(GOOD) == []


def test_packages_are_compared_with_what_is_required():
    packages = {**GOOD.packages, "keras": ("3.0.0", "3.15.1")}
    packages["scipy"] = (None, "1.17.1")
    text = wrong(dataclasses.replace(GOOD, packages=packages))
    assert "keras is 3.0.0, and 3.15.1 is required" in text
    assert "scipy is not installed" in text
    assert "pip install scipy==1.17.1" in text


def test_backends_that_fail_or_differ_are_named():
    text = wrong(with_backend(error="ImportError: libjax.so"))
    assert "ImportError: libjax.so" in text and "reinstall" in text
    (note,) = installation.notes(with_backend(version="0.5.0"))
    assert "0.5.0" in note and TESTED["jax"] in note


def test_a_gpu_that_no_backend_sees_is_a_problem():
    with_gpu = dataclasses.replace(HERE, nvidia=("H100",))
    text = wrong(with_backend(devices=("H100",)), with_gpu)
    assert "tensorflow does not see the GPU (H100)" in text
    assert "requirements-gpu.txt" in text and "jax does not" not in text


def test_switched_off_onednn_and_strange_keras_settings_are_problems(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    settings = {
        "backend": "openvino",
        "floatx": "float16",
        "image_data_format": "channels_first",
    }
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    text = wrong()
    for part in (
        "unset TF_ENABLE_ONEDNN_OPTS",
        "names the backend openvino",
        '"floatx": "float32"',
        '"image_data_format": "channels_last"',
    ):
        assert part in text
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert "export KERAS_BACKEND=tensorflow" in wrong(
        with_backend(version=None)
    )


def test_places_where_runs_cannot_be_written_are_problems(monkeypatch):
    full = dataclasses.replace(HERE, free_disk=5 * 2**20)
    assert "5 MiB are free" in wrong(computer=full)
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    assert "may not write" in wrong()


def test_tested_versions_are_those_of_the_tests():
    lines = (ROOT / "requirements-test.txt").read_text().splitlines()
    assert {f"{name}=={version}" for name, version in TESTED.items()} < set(
        lines
    )
    assert PACKAGES["keras"] == importlib.metadata.version("keras")


def test_quotas_and_limits_of_a_group_bound_cores_and_memory(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    assert machine.cores() == len(os.sched_getaffinity(0))
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "memory.max").write_text(f"{2**30}\n")
    (tmp_path / "memory.current").write_text(f"{2**30 - 2**20}\n")
    assert machine.cores() == 0.5
    assert machine.memory() == 2**30
    assert machine.free_memory() == 2**20


def test_the_processor_is_read_from_linux(tmp_path, monkeypatch):
    info = tmp_path / "cpuinfo"
    info.write_text("model name\t: Quick 9\nflags\t\t: fpu avx2 avx512f\n")
    monkeypatch.setattr(environment, "CPU_INFO", info)
    found = machine.this_machine()
    assert found.processor == "Quick 9"
    assert found.instructions == ("AVX2", "AVX-512")
    monkeypatch.setattr(environment, "CPU_INFO", tmp_path / "none")
    assert machine.this_machine().instructions is None


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--recipe=lga"], "--recipes"),
        (["--recipes=lgo"], "lga"),
        (["--backends="], "at least one"),
        (["--quick", "--recipes=lga"], "--quick"),
        (["--resolution=64"], "--dataset"),
        (["--dataset=embedded", "--resolution=48"], "one of 8, 16"),
        (["--dataset=zip:x"], "Unknown dataset"),
        (["--dataset=folder:/nowhere"], "needs a folder"),
        (["--json=/nowhere/a.json"], "folder that exists"),
        (["fast"], "'fast'"),
    ],
)
def test_wrong_flags_and_data_are_a_sentence(flags, text, capsys):
    assert main(["doctor", *flags]) == 2
    out, err = capsys.readouterr()
    assert text in err and out == "" and "Traceback" not in err


def test_help_lists_every_flag(capsys):
    assert main(["doctor", "--help"]) == 0
    out = capsys.readouterr().out
    for name in doctor.Options.names():
        assert f"--{name}\n" in out
    assert main(["--help"]) == 0
    assert "keras-gans doctor" in capsys.readouterr().out


def test_a_data_set_is_checked_instead_of_the_machine(tmp_path, capsys):
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 40, 3))
        Image.fromarray(pixels.astype("uint8")).save(folder / f"{number}.png")
    assert main(["doctor", f"--dataset=folder:{folder}"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"images +3\n", out) and "very few" in out
    assert "Machine" not in out and "Wrong: nothing." in out
    (folder / "bad.png").write_text("no image")
    assert main(["doctor", f"--dataset=folder:{folder}", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["dataset"]
    assert found["sizes"] == {"40x40": 3} and found["num_bad"] == 1
    assert "--conditional=false" in found["command"]


def test_what_backends_log_when_they_start_is_no_part_of_the_report(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    Image.new("RGB", (40, 40)).save(folder / "image.png")
    process = subprocess.run(
        [sys.executable, "-m", "keras_gans", "doctor"]
        + [f"--dataset=folder:{folder}"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith("Data set folder:")


def test_an_interrupt_ends_what_is_measured():
    process = subprocess.Popen(
        [sys.executable, "-m", "keras_gans", "doctor", "--quick"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
        # Jobs in the background, which this may be, ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    # An interrupt of this process alone, as `kill -INT` sends it.
    while "(1 of" not in (line := process.stderr.readline()):
        assert line, "It ended before it measured."
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: no report was written." in said
    # Nothing of its session is left.
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_rehearsal_that_fails_says_its_last_line():
    with pytest.raises(forecasts.RehearsalError, match="--stesp"):
        forecasts.rehearse("toy2d", ["--stesp=1"], "tensorflow")


def test_a_real_step_is_measured():
    found = forecasts.rehearse(
        "toy2d",
        ["--training_only", "--preset=smoke", "--steps=8"],
        "tensorflow",
    )
    assert found["total"] is None and found["milliseconds"] > 0
    assert found["backend"] == "tensorflow"

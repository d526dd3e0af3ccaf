"""`keras-gans average` as a user runs it, on a run of a recipe."""

import json
import re
import shutil

import keras
import numpy as np
import pytest

from keras_gans.callbacks import reconstruct
from keras_gans.cli import main
from recipes import sagan
from recipes.common.main import image_recipe

pytestmark = pytest.mark.once

STEPS = 12
FLAGS = (
    "--preset=smoke",
    f"--steps={STEPS}",
    "--averages=0.05,0.10",
    "--average_snapshots=6",
    "--evaluation_resolution=32",
    "--sample_every=0",
    "--checkpoint_every=4",
    "--export_dir=exports",
)


def train(folder, *flags):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("KERAS_HOME", str(folder / "home"))
        argv = ["sagan", *FLAGS, "--run_dir=run", *flags]
        image_recipe(
            "sagan", "SAGAN", sagan.Config, sagan.PRESETS, "", argv=argv
        )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a run with averages."""
    folder = tmp_path_factory.mktemp("trained")
    train(folder)
    return folder


@pytest.fixture
def place(trained, tmp_path, monkeypatch):
    """The folder of a copy of the run."""
    shutil.copytree(trained / "run", tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(trained / "home"))
    return tmp_path


def scores(folder, name="average.json"):
    return json.loads((folder / "run" / name).read_text())


def test_averages_are_scored_as_the_run_was_and_the_best_is_kept(place, capsys):
    before = {path.name for path in (place / "run").iterdir()}
    argv = ["average", "run", "--lengths=0.05,0.10,0.15"]
    assert main([*argv, "--export_dir=exports"]) == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert lines[0].split()[:3] == ["length", "fid_lite0", "kid_lite0"]
    assert [line.split()[0] for line in lines[1:5]] == [
        "0.05",
        "0.1",
        "0.15",
        "final.keras",
    ]
    record = scores(place)
    *made, final = record["generators"]
    assert [one["length"] for one in made] == [0.05, 0.10, 0.15]
    # Directly kept, and made of others.
    assert made[0]["residual"] < 1e-6 < made[2]["residual"] < 0.1
    assert record["step"] == STEPS and record["snapshots"] == 6
    # The run's own evaluation of what it left, with the same certificate.
    metrics = (place / "run/metrics.jsonl").read_text().splitlines()[-1]
    own = json.loads(metrics)
    assert final["fid_lite0"] == pytest.approx(own["fid_lite0"], rel=1e-3)
    assert final["certificate"] == own["certificate"]
    best = min(made, key=lambda one: one["fid_lite0"])
    assert record["best"] == best["length"]
    assert f"length {best['length']:g}" in out
    # The file is that average.
    saved = keras.saving.load_model(place / "run/average.keras", compile=False)
    expected = reconstruct(place / "run/averages", best["length"])
    for ours, theirs in zip(saved.weights, expected.weights, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    manifest = json.loads((place / "exports/1/manifest.json").read_text())
    assert manifest["average"]["length"] == best["length"]
    assert manifest["num_classes"] == 10
    assert manifest["class_names"][0] == "T-shirt/top"
    assert manifest["evaluation"]["fid_lite0"] == best["fid_lite0"]
    assert manifest["run_id"] == record["run_id"]
    after = {path.name for path in (place / "run").iterdir()}
    assert after - before == {"average.keras", "average.json"}


def test_earlier_averages_and_earlier_files_stay(place):
    argv = ["average", "run", "--lengths=0.10", "--count=50", "--metrics=fid"]
    assert main(argv) == 0
    first = (place / "run/average.json").read_bytes()
    assert main([*argv, "--step=8"]) == 0
    assert (place / "run/average.json").read_bytes() == first
    earlier = scores(place, "average-2.json")
    assert earlier["step"] == 8 and earlier["snapshots"] == 4
    # The run's last generator is of another step.
    assert len(earlier["generators"]) == 1
    assert (place / "run/average-2.keras").exists()


def test_lengths_that_there_are_not_by_default_are_left_out(place, capsys):
    argv = ["average", "run", "--count=50", "--metrics=fid", "--step=4"]
    assert main(argv) == 0
    found = [one["length"] for one in scores(place)["generators"]]
    assert 0.05 in found and 0.10 in found and 0.02 not in found
    assert "Without length 0.02" in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv, problem",
    [
        ([], "RUN_DIR is required"),
        (["missing"], "where there is none"),
        (["run/averages"], "where there is none"),
        (["run", "--lengths=0.5"], "at most 0.28"),
        (["run", "--lengths=0"], "above 0"),
        (["run", "--lengths=0.1,0.1"], "must name each once"),
        (["run", "--lengths=0.01"], "Lengths that they make: .*0.05"),
        (["run", "--step=1"], "first snapshot's to the last one's, 2 to 12"),
        (["run", "--metrics=kid"], "must contain fid"),
        (["run", "--metrics=fid,kidd"], "must be one of"),
        (
            ["run", "--lengths=0.1", "--metrics=fid,memorization"],
            "a run with --held_out",
        ),
        (["run", "--length=0.1"], "Unknown flag --length. Did you mean"),
    ],
)
def test_what_cannot_be_done_is_said_beforehand(place, capsys, argv, problem):
    assert main(["average", *argv]) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert re.search(problem, err), err
    assert not list((place / "run").glob("average.*"))


def test_a_run_without_averages_says_how_to_have_them(place, capsys):
    shutil.rmtree(place / "run/averages")
    assert main(["average", "run"]) == 2
    assert "--averages=0.05,0.10" in capsys.readouterr().err


def test_an_ensemble_names_its_parts(place, capsys):
    path = place / "run/config.json"
    record = json.loads(path.read_text())
    record["settings"]["class_splits"] = 2
    path.write_text(json.dumps(record))
    assert main(["average", "run"]) == 2
    assert "run/split_00" in capsys.readouterr().err


def test_help_lists_the_flags(capsys):
    assert main(["average", "--help"]) == 0
    out = capsys.readouterr().out
    for flag in ("--lengths", "--step", "--export_dir"):
        assert flag in out


def test_a_resumed_run_takes_its_snapshots_again(trained, tmp_path):
    shutil.copytree(trained / "run", tmp_path / "run")
    # As if it had been killed after step 10, with the checkpoint of step 8.
    for path in (tmp_path / "run/checkpoints").glob("step_00000012"):
        shutil.rmtree(path)
    folder = tmp_path / "run/averages"
    expected = {path.name: _content(path) for path in folder.glob("*.npz")}
    (folder / "step_00000012.npz").unlink()
    (folder / "step_00000010.npz").write_bytes(b"of a later step")
    train(tmp_path)
    found = {path.name: _content(path) for path in folder.glob("*.npz")}
    assert found.keys() == expected.keys()
    for name, arrays in found.items():
        for key, value in arrays.items():
            np.testing.assert_array_equal(value, expected[name][key])


def _content(path):
    with np.load(path) as archive:
        return dict(archive)

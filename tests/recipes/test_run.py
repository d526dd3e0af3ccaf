"""The run: what it resumes, exports and leaves to the chief."""

import contextlib
import dataclasses
import json
import shutil

import pytest

from recipes import toy2d
from recipes.common import run
from recipes.common.main import subject_recipe
from recipes.common.results import exported
from recipes.common.run_directory import RunDirectory

pytestmark = pytest.mark.once

SMALL = (
    "--preset=smoke",
    "--run_dir=run",
    "--export_dir=export",
    "--steps=2",
    "--width=4",
    "--depth=1",
    "--n_critic=1",
    "--batch_size=4",
    "--evaluation_samples=50",
    "--sample_every=0",
    "--checkpoint_every=0",
)


def run_recipe(*flags):
    subject_recipe(
        "toy2d",
        toy2d.Points,
        toy2d.Config,
        toy2d.PRESETS,
        toy2d.__doc__,
        argv=["toy2d", *SMALL, *flags],
    )


def manifests(folder):
    paths = sorted(folder.glob("export/*/manifest.json"))
    return [json.loads(path.read_text()) for path in paths]


def test_another_run_in_the_same_directory_is_exported(in_empty_folder):
    run_recipe()
    run_recipe()
    assert len(manifests(in_empty_folder)) == 1
    shutil.rmtree("run")
    run_recipe("--seed=1")
    first, second = manifests(in_empty_folder)
    for name in ("run", "step"):
        assert first[name] == second[name]
    assert first["run_id"] != second["run_id"]
    assert first["sha256"] != second["sha256"]
    record = json.loads((in_empty_folder / "run/config.json").read_text())
    assert record["run_id"] == second["run_id"]


def test_a_run_that_has_moved_is_not_exported_again(in_empty_folder):
    run_recipe()
    shutil.move("run", "moved")
    run_recipe("--run_dir=moved")
    assert len(manifests(in_empty_folder)) == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_run_from_before_ids_is_known_by_its_path(tmp_path, known):
    directory = RunDirectory(tmp_path / "run")
    directory.create()
    directory.config.write_text('{"settings": {}}')
    version = tmp_path / "export" / "1"
    version.mkdir(parents=True)
    path = directory.path.resolve() if known else tmp_path
    manifest = {"run": str(path), "step": 10}
    (version / "manifest.json").write_text(json.dumps(manifest))
    found = exported(tmp_path / "export", directory, 10)
    assert found == (version if known else None)
    assert exported(tmp_path / "export", directory, 20) is None


def test_a_run_that_ended_before_its_first_checkpoint_starts_anew(
    in_empty_folder, monkeypatch
):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(run, "fit", interrupted)
        with pytest.raises(SystemExit):
            run_recipe()
    run_recipe()
    lines = RunDirectory("run").read_metrics()
    assert [line["step"] for line in lines] == [0, 2]


def test_who_is_not_the_chief_computes_and_writes_nothing(
    in_empty_folder, monkeypatch, capsys
):
    monkeypatch.setattr("keras_gans.distribution.is_chief", lambda: False)
    run_recipe("--checkpoint_every=1", "--sample_every=1")
    assert "2/2" in capsys.readouterr().out
    assert list(in_empty_folder.iterdir()) == []


def test_a_cluster_meets_before_the_data_are_touched(monkeypatch):
    # Reading images and weights computes, after which TensorFlow has no
    # collective operations any more.
    order = []

    def distribute(name):
        order.append(name)
        return contextlib.nullcontext()

    def make_subject(config):
        order.append("subject")
        raise ValueError("enough")

    monkeypatch.setattr("keras_gans.distribution.distribute", distribute)
    config = dataclasses.replace(toy2d.SMOKE, distribution="mirrored")
    with pytest.raises(ValueError, match="enough"):
        run.prepare(config, "toy2d", make_subject)
    assert order == ["mirrored", "subject"]


class Recorder:
    """Stands for a model that has trained some steps."""

    def __init__(self, step):
        self.step = step

    def fit(self, batches, **options):
        self.options = options


@pytest.mark.parametrize(
    ("steps", "at_once", "done", "epoch", "epochs"),
    [
        (500, 1, 0, 500, (0, 1)),
        (2500, 1, 0, 1000, (0, 3)),
        (2500, 1, 1200, 1000, (1, 3)),
        (900, 300, 0, 900, (0, 1)),
        (1400, 700, 0, 700, (0, 2)),
        (3000, 1500, 0, 1500, (0, 2)),
        (3000, 1500, 1500, 1500, (1, 2)),
    ],
)
def test_epochs_are_of_whole_executions(steps, at_once, done, epoch, epochs):
    config = dataclasses.replace(
        toy2d.CPU,
        steps=steps,
        steps_per_execution=at_once,
        evaluate_every=0,
        sample_every=0,
        checkpoint_every=0,
    )
    gan = Recorder(done)
    run.fit(gan, None, config, [])
    assert gan.options["steps_per_epoch"] == epoch
    received = gan.options["initial_epoch"], gan.options["epochs"]
    assert received == epochs

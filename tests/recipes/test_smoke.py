"""Each recipe's preset `smoke`, whole, on every backend."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.long, pytest.mark.every_backend]

ROOT = pathlib.Path(__file__).parents[2]
RECIPES = (
    "quickstart",
    "sagan",
    "msg_gan",
    "ac_gan",
    "wgan_gp",
    "lga",
    "toy2d",
    "char_lm",
)


@pytest.mark.parametrize("name", RECIPES)
def test_a_smoke_run_leaves_everything(name, tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", f"recipes.{name}", "--preset=smoke"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "KERAS_HOME": str(tmp_path / "keras_home"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    [run] = (tmp_path / "runs").iterdir()
    for path in ("config.json", "best.keras", "final.keras", "checkpoints"):
        assert (run / path).exists(), path
    assert len(list((run / "samples").glob("step_00000010.*"))) == 1
    assert list((run / "logs").iterdir())
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 10
    export = tmp_path / "saved_models" / name / "1"
    assert (export / "saved_model.pb").exists()
    assert (export / "manifest.json").exists()
    for line in ("Samples", "Logs", "Best", "Final", "SavedModel"):
        assert line in result.stdout

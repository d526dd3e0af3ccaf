"""Each recipe's preset `smoke`, whole, on every backend."""

import json
import os

import numpy as np
import pytest
from PIL import Image

BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")
pytestmark = [
    pytest.mark.every_backend,
    *([] if BACKEND == "tensorflow" else [pytest.mark.long]),
]

IMAGES = (
    "quickstart",
    "sagan",
    "msg_gan",
    "ac_gan",
    "wgan_gp",
    "lga",
    "r3gan",
    "progan",
)
RECIPES = (*IMAGES, "toy2d", "char_lm")


@pytest.mark.parametrize("name", RECIPES)
def test_a_smoke_run_leaves_everything(recipe, name, tmp_path):
    result = recipe(name, "--preset=smoke", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    [run] = (tmp_path / "runs").iterdir()
    for path in ("config.json", "best.keras", "final.keras", "checkpoints"):
        assert (run / path).exists(), path
    [samples] = (run / "samples").glob("step_00000010.*")
    if name in IMAGES:
        # Ten rows of ten images of 32 pixels, two pixels between them.
        grid = np.asarray(Image.open(samples))
        assert grid.shape == (10 * 32 + 9 * 2, 10 * 32 + 9 * 2)
    assert list((run / "logs").iterdir())
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["step"] == 10
    export = tmp_path / "saved_models" / name / "1"
    assert (export / "saved_model.pb").exists()
    assert (export / "manifest.json").exists()
    for line in ("Samples", "Logs", "Best", "Final", "SavedModel"):
        assert line in result.stdout

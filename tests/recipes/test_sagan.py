"""The recipe `sagan` as a user runs it, in processes of its own."""

import dataclasses
import importlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from recipes import quickstart, sagan

# As small as it gets: what is tested is the road, not the result.
SMALL = (
    "--preset=smoke",
    "--steps=2",
    "--sample_every=1",
    "--checkpoint_every=1",
    "--generator_width=8",
    "--discriminator_width=8",
    "--latent_dim=8",
    "--evaluation_samples=20",
    "--reference_samples=20",
    "--evaluation_resolution=32",
)
# Runs where only TensorFlow can be imported.
SERVE = """
import sys
for name in ("keras", "keras_gans", "jax", "torch"):
    sys.modules[name] = None
import numpy as np
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
inputs = np.load(sys.argv[2])
serve = loaded.signatures["serving_default"]
images = serve(**{name: tf.constant(inputs[name]) for name in inputs.files})
sample = loaded.sample(seed=1, count=3)
np.savez(sys.argv[3], images=images["images"], sample=sample["images"])
"""


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    """The working directory of a run that has ended, and its output."""
    directory = tmp_path_factory.mktemp("run")
    result = recipe(
        "sagan", *SMALL, "--run_dir=run", "--export_dir=export", cwd=directory
    )
    assert result.returncode == 0, result.stderr
    return directory, result.stdout


def test_a_run_leaves_what_the_contract_names(finished):
    directory, output = finished
    run = directory / "run"
    assert sorted(path.name for path in run.iterdir()) == [
        "best.keras",
        "checkpoints",
        "config.json",
        "final.keras",
        "logs",
        "metrics.jsonl",
        "samples",
    ]
    grid = np.asarray(Image.open(run / "samples" / "step_00000002.png"))
    assert grid.shape == (10 * 32 + 9 * 2, 10 * 32 + 9 * 2)
    [line] = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    assert line["step"] == 2
    assert line["images_seen"] == 16
    assert line["fid_lite0"] > 0
    assert line["certificate"]["sample_count"] == 20
    assert (directory / "export" / "1" / "saved_model.pb").exists()


def test_a_run_says_where_its_results_are(finished):
    _, output = finished
    for text in (
        "run/samples/step_00000002.png",
        "tensorboard --logdir run/logs",
        "FID-lite0",
        "run/final.keras",
        "export/1",
        "images/s",
    ):
        assert text in output


def test_the_export_serves_the_averaged_generator(finished, tmp_path):
    import keras

    # Registers the layers of the file.
    importlib.import_module("keras_gans")

    directory, _ = finished
    generator = keras.saving.load_model(directory / "run" / "final.keras")
    latents = np.random.default_rng(0).normal(size=(6, 8)).astype("float32")
    labels = np.arange(6, dtype="int32")
    inputs, outputs = tmp_path / "inputs.npz", tmp_path / "outputs.npz"
    np.savez(inputs, latents=latents, labels=labels)
    subprocess.run(
        [
            sys.executable,
            "-c",
            SERVE,
            directory / "export" / "1",
            inputs,
            outputs,
        ],
        check=True,
        env=os.environ,
    )
    served = np.load(outputs)
    expected = generator.predict([latents, labels], verbose=0)
    expected = np.clip(np.round((expected + 1) * 127.5), 0, 255)
    assert np.abs(served["images"].astype(float) - expected).max() <= 1
    assert served["sample"].shape == (3, 32, 32, 1)


@pytest.mark.once
def test_a_run_goes_on_where_it_ended(recipe, finished):
    directory, _ = finished
    flags = [flag for flag in SMALL if not flag.startswith("--steps")]
    flags += ["--run_dir=run", "--export_dir=export"]
    result = recipe("sagan", *flags, "--steps=3", cwd=directory)
    assert result.returncode == 0, result.stderr
    assert "Resuming run after step 2" in result.stdout
    lines = (directory / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 3]
    assert (directory / "export" / "2" / "saved_model.pb").exists()
    again = recipe("sagan", *flags, "--steps=3", cwd=directory)
    assert "has its 3 steps already" in again.stdout
    assert not (directory / "export" / "3").exists()


@pytest.mark.once
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--stepz=3"], ["--stepz", "--steps"]),
        (["--preset=smok"], ["smok", "smoke"]),
        (["--dataset=npy:a"], ["npy:a", "npz"]),
        (["--dataset=folder:missing"], ["missing"]),
        (["--dataset=npz:missing.npz"], ["missing.npz"]),
        (["--augment=flop"], ["flop", "flip"]),
        (["--resolution=48"], ["48", "32, 64, 128"]),
        (["--attention_resolution=20"], ["20", "16"]),
        (["--attention_variant=cod"], ["cod", "code"]),
        (["--batch_size=0"], ["batch_size", "0"]),
        (["--ema_decay=1.5"], ["ema_decay", "1.5"]),
        (["--distribution=data_parallel"], ["data_parallel", "jax"]),
        (
            [
                "--distribution=mirrored",
                "--virtual_devices=2",
                "--batch_size=7",
            ],
            ["7", "2"],
        ),
        (["--precision=float16"], ["float16", "mixed_bfloat16"]),
    ],
)
def test_a_wrong_command_is_one_clear_line(recipe, tmp_path, flags, words):
    result = recipe(
        "sagan", "--preset=smoke", "--run_dir=run", *flags, cwd=tmp_path
    )
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    [line] = [
        line for line in result.stderr.splitlines() if line.startswith("error:")
    ]
    assert all(word in line for word in words), line
    assert not (tmp_path / "run").exists()


@pytest.mark.once
def test_a_wrong_backend_is_one_clear_line(recipe, tmp_path):
    result = recipe(
        "sagan", "--preset=smoke", cwd=tmp_path, KERAS_BACKEND="tensorlow"
    )
    assert result.returncode == 2
    assert "tensorlow" in result.stderr
    assert "Traceback" not in result.stderr
    assert "tensorflow" in result.stderr


@pytest.mark.once
def test_unlabelled_images_need_an_unconditional_model(recipe, tmp_path):
    images = np.zeros((8, 32, 32, 1), "uint8")
    np.savez(tmp_path / "images.npz", images=images)
    result = recipe(
        "sagan", "--preset=smoke", "--dataset=npz:images.npz", cwd=tmp_path
    )
    assert result.returncode == 2
    assert "--conditional=false" in result.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.once
def test_the_paper_preset_is_the_published_configuration():
    # Zhang et al. (2019), sections 4 and 5, and the released code.
    published = {
        "resolution": 128,
        "channels": 3,
        "latent_dim": 128,
        "generator_width": 64,
        "discriminator_width": 64,
        # Table 2: self-attention on feat_64.
        "attention_resolution": 64,
        "attention_variant": "code",
        "spectral_norm": "both",
        "loss": "hinge",
        "n_critic": 1,
        "generator_learning_rate": 1e-4,
        "discriminator_learning_rate": 4e-4,
        "beta_1": 0.0,
        "beta_2": 0.9,
        "ema_decay": None,
        "batch_size": 256,
        "steps": 1_000_000,
        "momentum": 0.999,
        "final_momentum": 0.9999,
        "evaluation_samples": 50_000,
    }
    paper = dataclasses.asdict(sagan.PRESETS["paper"])
    assert {name: paper[name] for name in published} == published


@pytest.mark.once
def test_the_paper_preset_is_that_of_table_2():
    paper = sagan.PRESETS["paper"]
    table_2 = sagan.Config.of_preset("sagan_attention64_imagenet_128")
    table_1 = sagan.Config.of_preset("sagan_imagenet_128")
    assert paper == table_2
    assert dataclasses.replace(paper, attention_resolution=32) == table_1
    for name in ("sagan_attention64_imagenet_128", "sagan_imagenet_128"):
        assert name in sagan.__doc__


@pytest.mark.once
def test_a_wrong_value_of_a_published_preset_is_one_clear_line(
    recipe, tmp_path
):
    result = recipe(
        "sagan",
        "--preset=sagan_attention16_imagenet_128",
        "--beta_1=2",
        cwd=tmp_path,
    )
    assert result.returncode == 2
    [line] = result.stderr.splitlines()
    assert line.startswith("error: --beta_1 must be at least 0 and below 1")


@pytest.mark.once
def test_the_quickstart_is_sagan_on_the_embedded_images():
    ours, its = quickstart.PRESETS["cpu"], sagan.PRESETS["cpu"]
    assert ours.minutes == 5 and ours.dataset == "embedded"
    # But for the length of training, attention and the channels at 4x4, the
    # same.
    length = ("minutes", "steps", *ours.in_steps)
    networks = (
        "attention_resolution",
        "generator_multipliers",
        "discriminator_multipliers",
    )
    same = dataclasses.replace(its, **ours.select(*length, *networks))
    assert ours == same

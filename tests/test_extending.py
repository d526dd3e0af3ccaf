"""A model, loss, metric and augmentations from outside of the package."""

import importlib
import json
import os
import pathlib
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans import GAN, data, losses, metrics
from keras_gans.metrics.registry import METRICS

ROOT = pathlib.Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "extending"
LINES = {"squared_hinge": losses.NAMES, "contrast": METRICS}
LINES["invert"] = data.AUGMENTATIONS


@pytest.fixture
def extension(monkeypatch):
    """A function that imports an extension, which is forgotten afterwards."""
    monkeypatch.syspath_prepend(FOLDER)
    known = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - known:
        if (FOLDER / f"{name}.py").exists():
            del sys.modules[name]
    for name, place in LINES.items():
        place.pop(name, None)


def pixels(count, side=28):
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, (count, side, side, 1)).astype("float32")


def test_a_model_trains_from_its_own_file_of_presets(extension):
    model = extension("tiny_gan").TinyGAN
    gan = model.from_preset("tiny_embedded_28", width=4)
    history = gan.fit(pixels(16), batch_size=8, verbose=0).history
    assert gan.generator.output_shape == (None, 28, 28, 1)
    assert np.isfinite(history["generator_loss"]).all()
    with pytest.raises(TypeError, match="no setting `widht`. Did you mean 'wi"):
        model.from_preset("tiny_embedded_28", widht=4)


@pytest.mark.once
def test_a_recipe_of_a_model_runs(tmp_path):
    command = [sys.executable, str(FOLDER / "tiny_recipe.py")]
    run = subprocess.run(
        [*command, "--preset=smoke", "--run_dir=run", "--export_dir=exported"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "KERAS_HOME": str(tmp_path / "home"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    [line] = (tmp_path / "run/metrics.jsonl").read_text().splitlines()
    assert json.loads(line)["step"] == 10
    assert (tmp_path / "exported/1/saved_model.pb").exists()


def test_a_loss_is_found_by_its_name(extension):
    extension("squared_hinge")
    loss = losses.get("squared_hinge")
    real, fake = keras.ops.array([[0.5], [2.0]]), keras.ops.array([[-2.0], [1]])
    # (0.5² + 0) / 2 + (0 + 2²) / 2, and 0.5.
    assert_allclose(float(loss.discriminator(real, fake)), 2.125)
    assert_allclose(float(loss.generator(fake)), 0.5)


@pytest.mark.once
def test_a_metric_is_computed_by_its_name(extension):
    extension("contrast")
    images = np.zeros((4, 8, 8, 3), "uint8")
    images[:, :4] = 100
    reference = metrics.Reference.from_images(
        [images],
        metrics.EfficientNetLite0Features(32),
        name="half",
        content_hash="0",
    )
    scores = metrics.evaluate_samples([images], reference, metrics=["contrast"])
    assert scores["contrast"] == 50.0


def test_images_pass_an_augmentation_on_their_way(extension):
    layer = extension("fading").Fading(seed=3)
    seen = []

    class Recording(keras.layers.Layer):
        def call(self, images):
            seen.append(images)
            return images

    gan = GAN(
        keras.Sequential(
            [
                keras.Input((2,)),
                keras.layers.Dense(16, activation="tanh"),
                keras.layers.Reshape((4, 4, 1)),
            ]
        ),
        keras.Sequential(
            [
                keras.Input((4, 4, 1)),
                Recording(),
                keras.layers.Flatten(),
                keras.layers.Dense(1),
            ]
        ),
        augmentation=layer,
    )
    gan.compile(run_eagerly=True, jit_compile=False)
    seen.clear()
    state = keras.ops.convert_to_numpy(layer.seed_generator.state).copy()
    gan.train_on_batch(np.ones((3, 4, 4, 1), "float32"))
    if keras.backend.backend() != "jax":  # Whose eager step is traced too.
        real = keras.ops.convert_to_numpy(seen[0])[:3]
        assert (np.ptp(real, axis=(1, 2, 3)) < 1e-6).all()
        assert (real >= 0.5).all() and (real < 1).all()
        assert len(np.unique(real.round(6))) == 3
    gan.synchronize()
    after = keras.ops.convert_to_numpy(layer.seed_generator.state)
    assert not np.array_equal(after, state)


@pytest.mark.once
def test_an_augmentation_of_the_pipeline_is_found_by_its_name(extension):
    noise = data.augmentation.NOISE_STREAM
    before = [data.augmentation._stream(name) for name in data.AUGMENTATIONS]
    extension("inverting")
    after = [data.augmentation._stream(name) for name in data.AUGMENTATIONS]
    assert after[: len(before)] == before
    assert noise not in after and len(set(after)) == len(after)
    images = data.load_images("embedded", resolution=28)
    batches = [
        next(
            images.training_batches(
                32, seed=0, augment=names
            ).as_numpy_iterator()
        )[0]
        for names in ((), ("invert",))
    ]
    inverted = (batches[0] == -batches[1]).all(axis=(1, 2, 3))
    kept = (batches[0] == batches[1]).all(axis=(1, 2, 3))
    assert (inverted ^ kept).all() and 8 < inverted.sum() < 24


@pytest.mark.once
def test_the_document_shows_the_files_that_are_tested():
    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    shown = re.findall(r"`([\w/]+\.\w+)`:\n\n```\w+\n(.*?)```", text, re.S)
    assert len(shown) == 9
    for name, code in shown:
        path = FOLDER / name
        if not path.exists():
            path = ROOT / "tests" / "models" / name
        assert path.read_text(encoding="utf-8") == code, name

"""Images as the subject of a run, by recipes from outside of the package."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from keras_gans import GAN
from recipes import sagan
from recipes.common.gan_config import GANConfig
from recipes.common.images import check_metrics
from recipes.common.main import image_recipe

pytestmark = pytest.mark.once


def dense(config, num_classes):
    """A user's own model."""
    latents = keras.Input((config.latent_dim,), name="latents")
    images = keras.Input((config.resolution, config.resolution, 1))
    labels = keras.Input((), dtype="int32", name="labels")
    embedded = keras.layers.Embedding(num_classes, config.units)(labels)
    features = keras.layers.Concatenate()([latents, embedded])
    pixels = keras.layers.Dense(config.resolution**2)(features)
    pixels = keras.layers.Reshape(images.shape[1:])(pixels)
    flat = keras.layers.Flatten()(images)
    flat = keras.layers.Concatenate()([flat, embedded])
    gan = GAN(
        keras.Model([latents, labels], pixels),
        keras.Model([images, labels], keras.layers.Dense(1)(flat)),
        num_classes=num_classes,
        ema_decay=config.ema_decay,
    )
    gan.compile("adam", "adam")
    return gan


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(GANConfig):
    """A user's own settings.

    Attributes:
        units: Width of the discriminator.
    """

    units: int = 4


PRESETS = {
    "small": Config(
        resolution=32,
        channels=1,
        latent_dim=6,
        steps=2,
        batch_size=8,
        evaluate_every=0,
        sample_every=0,
        checkpoint_every=0,
        evaluation_samples=24,
        reference_samples=100,
        evaluation_resolution=32,
        ema_decay=0.9,
    )
}


def run_recipe(model, *flags):
    image_recipe(
        "dense", model, Config, PRESETS, "My own.", argv=["dense", *flags]
    )


def images(path, seed, count=40):
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (count, 32, 32, 1), np.uint8)
    np.savez(path, images=pixels, labels=np.arange(count) % 2)


def test_a_users_model_and_settings_make_a_recipe(in_empty_folder, capsys):
    images("real.npz", 0)
    images("other.npz", 1, count=100)
    metrics = ("fid", "precision", "intra_fid", "ms_ssim", "memorization")
    run_recipe(
        dense,
        "--dataset=npz:real.npz",
        "--held_out=npz:other.npz",
        "--units=3",
        f"--metrics={','.join(metrics)}",
    )
    run = in_empty_folder / "runs" / "dense-small"
    [line] = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    names = [f"{name}_lite0" for name in (*metrics[:3], "duplicate_rate")]
    for name in (*names, "ms_ssim"):
        assert np.isfinite(line[name]), name
    assert "kid_lite0" not in line
    model = keras.saving.load_model(run / "final.keras")
    assert model.output_shape == (None, 32, 32, 1)
    manifest = in_empty_folder / "saved_models/dense/1/manifest.json"
    assert json.loads(manifest.read_text())["class_names"] == ["0", "1"]
    output = capsys.readouterr().out
    assert "dense on npz:real.npz: 40 images of 32x32x1, 2 classes" in output
    assert "Best       FID-lite0" in output


def test_a_function_may_build_the_model(in_empty_folder):
    images("real.npz", 0)
    received = []

    def build(config, num_classes):
        received.append((config.units, num_classes))
        raise ValueError("enough")

    with pytest.raises(SystemExit):
        run_recipe(build, "--dataset=npz:real.npz")
    assert received == [(4, 2)]


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        (("fid", "kidd"), ["kidd", "Did you mean 'kid'"]),
        (("kid",), ["must contain fid", "Received: kid"]),
        ((), ["must contain fid", "none"]),
        (("fid", "inception_score"), ["--inception_weights=PATH"]),
        (("fid", "memorization"), ["--held_out=DATASET"]),
    ],
)
def test_scores_that_cannot_be_are_refused_before_training(metrics, words):
    config = dataclasses.replace(PRESETS["small"], metrics=metrics)
    with pytest.raises(ValueError) as refusal:
        check_metrics(config)
    assert all(word in str(refusal.value) for word in words)


@pytest.mark.parametrize("name", ["intra_fid", "ms_ssim"])
def test_scores_of_classes_need_classes(name):
    config = dataclasses.replace(
        PRESETS["small"], metrics=("fid", name), conditional=False
    )
    with pytest.raises(ValueError, match="--conditional=true"):
        check_metrics(config)


def test_the_presets_scores_are_computable():
    for config in sagan.PRESETS.values():
        check_metrics(config)

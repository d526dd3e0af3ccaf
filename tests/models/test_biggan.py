"""BigGAN's trunk on SAGAN: training, files, exports, truncation."""

import statistics

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans.images import to_uint8
from keras_gans.models import SAGAN, truncated
from keras_gans.serving import export_generator

TRUNK = {
    "resolution": 32,
    "num_classes": 3,
    "latent_dim": 8,
    "generator_width": 8,
    "discriminator_width": 8,
    "attention_resolution": 0,
    "shared_embedding": 4,
    "skip_z": True,
    "orthogonal_regularization": 1e-4,
    "ema_decay": 0.5,
    "share_fakes": True,
}


def as_numpy(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.fixture(scope="module")
def trained():
    """The trunk after two steps, and what its weights were before."""
    keras.utils.set_random_seed(0)
    gan = SAGAN.from_settings(**TRUNK)
    before = list(map(as_numpy, gan.weights))
    random = np.random.default_rng(0)
    images = random.uniform(-1.0, 1.0, (8, 32, 32, 3)).astype("float32")
    gan.fit(images, np.arange(8) % 3, batch_size=4, verbose=0)
    return gan, before


def test_two_steps_move_every_weight(trained):
    gan, before = trained
    for weight, value in zip(gan.weights, before, strict=True):
        now = as_numpy(weight)
        assert np.isfinite(now).all(), weight.path
        assert not np.array_equal(now, value), weight.path


def test_a_saved_model_makes_the_same_images(trained, tmp_path):
    gan, _ = trained
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert copy.orthogonal_regularization == 1e-4
    inputs = [np.ones((2, 8), "float32"), np.array([0, 2])]
    images = [as_numpy(model(inputs)) for model in (gan, copy)]
    assert_allclose(*images, atol=1e-6)


def test_an_export_makes_the_same_images(trained, tmp_path):
    import tensorflow as tf

    gan, _ = trained
    path = export_generator(
        gan.sampling_generator, tmp_path / "gan", latent_dim=8, num_classes=3
    )
    latents = np.random.default_rng(1).normal(size=(2, 8)).astype("float32")
    labels = np.array([0, 2], "int32")
    expected = to_uint8(as_numpy(gan([latents, labels])))
    # Kept by name: its variables live as long.
    loaded = tf.saved_model.load(path)
    served = loaded.serving_default(latents, labels)
    difference = served["images"].numpy().astype(int) - expected
    assert np.abs(difference).max() <= 1


def test_truncated_latents_are_those_of_the_formula():
    latents = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")
    latents[0, :2] = 0.0, 7.0
    normal = statistics.NormalDist()
    for truncation in (0.9545, 0.3829, 0.04):
        found = as_numpy(truncated(latents, truncation))
        expected = [
            normal.inv_cdf(0.5 + truncation * (normal.cdf(z) - 0.5))
            for z in latents.ravel().tolist()
        ]
        assert_allclose(found.ravel(), expected, rtol=1e-4, atol=1e-6)
        threshold = normal.inv_cdf(0.5 + truncation / 2)
        assert np.abs(found).max() <= threshold * (1 + 1e-6)
    assert_allclose(as_numpy(truncated(latents, 1.0)), latents)


@pytest.mark.once
def test_they_are_what_an_export_draws():
    from keras_gans.serving.latents import draw_latents

    whole = draw_latents(3, 6, 5, 1.0)
    expected = draw_latents(3, 6, 5, 0.5)
    assert_allclose(truncated(whole, 0.5), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.once
@pytest.mark.parametrize("truncation", [0.0, 1.5, float("nan")])
def test_a_share_out_of_range_is_refused(truncation):
    with pytest.raises(ValueError, match=f"truncation={truncation}"):
        truncated(np.zeros((1, 2)), truncation)


@pytest.mark.once
def test_no_preset_has_it():
    for name in SAGAN.SETTINGS.preset_names():
        preset = SAGAN.SETTINGS.read_preset(name)
        own = {"shared_embedding", "skip_z", "orthogonal_regularization"}
        assert not own & set(preset)

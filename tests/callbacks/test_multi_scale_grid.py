"""Towers of images: which image is where, and who may be drawn."""

import keras
import numpy as np
import pytest
from keras import layers
from numpy.testing import assert_array_equal
from PIL import Image

from keras_gans.callbacks import MultiScaleGrid
from keras_gans.images import to_uint8
from keras_gans.models.msg_gan import MSGGAN
from tests.callbacks.tiny import fit, tiny_gan


def tiny_msg_gan(**options):
    """Dense layers to images of 2 and 4 pixels, and from them to a score."""
    latents = keras.Input((3,), name="latents")
    generated = [
        layers.Reshape((size, size, 1))(
            layers.Dense(size * size, "tanh", name=f"pixels_{size}")(latents)
        )
        for size in (2, 4)
    ]
    images = [keras.Input((size, size, 1)) for size in (2, 4)]
    pixels = [layers.Flatten()(scale) for scale in images]
    score = layers.Dense(1)(layers.Concatenate()(pixels))
    gan = MSGGAN(
        keras.Model(latents, generated), keras.Model(images, score), **options
    )
    gan.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2))
    return gan


def test_a_column_is_a_latent_and_the_largest_images_are_on_top(tmp_path):
    gan = tiny_msg_gan(ema_decay=0.5)
    grid = MultiScaleGrid(tmp_path, columns=3, seed=7)
    fit(gan, 2, [grid])
    latents = np.random.default_rng(7).normal(size=(3, 3)).astype("float32")
    small, large = gan.averaged_generator.predict(latents, verbose=0)
    sheet = np.asarray(Image.open(tmp_path / "step_00000002.png"))
    assert sheet.shape == (2 * 4 + 2, 3 * 4 + 2 * 2)
    for column in range(3):
        cells = sheet[:, 6 * column : 6 * column + 4]
        top, bottom = cells[:4], cells[6:]
        assert_array_equal(top, to_uint8(large[column, ..., 0]))
        # Every pixel of the small image is a block of 2x2.
        block = np.kron(
            to_uint8(small[column, ..., 0]), np.ones((2, 2), "uint8")
        )
        assert_array_equal(bottom, block)


@pytest.mark.once
def test_grids_are_drawn_when_asked_for(tmp_path):
    grid = MultiScaleGrid(tmp_path, 2, columns=1, log_dir=tmp_path / "logs")
    fit(tiny_msg_gan(), 5, [grid])
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    steps = (2, 4, 5)
    assert names == [f"step_{step:08d}.png" for step in steps]
    assert any((tmp_path / "logs").iterdir())


@pytest.mark.once
def test_a_model_of_one_scale_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Received: GAN. Use SampleGrid"):
        fit(tiny_gan(), 1, [MultiScaleGrid(tmp_path)])


@pytest.mark.once
def test_a_grid_without_columns_is_refused(tmp_path):
    with pytest.raises(ValueError, match="columns=0"):
        MultiScaleGrid(tmp_path, columns=0)

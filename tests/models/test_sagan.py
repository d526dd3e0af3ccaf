"""SAGAN trains on every backend."""

import numpy as np
from keras import ops

from keras_gans.losses import Hinge
from keras_gans.models import SAGAN


def test_two_steps_of_fit_move_every_weight():
    gan = SAGAN.from_settings(
        resolution=32,
        num_classes=3,
        latent_dim=4,
        generator_width=8,
        discriminator_width=8,
        attention_resolution=16,
        ema_decay=0.5,
    )
    assert isinstance(gan.adversarial_loss, Hinge)
    random = np.random.default_rng(0)
    images = random.uniform(-1.0, 1.0, (8, 32, 32, 3)).astype("float32")
    before = [ops.convert_to_numpy(weight) for weight in gan.weights]
    history = gan.fit(
        images, np.array([0, 1, 2, 0] * 2), batch_size=4, verbose=0
    ).history
    assert set(history) == {
        "discriminator_loss",
        "generator_loss",
        "real_score",
        "fake_score",
    }
    assert all(np.isfinite(history[name]).all() for name in history)
    # The attention's projections move only once its γ has left 0.
    for weight, value in zip(gan.weights, before, strict=True):
        now = ops.convert_to_numpy(weight)
        assert np.isfinite(now).all(), weight.path
        assert not np.array_equal(now, value), weight.path
    assert gan.step == 2

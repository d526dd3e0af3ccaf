"""The average that the callback switches on, over several fits and files."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.callbacks import EMA
from tests.callbacks.tiny import fit, tiny_gan


def weights(model):
    return [np.array(weight) for weight in model.get_weights()]


def assert_a_step_averages(gan, decay, callbacks=()):
    """Checks one step of training against w - decay (w - average)."""
    average = weights(gan.averaged_generator or gan.generator)
    fit(gan, 1, list(callbacks))
    for new, old, trained in zip(
        weights(gan.averaged_generator),
        average,
        weights(gan.generator),
        strict=True,
    ):
        expected = decay * old + (1.0 - decay) * trained
        assert_allclose(new, expected, rtol=1e-5, atol=1e-7)


def test_the_average_goes_on_at_a_second_fit():
    gan = tiny_gan()
    assert_a_step_averages(gan, 0.75, [EMA(0.75)])
    average = gan.averaged_generator
    assert_a_step_averages(gan, 0.75, [EMA(0.75)])
    # It stays on without the callback.
    assert_a_step_averages(gan, 0.75)
    assert gan.averaged_generator is average


def test_another_decay_holds_from_then_on():
    gan = tiny_gan()
    assert_a_step_averages(gan, 0.75, [EMA(0.75)])
    assert_a_step_averages(gan, 0.25, [EMA(0.25)])
    gan.average_generator(0.5)
    assert_a_step_averages(gan, 0.5)
    assert gan.get_config()["ema_decay"] == 0.5


def test_another_start_holds_from_then_on():
    gan = tiny_gan(ema_decay=0.75)
    assert_a_step_averages(gan, 0.75)
    assert_a_step_averages(gan, 0.0, [EMA(0.75, start=2)])
    assert_a_step_averages(gan, 0.75)


def test_a_model_that_was_fitted_without_an_average_gets_one():
    gan = tiny_gan()
    fit(gan, 1, [])
    assert_a_step_averages(gan, 0.75, [EMA(0.75)])
    assert_a_step_averages(gan, 0.75)


def test_the_constructors_average_goes_on_by_the_callbacks_decay():
    gan = tiny_gan(ema_decay=0.75)
    assert_a_step_averages(gan, 0.75)
    assert_a_step_averages(gan, 0.5, [EMA(0.5)])


@pytest.mark.parametrize("decay", [0.75, 0.5])
def test_the_average_of_a_file_goes_on(tmp_path, decay):
    gan = tiny_gan()
    fit(gan, 2, [EMA(0.75)])
    gan.save(tmp_path / "gan.keras")
    gan.save_weights(tmp_path / "gan.weights.h5")
    whole = keras.saving.load_model(tmp_path / "gan.keras")
    other = tiny_gan()
    other.average_generator(0.75)
    other.load_weights(tmp_path / "gan.weights.h5")
    for loaded in (whole, other):
        for ours, theirs in zip(
            weights(loaded.averaged_generator),
            weights(gan.averaged_generator),
            strict=True,
        ):
            assert_allclose(ours, theirs)
        assert_a_step_averages(loaded, decay, [EMA(decay)])

"""The players' optimizers and the schedule of their step sizes."""

import keras
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans.models.optimizers import LinearDecay, make_optimizers


def at(schedule, step):
    return float(ops.convert_to_numpy(schedule(ops.array(step))))


@pytest.mark.parametrize(
    ("hold", "expected"),
    [(0.0, (1.0, 0.75, 0.5, 0.0, 0.0)), (0.5, (1.0, 1.0, 1.0, 0.0, 0.0))],
)
def test_the_learning_rate_falls_linearly_after_a_hold(hold, expected):
    schedule = LinearDecay(2.0, 100, hold)
    for step, share in zip((0, 25, 50, 100, 120), expected, strict=True):
        assert_allclose(at(schedule, step), 2.0 * share, atol=1e-6)
    assert_allclose(at(LinearDecay(2.0, 100, 0.5), 75), 1.0, rtol=1e-6)


def test_a_schedule_is_its_config():
    copy = LinearDecay.from_config(LinearDecay(0.1, 10, 0.3).get_config())
    assert (copy.learning_rate, copy.steps, copy.hold) == (0.1, 10, 0.3)


def test_each_player_decays_by_its_own_updates():
    generator, discriminator = make_optimizers(
        "adam", 1.0, 2.0, decay_steps=10, n_critic=5, generator_steps=2
    )
    assert generator._learning_rate.steps == 20
    assert discriminator._learning_rate.steps == 50


def test_settings_reach_the_optimizers():
    generator, discriminator = make_optimizers(
        "adam", 0.1, 0.2, beta_1=0.3, beta_2=0.4
    )
    assert isinstance(generator, keras.optimizers.Adam)
    assert generator is not discriminator
    assert_allclose(float(generator.learning_rate), 0.1, rtol=1e-6)
    assert_allclose(float(discriminator.learning_rate), 0.2, rtol=1e-6)
    for optimizer in (generator, discriminator):
        assert (optimizer.beta_1, optimizer.beta_2) == (0.3, 0.4)
        assert optimizer.epsilon == 1e-8
    generator, _ = make_optimizers("rmsprop", 0.1, 0.2, beta_2=0.99)
    assert isinstance(generator, keras.optimizers.RMSprop)
    assert (generator.rho, generator.epsilon) == (0.99, 1e-8)


def test_an_unknown_optimizer_is_refused():
    with pytest.raises(ValueError, match="optimizer='sgd'"):
        make_optimizers("sgd")

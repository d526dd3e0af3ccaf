"""The players' optimizers and the schedule of their step sizes."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans.models.optimizers import (
    LinearDecay,
    PlayerOptimizers,
    RMSpropTF,
    RMSpropTorch,
    make_optimizers,
)
from tests.callbacks.tiny import fit, tiny_gan


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
    for name, kind, epsilon in (
        ("rmsprop", RMSpropTorch, 1e-8),
        ("rmsprop_tf", RMSpropTF, 1e-10),
    ):
        generator, _ = make_optimizers(name, 0.1, 0.2, beta_2=0.99)
        assert type(generator) is kind
        assert (generator.rho, generator.epsilon) == (0.99, epsilon)


def test_an_unknown_optimizer_is_refused():
    with pytest.raises(ValueError, match="optimizer='rmsprob'.*'rmsprop'"):
        make_optimizers("rmsprob")


# A gradient as in training, one that vanishes, and gradients far below the
# 1e-4 under which Keras's RMSprop with an epsilon of 1e-8 hardly moves.
SIZES = np.array([1.0, 0.0, 1e-5, 1e-7])
GRADIENTS = SIZES * np.random.default_rng(0).normal(size=(6, 4))


def updated(optimizer, gradients=GRADIENTS):
    """Returns where the updates lead from 0, float64."""
    variable = keras.Variable(np.zeros(gradients.shape[1:], "float32"))
    optimizer.build([variable])
    for gradient in gradients.astype("float32"):
        optimizer.apply([ops.convert_to_tensor(gradient)])
    return ops.convert_to_numpy(variable).astype("float64")


def rmsprop(rho, rate, mean_square, denominator):
    """Returns the same in float64 NumPy."""
    place = 0.0
    for gradient in GRADIENTS:
        mean_square = rho * mean_square + (1.0 - rho) * gradient**2
        place -= rate * gradient / denominator(mean_square)
    return place


def test_rmsprop_is_pytorchs():
    optimizer, _ = make_optimizers("rmsprop", 0.01, 0.2, beta_2=0.9)
    expected = rmsprop(0.9, 0.01, 0.0, lambda v: np.sqrt(v) + 1e-8)
    assert_allclose(updated(optimizer), expected, rtol=1e-5, atol=1e-9)
    # Gradients of 1e-7 move a weight as far as those of 1 do.
    assert np.abs(expected[3]) > 0.005


def test_rmsprop_tf_is_tensorflow_1s():
    optimizer, _ = make_optimizers("rmsprop_tf", 0.01, 0.2, beta_2=0.9)
    expected = rmsprop(0.9, 0.01, 1.0, lambda v: np.sqrt(v + 1e-10))
    assert_allclose(updated(optimizer), expected, rtol=1e-5, atol=1e-14)


@pytest.mark.once
def test_rmsprop_takes_the_updates_of_torch_optim():
    import torch

    place = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    theirs = torch.optim.RMSprop([place], lr=0.01, alpha=0.9, eps=1e-8)
    for gradient in GRADIENTS:
        place.grad = torch.tensor(gradient)
        theirs.step()
    ours = updated(RMSpropTorch(0.01, 0.9, epsilon=1e-8))
    assert_allclose(ours, place.detach().numpy(), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("kind", [RMSpropTorch, RMSpropTF])
def test_an_rmsprop_is_its_config(kind):
    optimizer = kind(0.01, 0.8, epsilon=1e-3, clipnorm=1.0)
    config = keras.optimizers.serialize(optimizer)
    copy = keras.optimizers.deserialize(config)
    assert type(copy) is kind
    assert_allclose(updated(copy), updated(optimizer), rtol=1e-6)


@pytest.mark.parametrize("option", [{"momentum": 0.9}, {"centered": True}])
def test_an_rmsprop_of_other_terms_is_refused(option):
    with pytest.raises(ValueError, match="neither momentum nor centred"):
        RMSpropTorch(**option)


def rates(gan):
    optimizer = gan.optimizer
    return [
        float(ops.convert_to_numpy(one.learning_rate))
        for one in (optimizer, optimizer.generator, optimizer.discriminator)
    ]


def two_rates(generator=0.01, discriminator=0.04, gan=None):
    gan = gan or tiny_gan()
    gan.compile(
        keras.optimizers.Adam(generator), keras.optimizers.SGD(discriminator)
    )
    return gan


def test_a_scheduler_of_keras_moves_both_rates_and_keeps_their_ratio():
    gan = two_rates()
    schedule = keras.callbacks.LearningRateScheduler(
        lambda epoch, rate: rate / 2.0 if epoch else rate
    )
    history = fit(gan, 1, [schedule], epochs=3).history
    assert_allclose(history["learning_rate"], [0.01, 0.005, 0.0025], rtol=1e-6)
    assert_allclose(rates(gan), [0.0025, 0.0025, 0.01], rtol=1e-6)


def test_a_plateau_lowers_both_rates():
    gan = two_rates()
    plateau = keras.callbacks.ReduceLROnPlateau(
        "real_score",
        mode="max",
        factor=0.5,
        patience=1,
        min_delta=1e9,
        min_lr=0.004,
    )
    fit(gan, 1, [plateau], epochs=4)
    assert_allclose(rates(gan), [0.004, 0.004, 0.016], rtol=1e-5)


def test_the_next_epoch_trains_with_the_new_rates():
    gan = two_rates()
    schedule = keras.callbacks.LearningRateScheduler(
        lambda epoch: 0.0 if epoch else 0.01
    )
    fit(gan, 1, [schedule])
    before = gan.get_weights()
    fit(gan, 1, [schedule], epochs=2, initial_epoch=1)
    for old, new in zip(before, gan.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_rate_of_zero_on_the_way_loses_no_ratio():
    gan = two_rates()
    for rate in (0.0, 0.02):
        gan.optimizer.learning_rate = rate
        assert_allclose(rates(gan), [rate, rate, 4.0 * rate], rtol=1e-6)


def test_rates_are_saved(tmp_path):
    gan = two_rates()
    gan.optimizer.learning_rate = 0.002
    gan.save(tmp_path / "gan.keras")
    gan.save_weights(tmp_path / "gan.weights.h5")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    restored = two_rates()
    restored.load_weights(tmp_path / "gan.weights.h5")
    for other in (loaded, restored):
        assert_allclose(rates(other), [0.002, 0.002, 0.008], rtol=1e-6)


def test_schedules_of_the_optimizers_are_not_overruled():
    optimizer = PlayerOptimizers(*make_optimizers(decay_steps=10))
    assert_allclose(float(optimizer.learning_rate), 1e-4, rtol=1e-6)
    with pytest.raises(TypeError, match="with the schedule LinearDecay"):
        optimizer.learning_rate = 0.1


def test_a_rate_that_was_always_zero_gives_no_ratio():
    gan = two_rates(0.0, 0.1)
    with pytest.raises(ValueError, match="has no ratio"):
        gan.optimizer.learning_rate = 0.1


@pytest.mark.parametrize("decays", [(0.0, 0.9), (0.5, 0.999)])
def test_the_players_adam_has_the_closed_form(decays):
    beta_1, beta_2 = decays
    players = PlayerOptimizers(
        *make_optimizers("adam", 0.1, 0.2, beta_1=beta_1, beta_2=beta_2)
    )
    random = np.random.default_rng(0)
    start = random.normal(size=(2, 3))
    variables = [keras.Variable(start), keras.Variable(start)]
    players.build_players(variables[:1], variables[1:])
    expected = [start.copy(), start.copy()]
    moments = np.zeros((2, 2, 2, 3))
    for update in range(1, 5):
        gradient = random.normal(size=(2, 3))
        tensor = ops.convert_to_tensor(gradient.astype("float32"))
        both = zip(
            (players.generator, players.discriminator), (0.1, 0.2), strict=True
        )
        for index, (optimizer, rate) in enumerate(both):
            optimizer.apply([tensor], [variables[index]])
            m, v = moments[index]
            m += (1 - beta_1) * (gradient - m)
            v += (1 - beta_2) * (gradient**2 - v)
            rate *= np.sqrt(1 - beta_2**update) / (1 - beta_1**update)
            expected[index] -= rate * m / (np.sqrt(v) + 1e-8)
    for variable, values in zip(variables, expected, strict=True):
        # Of 1 - 0.999 float32 knows five digits.
        assert_allclose(ops.convert_to_numpy(variable), values, rtol=1e-4)

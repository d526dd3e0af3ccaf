"""Adversarial losses against numpy, in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend, losses
from keras_gans.losses import Hinge, NonSaturating, RelativisticAverage

REAL = np.array([[2.5], [0.3], [-1.7], [40.0]], "float32")
FAKE = np.array([[-3.0], [0.9], [1.6], [-60.0]], "float32")


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def softplus(x):
    return np.logaddexp(0.0, np.asarray(x, "float64"))


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-np.asarray(x, "float64")))


def hinge(x):
    return np.maximum(0.0, 1.0 + np.asarray(x, "float64"))


# Each game's L_D and L_G, and their derivatives by each score times the
# number of scores.
ORACLES = {
    "hinge": {
        "discriminator": lambda r, f: hinge(-r).mean() + hinge(f).mean(),
        "generator": lambda f: -f.astype("float64").mean(),
        "by_real": lambda r: np.where(r < 1.0, -1.0, 0.0),
        "by_fake": lambda f: np.where(f > -1.0, 1.0, 0.0),
        "generator_by_fake": lambda f: np.full(f.shape, -1.0),
    },
    "non_saturating": {
        "discriminator": lambda r, f: softplus(-r).mean() + softplus(f).mean(),
        "generator": lambda f: softplus(-f).mean(),
        "by_real": lambda r: -sigmoid(-r),
        "by_fake": sigmoid,
        "generator_by_fake": lambda f: -sigmoid(-f),
    },
    "dcgan": {
        "discriminator": lambda r, f: (
            (softplus(-r).mean() + softplus(f).mean()) / 2
        ),
        "generator": lambda f: softplus(-f).mean(),
        "by_real": lambda r: -sigmoid(-r) / 2,
        "by_fake": lambda f: sigmoid(f) / 2,
        "generator_by_fake": lambda f: -sigmoid(-f),
    },
    "saturating": {
        "discriminator": lambda r, f: softplus(-r).mean() + softplus(f).mean(),
        # log(1 - P(real)) with P = sigmoid.
        "generator": lambda f: np.mean(-softplus(f)),
        "by_real": lambda r: -sigmoid(-r),
        "by_fake": sigmoid,
        "generator_by_fake": lambda f: -sigmoid(f),
    },
    "least_squares": {
        "discriminator": lambda r, f: (
            (
                ((r.astype("float64") - 1) ** 2).mean()
                + (f.astype("float64") ** 2).mean()
            )
            / 2
        ),
        "generator": lambda f: ((f.astype("float64") - 1) ** 2).mean(),
        "by_real": lambda r: r.astype("float64") - 1,
        "by_fake": lambda f: f.astype("float64"),
        "generator_by_fake": lambda f: 2 * (f.astype("float64") - 1),
    },
    "wasserstein": {
        "discriminator": lambda r, f: (
            f.astype("float64").mean() - r.astype("float64").mean()
        ),
        "generator": lambda f: -f.astype("float64").mean(),
        "by_real": lambda r: np.full(r.shape, -1.0),
        "by_fake": lambda f: np.full(f.shape, 1.0),
        "generator_by_fake": lambda f: np.full(f.shape, -1.0),
    },
}
# φ of Jolicoeur-Martineau's games, the cost of a relative score.
RELATIVISTIC = {
    "relativistic_hinge": lambda s: np.maximum(0.0, 1.0 - s),
    "relativistic_non_saturating": lambda s: softplus(-s),
    "relativistic_least_squares": lambda s: (s - 1.0) ** 2,
    "relativistic_wasserstein": lambda s: -s,
}


def relativistic_oracle(cost, better, worse):
    """E[φ(b - E[w])] + E[φ(E[b] - w)], `better` being above on average."""
    better, worse = better.astype("float64"), worse.astype("float64")
    return (
        cost(better - worse.mean()).mean() + cost(better.mean() - worse).mean()
    )


EVERY_LOSS = pytest.mark.parametrize("name", ORACLES)


def test_every_loss_has_an_oracle():
    # Pairs have theirs in test_pairing.py.
    others = {*RELATIVISTIC, "relativistic_pairing"}
    assert set(losses.NAMES) == {*ORACLES, *others}


@EVERY_LOSS
def test_values_are_those_of_the_formula(name):
    loss, oracle = losses.get(name), ORACLES[name]
    assert_allclose(
        as_float64(loss.discriminator(REAL, FAKE)),
        oracle["discriminator"](REAL, FAKE),
        rtol=1e-6,
    )
    assert_allclose(
        as_float64(loss.generator(FAKE)), oracle["generator"](FAKE), rtol=1e-6
    )


@EVERY_LOSS
def test_gradients_are_those_of_the_formula(name):
    loss, oracle = losses.get(name), ORACLES[name]
    real, fake = keras.Variable(REAL), keras.Variable(FAKE)
    _, (by_real, by_fake) = backend.value_and_gradients(
        lambda: loss.discriminator(real, fake), [real, fake], []
    )
    _, (generator_by_real, generator_by_fake) = backend.value_and_gradients(
        lambda: loss.generator(fake), [real, fake], []
    )
    pairs = [
        (by_real, oracle["by_real"](REAL)),
        (by_fake, oracle["by_fake"](FAKE)),
        (generator_by_fake, oracle["generator_by_fake"](FAKE)),
        (generator_by_real, np.zeros_like(REAL)),
    ]
    for gradient, expected in pairs:
        assert_allclose(
            as_float64(gradient), expected / len(FAKE), rtol=1e-5, atol=1e-7
        )


@EVERY_LOSS
def test_bfloat16_scores_are_reduced_in_float32(name):
    # The mean of 1,000 scores in bfloat16 would be off by 1e-3 or more.
    scores = np.random.default_rng(0).normal(size=(2, 1000, 1))
    real, fake = (
        ops.cast(values.astype("float32"), "bfloat16") for values in scores
    )
    exact = [as_float64(ops.cast(values, "float32")) for values in (real, fake)]
    loss, oracle = losses.get(name), ORACLES[name]
    for value, expected in (
        (loss.discriminator(real, fake), oracle["discriminator"](*exact)),
        (loss.generator(fake), oracle["generator"](exact[1])),
    ):
        assert keras.backend.standardize_dtype(value.dtype) == "float32"
        assert tuple(value.shape) == ()
        assert_allclose(as_float64(value), expected, rtol=1e-5)


@EVERY_LOSS
def test_scores_of_any_shape_are_averaged(name):
    loss = losses.get(name)
    maps = [scores.reshape(1, 2, 2) for scores in (REAL, FAKE)]
    assert_allclose(
        as_float64(loss.discriminator(*maps)),
        as_float64(loss.discriminator(REAL, FAKE)),
        rtol=1e-6,
    )


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_relativistic_losses_swap_the_players(name):
    loss, cost = losses.get(name), RELATIVISTIC[name]
    assert loss.relativistic and isinstance(loss, RelativisticAverage)
    for value, expected in (
        (
            loss.discriminator(REAL, FAKE),
            relativistic_oracle(cost, REAL, FAKE),
        ),
        (loss.generator(FAKE, REAL), relativistic_oracle(cost, FAKE, REAL)),
    ):
        assert_allclose(as_float64(value), expected, rtol=1e-6)


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_gradients_of_relativistic_losses_are_finite_differences(name):
    # Away from the kinks of the hinge, which lie at relative scores of ±1.
    scores = np.random.default_rng(3).normal(size=(2, 5, 1))
    cost, step = RELATIVISTIC[name], 1e-6
    fake = keras.Variable(scores[1].astype("float32"))
    real = ops.convert_to_tensor(scores[0].astype("float32"))
    _, (gradient,) = backend.value_and_gradients(
        lambda: losses.get(name).generator(fake, real), [fake], []
    )
    for index in range(5):
        sides = []
        for sign in (1.0, -1.0):
            moved = scores[1].copy()
            moved[index] += sign * step
            sides.append(relativistic_oracle(cost, moved, scores[0]))
        expected = (sides[0] - sides[1]) / (2 * step)
        assert_allclose(as_float64(gradient)[index], expected, atol=1e-5)


def test_a_relativistic_generator_needs_real_scores():
    with pytest.raises(ValueError, match="real=None"):
        losses.get("relativistic_hinge").generator(FAKE)


@EVERY_LOSS
def test_a_name_an_instance_and_a_config_give_the_loss(name):
    kind = losses.NAMES[name]
    loss = losses.get(name)
    assert type(loss) is kind
    assert losses.get(loss) is loss
    config = keras.saving.serialize_keras_object(loss)
    assert type(losses.get(config)) is kind


@pytest.mark.parametrize("loss", ["wassertein", None, 3, Hinge])
def test_anything_else_is_refused(loss):
    with pytest.raises(ValueError, match=r"'hinge',.*'wasserstein'\]"):
        losses.get(loss)


def test_the_discriminator_that_is_sure_loses_nothing():
    sure = np.full((3, 1), 50.0, "float32")
    for loss in (Hinge(), NonSaturating()):
        assert as_float64(loss.discriminator(sure, -sure)) < 1e-12
        assert_allclose(as_float64(loss.discriminator(-sure, sure)), 100, 0.03)

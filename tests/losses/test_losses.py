"""Adversarial losses against numpy, in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend, losses
from keras_gans.losses import Hinge, NonSaturating

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
}
EVERY_LOSS = pytest.mark.parametrize("name", ORACLES)


def test_every_loss_has_an_oracle():
    assert set(losses.NAMES) == set(ORACLES)


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


@EVERY_LOSS
def test_a_name_an_instance_and_a_config_give_the_loss(name):
    kind = losses.NAMES[name]
    loss = losses.get(name)
    assert type(loss) is kind
    assert losses.get(loss) is loss
    config = keras.saving.serialize_keras_object(loss)
    assert type(losses.get(config)) is kind


@pytest.mark.parametrize("loss", ["wasserstein", None, 3, Hinge])
def test_anything_else_is_refused(loss):
    with pytest.raises(ValueError, match=r"\['hinge', 'non_saturating'\]"):
        losses.get(loss)


def test_the_discriminator_that_is_sure_loses_nothing():
    sure = np.full((3, 1), 50.0, "float32")
    for loss in (Hinge(), NonSaturating()):
        assert as_float64(loss.discriminator(sure, -sure)) < 1e-12
        assert_allclose(as_float64(loss.discriminator(-sure, sure)), 100, 0.03)

"""Relativistic pairing against numpy, in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend, losses
from keras_gans.losses import RelativisticPairing

RANDOM = np.random.default_rng(3)
REAL, FAKE = RANDOM.normal(size=(2, 6, 1)).astype("float32")


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def softplus(x):
    return np.logaddexp(0.0, np.asarray(x, "float64"))


def test_each_real_score_is_compared_with_one_generated_score():
    loss, pairs = losses.get("relativistic_pairing"), (REAL - FAKE)[:, 0]
    assert type(loss) is RelativisticPairing and loss.relativistic
    assert_allclose(
        as_float64(loss.discriminator(REAL, FAKE)),
        softplus(-pairs).mean(),
        rtol=1e-6,
    )
    assert_allclose(
        as_float64(loss.generator(FAKE, REAL)),
        softplus(pairs).mean(),
        rtol=1e-6,
    )


def test_gradients_are_those_of_the_formula():
    # d softplus(f - r) / df is the logistic function of f - r.
    real, fake = keras.Variable(REAL), keras.Variable(FAKE)
    difference = (FAKE - REAL).astype("float64")
    slopes = 1.0 / (1.0 + np.exp(-difference)) / 6
    _, (by_real, by_fake) = backend.value_and_gradients(
        lambda: RelativisticPairing().discriminator(real, fake),
        [real, fake],
        [],
    )
    assert_allclose(as_float64(by_fake), slopes, rtol=1e-5)
    assert_allclose(as_float64(by_real), -slopes, rtol=1e-5)
    _, (by_fake,) = backend.value_and_gradients(
        lambda: RelativisticPairing().generator(fake, real), [fake], []
    )
    assert_allclose(as_float64(by_fake), slopes - 1.0 / 6, rtol=1e-5)


def test_further_blocks_of_generated_images_have_the_same_partners():
    expected = np.mean(
        [softplus(REAL[i % 3] - FAKE[i])[0] for i in range(6)], axis=0
    )
    loss = RelativisticPairing().generator(FAKE, REAL[:3])
    assert_allclose(as_float64(loss), expected, rtol=1e-6)


def test_weights_are_those_of_pairs():
    weights = np.array([1, 0, 0, 1, 1, 0], "float32")
    weights = ops.convert_to_tensor(weights)
    loss = RelativisticPairing().generator(FAKE, REAL, weights)
    kept = softplus(REAL - FAKE)[[0, 3, 4]].mean()
    assert_allclose(as_float64(loss), kept, rtol=1e-6)


def test_bfloat16_scores_are_reduced_in_float32():
    scores = RANDOM.normal(size=(2, 1000, 1)).astype("float32")
    real, fake = (ops.cast(values, "bfloat16") for values in scores)
    exact = [as_float64(ops.cast(v, "float32")) for v in (real, fake)]
    value = RelativisticPairing().discriminator(real, fake)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    assert_allclose(
        as_float64(value), softplus(exact[1] - exact[0]).mean(), rtol=1e-5
    )


def test_real_scores_are_needed():
    with pytest.raises(ValueError, match="real=None"):
        RelativisticPairing().generator(FAKE)


@pytest.mark.once
def test_a_config_gives_the_loss():
    config = keras.saving.serialize_keras_object(RelativisticPairing())
    assert type(losses.get(config)) is RelativisticPairing

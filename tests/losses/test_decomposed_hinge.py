"""The decomposed hinge loss against its table and numpy, in float64."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend, losses
from keras_gans.losses.decomposed_hinge import SpatiallyDecomposedHinge

SCORES = [-2.0, -1.0, -0.5, 0.5, 1.0, 2.0]
# The ascent direction on each score, times the number of cells: what the
# printed equations give when A is a constant, and what was meant.
TABLE = {
    ("abs", False): [2.0, 1.0, 0.5, 0.5, 1.0, 1.0],
    ("literal", False): [-2.0, -1.0, -0.5, 0.5, 1.0, 1.0],
    ("monotone", False): [4.0, 3.0, 2.5, 1.5, 1.0, 1.0],
    ("abs", True): [2.0, 1.0, 0.5, 0.0, 0.0, 0.0],
    ("literal", True): [-2.0, -1.0, -0.5, 0.0, 0.0, 0.0],
    ("monotone", True): [2.0, 1.0, 0.5, 0.0, 0.0, 0.0],
}
EVERY_MODE = pytest.mark.parametrize(("amplification", "zero"), TABLE)
SHAPES = pytest.mark.parametrize(
    "shape", [(2, 4, 4, 1), (2, 4, 4), (32, 1), (32,)]
)


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def oracle(scores, amplification, zero):
    """A of float64 scores, by the definition of each mode."""
    cap = 0.0 if zero else 1.0
    capped = np.minimum(scores, cap)
    return {
        "abs": np.abs(capped),
        "literal": capped,
        "monotone": cap + np.maximum(0.0, cap - scores),
    }[amplification]


def random_scores(*shape):
    return np.random.default_rng(7).normal(0.0, 2.0, shape).astype("float32")


def generator_gradient(loss, scores):
    fake = keras.Variable(np.asarray(scores, "float32"))
    value, [gradient] = backend.value_and_gradients(
        lambda: loss.generator(fake), [fake], []
    )
    return as_float64(value), as_float64(gradient)


@EVERY_MODE
def test_gradients_are_those_of_the_table(amplification, zero):
    loss = SpatiallyDecomposedHinge(amplification, zero)
    scores = np.reshape(SCORES, (1, 2, 3, 1))
    expected = np.reshape(TABLE[amplification, zero], (1, 2, 3, 1))
    _, gradient = generator_gradient(loss, scores)
    assert_allclose(-len(SCORES) * gradient, expected, atol=1e-6)
    assert_allclose(
        as_float64(loss.amplification_map(scores)), expected, atol=1e-6
    )


@EVERY_MODE
@SHAPES
def test_values_are_those_of_the_formula(amplification, zero, shape):
    loss = SpatiallyDecomposedHinge(amplification, zero)
    scores = random_scores(*shape)
    exact = scores.astype("float64")
    amplified = oracle(exact, amplification, zero)
    value, gradient = generator_gradient(loss, scores)
    assert_allclose(value, -(amplified * exact).mean(), rtol=1e-6, atol=1e-6)
    assert_allclose(gradient, -amplified / scores.size, rtol=1e-6, atol=1e-8)


@SHAPES
def test_the_discriminator_has_the_hinge_of_every_cell(shape):
    loss = SpatiallyDecomposedHinge()
    real, fake = random_scores(2, *shape).astype("float64")
    expected = np.maximum(0.0, 1.0 - real).mean()
    expected += np.maximum(0.0, 1.0 + fake).mean()
    value = as_float64(loss.discriminator(ops.array(real), ops.array(fake)))
    assert_allclose(value, expected, rtol=1e-6)


def test_the_hinge_of_the_mean_is_another_loss():
    # Two cells of one image, -1 and 3: the cells lose (2 + 0) / 2, their
    # mean of 1 loses nothing; as a generated image, (0 + 4) / 2 and 2.
    scores = ops.array([[[[-1.0], [3.0]]]])
    sure = ops.full((1, 1, 2, 1), 50.0)
    cells = SpatiallyDecomposedHinge()
    mean = SpatiallyDecomposedHinge(hinge_on="mean")
    assert as_float64(cells.discriminator(scores, -sure)) == 1.0
    assert as_float64(mean.discriminator(scores, -sure)) == 0.0
    far = ops.array([[[[-9.0], [3.0]]]])
    assert as_float64(cells.discriminator(sure, far)) == 2.0
    assert as_float64(mean.discriminator(sure, far)) == 0.0
    assert as_float64(mean.generator(far)) == as_float64(cells.generator(far))


def test_of_one_cell_both_hinges_are_the_plain_hinge():
    real, fake = random_scores(2, 9, 1)
    expected = as_float64(losses.get("hinge").discriminator(real, fake))
    for hinge_on in ("cells", "mean"):
        loss = SpatiallyDecomposedHinge(hinge_on=hinge_on)
        value = as_float64(loss.discriminator(real, fake))
        assert_allclose(value, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("amplification", "expected"),
    [
        # -d(Y A(Y))/dY: Y min(Y, 1) is Y² and then Y.
        ("literal", [-4.0, -2.0, -1.0, 1.0, 1.0]),
        ("abs", [4.0, 2.0, 1.0, 1.0, 1.0]),
        ("monotone", [6.0, 4.0, 3.0, 1.0, 1.0]),
    ],
)
def test_gradients_through_the_amplification_map(amplification, expected):
    loss = SpatiallyDecomposedHinge(amplification, stop_gradient=False)
    scores = np.reshape([-2.0, -1.0, -0.5, 0.5, 2.0], (1, 5))
    _, gradient = generator_gradient(loss, scores)
    assert_allclose(-5.0 * gradient[0], expected, atol=1e-6)


@pytest.mark.parametrize("amplification", ["abs", "monotone"])
def test_the_reported_loss_falls_as_scores_rise(amplification):
    loss = SpatiallyDecomposedHinge(amplification)
    scores = np.linspace(-3.0, 3.0, 61, dtype="float32")[:, None]
    values = [float(as_float64(loss.generator(score))) for score in scores]
    assert np.all(np.diff(values) < 0.0)


def test_literally_unrealistic_cells_are_made_worse():
    scores = np.full((1, 2, 2, 1), -1.5)
    _, literal = generator_gradient(SpatiallyDecomposedHinge("literal"), scores)
    _, meant = generator_gradient(SpatiallyDecomposedHinge(), scores)
    # Descending L_G lowers the scores of the literal form.
    assert (literal > 0.0).all()
    assert (meant < 0.0).all()


@EVERY_MODE
def test_bfloat16_maps_are_reduced_in_float32(amplification, zero):
    loss = SpatiallyDecomposedHinge(amplification, zero)
    scores = ops.cast(random_scores(50, 4, 4, 1), "bfloat16")
    exact = as_float64(ops.cast(scores, "float32"))
    value = loss.generator(scores)
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    expected = -(oracle(exact, amplification, zero) * exact).mean()
    assert_allclose(as_float64(value), expected, rtol=1e-5)


def test_a_config_gives_the_loss_again():
    options = {
        "amplification": "monotone",
        "zero": True,
        "stop_gradient": False,
        "hinge_on": "mean",
    }
    config = keras.saving.serialize_keras_object(
        SpatiallyDecomposedHinge(**options)
    )
    loss = losses.get(config)
    assert isinstance(loss, SpatiallyDecomposedHinge)
    assert loss.get_config() == options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"amplification": "absolute"}, "abs, literal, monotone.*'absolute'"),
        ({"hinge_on": "map"}, "cells, mean.*hinge_on='map'"),
    ],
)
def test_an_unknown_mode_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        SpatiallyDecomposedHinge(**options)

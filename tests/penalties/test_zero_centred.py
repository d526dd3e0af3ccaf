"""R1 and R2 of discriminators whose gradient is known."""

import math

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend
from keras_gans.layers import (
    Conv2DAveragePool,
    SelfAttention,
    SpectralNormalization,
)
from keras_gans.penalties import R1, R2, CosineWeight
from tests.penalties.updates import as_float64, update_of

RANDOM = np.random.default_rng(0)
IMAGES = {
    "real": RANDOM.normal(size=(6, 2, 2, 3)),
    "fake": RANDOM.normal(size=(6, 2, 2, 3)),
}
BOTH = pytest.mark.parametrize("kind", [R1, R2])


def flat(side):
    return IMAGES[side].reshape(6, -1).astype("float64")


def quadratic(matrix, vector):
    """D(x) = xᵀ M x / 2 + vᵀ x, of which the gradient is M x + v."""

    def score(images, labels):
        del labels
        m, v = map(ops.convert_to_tensor, (matrix, vector))
        pixels = ops.reshape(images, (-1, 12))
        curve = ops.sum(ops.matmul(pixels, m) * pixels, axis=1)
        return curve / 2.0 + ops.sum(pixels * v, axis=1)

    return score


@BOTH
@pytest.mark.parametrize("weight", [0.0, 1.0, 10.0])
def test_a_linear_discriminator_is_penalized_for_its_slope(kind, weight):
    slopes = RANDOM.normal(size=12)
    score = quadratic(np.zeros((12, 12), "float32"), slopes.astype("float32"))
    value = kind(weight).of(update_of(score, IMAGES))
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    expected = weight / 2 * np.sum(slopes**2)
    assert_allclose(as_float64(value), expected, rtol=1e-5)


@BOTH
def test_value_and_gradients_of_a_quadratic_discriminator_are_known(kind):
    side = {R1: "real", R2: "fake"}[kind]
    matrix = RANDOM.normal(size=(12, 12))
    matrix, vector = matrix + matrix.T, RANDOM.normal(size=12)
    variables = [keras.Variable(v.astype("float32")) for v in (matrix, vector)]
    value, (by_matrix, by_vector) = backend.value_and_gradients(
        lambda: kind(3.0).of(
            update_of(quadratic(*variables), IMAGES, state=variables)
        ),
        variables,
        variables,
    )
    slopes = flat(side) @ matrix + vector
    assert_allclose(
        as_float64(value), 1.5 * np.mean(np.sum(slopes**2, 1)), rtol=1e-5
    )
    # As the form is written, its gradient is (M + Mᵀ) x / 2 + v.
    outer = np.einsum("ni,nj->ij", slopes, flat(side))
    expected = 3.0 * (outer + outer.T) / 2 / 6
    assert_allclose(as_float64(by_matrix), expected, rtol=1e-4, atol=1e-4)
    assert_allclose(as_float64(by_vector), 3.0 * slopes.mean(0), rtol=1e-4)


def test_gradients_that_are_there_are_taken():
    given = RANDOM.normal(size=(6, 2, 2, 3)).astype("float32")
    update = update_of(None, IMAGES, scores={}, gradients={"fake": given})
    squares = np.sum(given.reshape(6, -1).astype("float64") ** 2, axis=1)
    assert_allclose(
        as_float64(R2(4.0).of(update)), 2.0 * squares.mean(), rtol=1e-5
    )


def test_the_norm_is_over_all_scales():
    # Slopes 3 and 4 in every pixel of 1 and 4 at two scales: 9 + 4 · 16.
    pyramid = [np.zeros((5, 1, 1, 1)), np.zeros((5, 2, 2, 1))]
    update = update_of(None, {}, scores={})
    update.images = {"real": list(map(ops.convert_to_tensor, pyramid))}
    update.labels = {"real": None}
    update.score = lambda images, _: sum(
        slope * ops.sum(image, axis=(1, 2, 3))
        for slope, image in zip((3.0, 4.0), images, strict=True)
    )
    assert_allclose(as_float64(R1(2.0).of(update)), 73.0, rtol=1e-6)


@pytest.mark.parametrize("count", range(6))
def test_every_third_update_pays_for_three(count):
    slopes = np.full(12, 2.0, "float32")
    score = quadratic(np.zeros((12, 12), "float32"), slopes)
    value = R1(10.0, interval=3).of(update_of(score, IMAGES, count))
    expected = 3 * 5.0 * 48 if count % 3 == 0 else 0.0
    assert_allclose(as_float64(value), expected, rtol=1e-6)


def test_intervals_average_out():
    slopes = np.full(12, 0.5, "float32")
    score = quadratic(np.zeros((12, 12), "float32"), slopes)
    values = [
        as_float64(R2(2.0, interval=4).of(update_of(score, IMAGES, count)))
        for count in range(12)
    ]
    assert_allclose(np.mean(values), 12 * 0.25, rtol=1e-6)


def test_a_pass_of_its_own_moves_no_state():
    network = keras.Sequential(
        [
            keras.Input((4, 4, 3)),
            SpectralNormalization(Conv2DAveragePool(8)),
            layers.BatchNormalization(),
            SelfAttention(),
            layers.Flatten(),
            SpectralNormalization(layers.Dense(1)),
        ]
    )
    before = [as_float64(weight) for weight in network.weights]
    images = {"real": RANDOM.normal(size=(6, 4, 4, 3))}
    update = update_of(
        lambda images, _: network(images, training=True)[:, 0],
        images,
        scores={},
        state=network.variables,
    )
    value, gradients = backend.value_and_gradients(
        lambda: R1(1.0).of(update),
        network.trainable_variables,
        network.variables,
    )
    assert as_float64(value) > 0.0
    assert max(np.abs(as_float64(g)).max() for g in gradients) > 0.0
    for weight, value in zip(network.weights, before, strict=True):
        assert_array_equal(as_float64(weight), value, weight.path)


def test_a_weight_may_be_a_variable():
    weight = keras.Variable(6.0, trainable=False)
    penalty = R1(weight)
    assert penalty.build(None) == [weight]
    score = quadratic(np.zeros((12, 12), "float32"), np.ones(12, "float32"))
    assert_allclose(as_float64(penalty.of(update_of(score, IMAGES))), 36.0)
    weight.assign(1.0)
    assert_allclose(as_float64(penalty.of(update_of(score, IMAGES))), 6.0)
    assert R1.from_config(penalty.get_config()).weight == 1.0


@pytest.mark.parametrize("built", [False, True])
def test_a_cosine_goes_from_the_first_to_the_last_weight(built):
    weight = CosineWeight(8.0, 2.0, updates=10)
    if built:
        weight.build()
    for count in (0, 1, 5, 9, 10, 11, 1000):
        share = min(count / 10, 1.0)
        expected = 2.0 + 6.0 * (1 + math.cos(math.pi * share)) / 2
        value = as_float64(weight(ops.convert_to_tensor(count)))
        assert_allclose(value, expected, rtol=1e-6)


def test_a_cosine_is_fitted_to_the_length_of_training():
    weights = [
        CosineWeight(1.0, 0.0, updates=10, share=share)
        for share in (None, 0.25)
    ]
    lengths = [weight.build() for weight in weights]
    for weight in weights:
        weight.set_updates(400)
    assert [float(as_float64(length)) for length in lengths] == [10.0, 100.0]
    # Half of it is half of the way.
    assert_allclose(as_float64(weights[1](50)), 0.5, rtol=1e-6)


@pytest.mark.once
@BOTH
def test_the_config_makes_an_equal_penalty(kind):
    for weight in (2.5, CosineWeight(3.0, 1.0, 7, share=0.5)):
        config = keras.saving.serialize_keras_object(kind(weight, interval=4))
        copy = keras.saving.deserialize_keras_object(config)
        assert type(copy) is kind and copy.interval == 4
        assert copy.get_config() == kind(weight, interval=4).get_config()


@pytest.mark.once
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: R1(-1.0), r"weight=-1\.0"),
        (lambda: R1(float("nan")), "weight=nan"),
        (lambda: R2("much"), "weight='much'"),
        (lambda: R2(interval=0), "interval=0"),
        (lambda: CosineWeight(-1.0, 0.0, 5), r"start=-1\.0"),
        (lambda: CosineWeight(1.0, 0.0, 0), "updates=0"),
        (lambda: CosineWeight(1.0, 0.0, 5, share=1.5), r"share=1\.5"),
    ],
)
def test_values_out_of_range_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()

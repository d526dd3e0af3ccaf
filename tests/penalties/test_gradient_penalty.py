"""The gradient penalty of critics whose gradient is known."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend
from keras_gans.layers import SpectralNormalization
from keras_gans.penalties import GradientPenalty

IMAGES = np.random.default_rng(0).normal(size=(6, 2, 2, 3)).astype("float32")
SEED = 5


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def linear(norm):
    """A critic whose gradient has this norm everywhere."""
    weights = np.full(IMAGES.shape[1:], norm / np.sqrt(IMAGES[0].size))
    weights = ops.array(weights, dtype="float32")
    return lambda images: ops.sum(images * weights, axis=(1, 2, 3))


def half_square(images):
    """A critic whose gradient at x is x."""
    return 0.5 * ops.sum(ops.square(images), axis=(1, 2, 3))


def penalty_of(critic, real, fake, state=(), **options):
    penalty = GradientPenalty(**options)
    value = penalty(
        critic,
        ops.convert_to_tensor(real),
        ops.convert_to_tensor(fake),
        list(state),
        SEED,
    )
    assert keras.backend.standardize_dtype(value.dtype) == "float32"
    return as_float64(value)


@pytest.mark.parametrize("norm", [0.25, 1.0, 5.0])
@pytest.mark.parametrize("weight", [0.0, 1.0, 10.0])
def test_a_linear_critic_is_penalized_for_its_norm_alone(norm, weight):
    value = penalty_of(linear(norm), IMAGES, -IMAGES, weight=weight)
    assert_allclose(value, weight * (norm - 1.0) ** 2, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(("norm", "expected"), [(0.25, 0.0), (5.0, 16.0)])
def test_one_sided_leaves_small_gradients_free(norm, expected):
    value = penalty_of(
        linear(norm), IMAGES, -IMAGES, weight=1.0, one_sided=True
    )
    assert_allclose(value, expected, rtol=1e-5)


@pytest.mark.parametrize(("norm", "expected"), [(0.5, 0.0), (2.0, 90.0)])
def test_halved_gradients_have_a_halved_target(norm, expected):
    # Images in [-1, 1] for a critic of images in [0, 1], whose own gradient
    # is 2 norm: 10 (2 norm - 1)² = 40 (norm - 1/2)².
    value = penalty_of(linear(norm), IMAGES, -IMAGES, weight=40.0, target=0.5)
    assert_allclose(value, expected, rtol=1e-5, atol=1e-9)


def test_one_norm_is_taken_over_all_resolutions():
    # Gradients of the norms 3 and 4 at two resolutions: one of norm 5.
    coarse = IMAGES[:, :1, :1]
    weights = [
        ops.array(np.full(x.shape[1:], n / np.sqrt(x[0].size)), "float32")
        for x, n in ((coarse, 3.0), (IMAGES, 4.0))
    ]

    def critic(images):
        return sum(
            ops.sum(x * w, axis=(1, 2, 3))
            for x, w in zip(images, weights, strict=True)
        )

    pair = [ops.convert_to_tensor(x) for x in (coarse, IMAGES)]
    value = GradientPenalty(1.0)(critic, pair, [-x for x in pair], [], SEED)
    assert_allclose(as_float64(value), 16.0, rtol=1e-5)


def test_norms_are_over_an_image_and_the_mean_over_the_batch():
    # Between equal images there is only the image: the gradient is x.
    norms = np.linalg.norm(IMAGES.reshape(6, -1).astype("float64"), axis=1)
    value = penalty_of(half_square, IMAGES, IMAGES, weight=2.0)
    assert_allclose(value, 2.0 * np.mean((norms - 1.0) ** 2), rtol=1e-5)


def test_each_image_has_a_uniform_place_of_its_own_between_the_two():
    # At ε x with ‖x‖ = 2 the norm is 2ε, and E[(2ε - 1)²] = 1/3. An ε for
    # each pixel would give (2/√3 - 1)² = 0.02, one for the batch a value of
    # its own, and so would any ε outside of [0, 1].
    real = np.full((20000, 5, 5, 1), 0.4, "float32")
    value = penalty_of(half_square, real, 0.0 * real, weight=1.0)
    assert_allclose(value, 1.0 / 3.0, atol=0.01)


def test_a_vanishing_gradient_can_be_differentiated():
    scale = keras.Variable(0.0)
    value, (gradient,) = backend.value_and_gradients(
        lambda: GradientPenalty(1.0)(
            lambda images: scale * half_square(images),
            ops.convert_to_tensor(IMAGES),
            ops.convert_to_tensor(IMAGES),
            [scale],
            SEED,
        ),
        [scale],
        [scale],
    )
    assert_allclose(as_float64(value), 1.0, rtol=1e-5)
    assert np.isfinite(as_float64(gradient))


def test_gradients_of_the_penalty_are_those_of_finite_differences():
    # D(x) = aᵀ tanh(W x), whose gradient by x is Wᵀ(a (1 - tanh²(W x))).
    random = np.random.default_rng(1)
    inner, outer = random.normal(size=(4, 12)), random.normal(size=4)
    flat = IMAGES.reshape(6, -1).astype("float64")

    def by_numpy(inner, outer):
        slopes = outer * (1.0 - np.tanh(flat @ inner.T) ** 2)
        norms = np.linalg.norm(slopes @ inner, axis=1)
        return 3.0 * np.mean((norms - 1.0) ** 2)

    variables = [
        keras.Variable(value.astype("float32")) for value in (inner, outer)
    ]

    def critic(images):
        hidden = ops.matmul(
            ops.reshape(images, (-1, 12)), ops.transpose(variables[0])
        )
        return ops.matmul(ops.tanh(hidden), variables[1][:, None])

    value, gradients = backend.value_and_gradients(
        lambda: GradientPenalty(3.0)(
            critic,
            ops.convert_to_tensor(IMAGES),
            ops.convert_to_tensor(IMAGES),
            variables,
            SEED,
        ),
        variables,
        variables,
    )
    assert_allclose(as_float64(value), by_numpy(inner, outer), rtol=1e-5)
    step = 1e-6
    for index, gradient in enumerate(gradients):
        expected = np.zeros(gradient.shape)
        for place in np.ndindex(*expected.shape):
            sides = []
            for sign in (1.0, -1.0):
                values = [inner.copy(), outer.copy()]
                values[index][place] += sign * step
                sides.append(by_numpy(*values))
            expected[place] = (sides[0] - sides[1]) / (2.0 * step)
        scale = np.abs(expected).max()
        assert_allclose(as_float64(gradient), expected, atol=1e-4 * scale)


def test_the_extra_pass_moves_no_state():
    critic = keras.Sequential(
        [
            keras.Input((2, 2, 3)),
            SpectralNormalization(layers.Conv2D(8, 3, padding="same")),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Flatten(),
            SpectralNormalization(layers.Dense(1)),
        ]
    )
    before = [as_float64(weight) for weight in critic.weights]
    state = critic.variables
    value, gradients = backend.value_and_gradients(
        lambda: GradientPenalty()(
            lambda images: critic(images, training=True),
            ops.convert_to_tensor(IMAGES),
            ops.convert_to_tensor(-IMAGES),
            state,
            SEED,
        ),
        critic.trainable_variables,
        state,
    )
    assert as_float64(value) > 0.0
    assert max(np.abs(as_float64(g)).max() for g in gradients) > 0.0
    for weight, value in zip(critic.weights, before, strict=True):
        assert_array_equal(as_float64(weight), value, weight.path)
    # The same pass outside of a penalty does move it.
    critic(IMAGES, training=True)
    moved = [
        not np.array_equal(as_float64(weight), value)
        for weight, value in zip(critic.weights, before, strict=True)
    ]
    assert sum(moved) == len(critic.non_trainable_weights) == 4


def test_the_config_makes_an_equal_penalty():
    penalty = GradientPenalty(3.0, one_sided=True, target=2.0, epsilon=1e-6)
    config = keras.saving.serialize_keras_object(penalty)
    copy = keras.saving.deserialize_keras_object(config)
    assert type(copy) is GradientPenalty
    assert copy.get_config() == penalty.get_config()
    assert (copy.weight, copy.one_sided, copy.epsilon) == (3.0, True, 1e-6)
    assert copy.target == 2.0


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match=r"weight=-1\.0"):
        GradientPenalty(-1.0)


@pytest.mark.parametrize("target", [0.0, -1.0])
def test_a_target_that_is_no_norm_is_refused(target):
    with pytest.raises(ValueError, match=f"target={target}"):
        GradientPenalty(target=target)


@pytest.mark.parametrize("update", range(6))
def test_every_third_update_pays_for_three(update):
    value = GradientPenalty(10.0, interval=3)(
        linear(2.0),
        ops.convert_to_tensor(IMAGES),
        ops.convert_to_tensor(-IMAGES),
        [],
        SEED,
        update=ops.convert_to_tensor(update),
    )
    expected = 30.0 if update % 3 == 0 else 0.0
    assert_allclose(as_float64(value), expected, rtol=1e-5)


@pytest.mark.once
def test_an_interval_below_one_is_refused():
    with pytest.raises(ValueError, match="interval=0"):
        GradientPenalty(interval=0)

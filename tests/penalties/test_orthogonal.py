"""Orthogonal regularization, against numpy in float64."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.models import GAN
from keras_gans.models.orthogonality import regularize_kernels
from keras_gans.penalties import OrthogonalRegularization

RANDOM = np.random.default_rng(0)


def as_matrix(kernel, axis=-1):
    kernel = np.moveaxis(np.asarray(kernel, "float64"), axis, -1)
    return kernel.reshape(-1, kernel.shape[-1])


def others(matrix):
    products = matrix.T @ matrix
    return products - np.diag(np.diag(products))


@pytest.mark.parametrize(
    ("shape", "axis"), [((4, 3), -1), ((3, 3, 2, 5), -1), ((2, 2, 5, 3), -2)]
)
def test_value_and_gradient_are_those_of_the_formula(shape, axis):
    kernel = RANDOM.normal(size=shape)
    variable = keras.Variable(kernel)
    regularizer = OrthogonalRegularization(0.3, axis)
    value, (gradient,) = backend.value_and_gradients(
        lambda: regularizer(variable), [variable], [variable]
    )
    matrix = as_matrix(kernel, axis)
    expected = 0.3 * np.sum(others(matrix) ** 2)
    assert_allclose(ops.convert_to_numpy(value), expected, rtol=1e-5)
    # 4 β W (WᵀW ⊙ (1 - I)).
    expected = 4 * 0.3 * matrix @ others(matrix)
    gradient = as_matrix(ops.convert_to_numpy(gradient), axis)
    assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)


def test_orthogonal_filters_of_any_norm_cost_nothing():
    basis, _ = np.linalg.qr(RANDOM.normal(size=(6, 6)))
    kernel = ops.array(basis * np.arange(1, 7), dtype="float32")
    value = OrthogonalRegularization(1.0)(kernel)
    assert_allclose(ops.convert_to_numpy(value), 0.0, atol=1e-8)


def small_generator():
    latents = keras.Input((3,))
    labels = keras.Input((), dtype="int32")
    table = layers.Flatten()(layers.Embedding(2, 3)(labels))
    features = layers.Dense(8, use_bias=False)(layers.Add()([latents, table]))
    features = layers.Reshape((2, 2, 2))(features)
    features = layers.Conv2DTranspose(2, 2, 2, use_bias=False)(features)
    images = layers.Conv2D(1, 1)(features)
    return keras.Model([latents, labels], images)


def small_gan(generator, **options):
    images = keras.Input((4, 4, 1))
    labels = keras.Input((), dtype="int32")
    features = layers.Flatten()(images)
    scores = layers.Dense(1, kernel_initializer="zeros")(features)
    table = layers.Embedding(2, 1, embeddings_initializer="zeros")(labels)
    scores = layers.Add()([scores, layers.Flatten()(table)])
    gan = GAN(
        generator,
        keras.Model([images, labels], scores),
        num_classes=2,
        loss="wasserstein",
        **options,
    )
    # A discriminator of zeros that stays so: the regularizer alone pulls.
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(0.0))
    return gan


@pytest.mark.parametrize("share_fakes", [False, True])
def test_the_generator_goes_down_its_gradient(share_fakes):
    generator = small_generator()
    before = generator.get_weights()
    gan = small_gan(
        generator, orthogonal_regularization=0.01, share_fakes=share_fakes
    )
    batch = np.zeros((2, 4, 4, 1), "float32"), np.zeros(2, "int32")
    logs = gan.adversarial_step(tuple(map(ops.convert_to_tensor, batch)))
    loss = 0.0
    for old, variable in zip(before, generator.weights, strict=True):
        new = as_matrix(ops.convert_to_numpy(variable))
        expected = as_matrix(old)
        if variable.path.endswith("kernel"):
            axis = -2 if "transpose" in variable.path else -1
            new = as_matrix(ops.convert_to_numpy(variable), axis)
            matrix = as_matrix(old, axis)
            loss += 0.01 * np.sum(others(matrix) ** 2)
            expected = matrix - 4 * 0.01 * matrix @ others(matrix)
        assert_allclose(new, expected, rtol=1e-4, atol=1e-5)
    assert loss > 0
    assert_allclose(float(logs["generator_loss"]), loss, rtol=1e-4)


def test_a_saved_model_has_it(tmp_path):
    gan = small_gan(small_generator(), orthogonal_regularization=0.5)
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert copy.orthogonal_regularization == 0.5
    found = [w.regularizer for w in copy.generator.trainable_weights]
    found = [r.get_config() for r in found if r is not None]
    assert sorted(r["axis"] for r in found) == [-2, -1, -1]
    assert {r["weight"] for r in found} == {0.5}
    plain = small_gan(small_generator())
    assert not any(w.regularizer for w in plain.generator.trainable_weights)


@pytest.mark.once
def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="Received: -1"):
        OrthogonalRegularization(-1.0)
    with pytest.raises(ValueError, match="Received: -2"):
        small_gan(small_generator(), orthogonal_regularization=-2.0)
    latents = keras.Input((3,))
    dense = layers.Dense(2, kernel_regularizer="l2", name="first")
    network = keras.Model(latents, dense(latents))
    with pytest.raises(ValueError, match="layer 'first'.*with L2"):
        regularize_kernels(network, 0.1)

"""Updates by parts against updates of the whole batch."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose

from keras_gans.layers import SpectralNormalization
from keras_gans.models import GAN
from keras_gans.models.accumulation import accumulated_gradients
from keras_gans.penalties import GradientPenalty

IMAGES = np.random.default_rng(0).uniform(-1, 1, (12, 4, 4, 1))
LABELS = np.arange(12) % 3


def network(normalization=None):
    """Features of latents and labels, in which images do not meet."""
    parts = [layers.Dense(16), layers.LeakyReLU(), layers.Dense(16)]
    parts[0] = SpectralNormalization(parts[0])
    if normalization:
        parts.insert(1, normalization)
    return keras.Sequential(parts)


def gan(**options):
    keras.utils.set_random_seed(1)
    latents = keras.Input((6,))
    labels = keras.Input((), dtype="int32")
    embedded = layers.Embedding(3, 6)(labels)
    images = network()(layers.Add()([latents, embedded]))
    generator = keras.Model(
        [latents, labels], layers.Reshape((4, 4, 1))(images)
    )
    images = keras.Input((4, 4, 1))
    labels = keras.Input((), dtype="int32")
    features = network()(layers.Flatten()(images))
    scores = layers.Dense(1)(features)
    classes = layers.Dot(1)([features, layers.Embedding(3, 16)(labels)])
    discriminator = keras.Model(
        [images, labels], layers.Add()([scores, classes])
    )
    model = GAN(
        generator,
        discriminator,
        num_classes=3,
        loss="non_saturating",
        **options,
    )
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    return model


def values(model):
    return [ops.convert_to_numpy(v) for v in model.weights]


@pytest.mark.parametrize("run_eagerly", [True, False])
@pytest.mark.parametrize("parts", [2, 3])
def test_the_update_is_that_of_the_whole_batch(parts, run_eagerly):
    results = []
    for accumulate in (1, parts):
        model = gan(n_critic=2, accumulate=accumulate, ema_decay=0.5)
        start = values(model)
        model.run_eagerly = run_eagerly
        history = model.fit(
            IMAGES,
            LABELS,
            batch_size=12,
            epochs=2,
            shuffle=False,
            verbose=0,
        )
        results.append((values(model), history.history))
    (whole, losses), (by_parts, their_losses) = results
    assert all(
        not np.array_equal(old, new)
        for old, new in zip(start, whole, strict=True)
    )
    for ours, theirs in zip(by_parts, whole, strict=True):
        assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    for name, values_ in losses.items():
        assert_allclose(their_losses[name], values_, rtol=1e-5)


def objective_with_statistics(normalization):
    model = network(normalization)
    model.build((None, 5))

    def objective(inputs):
        return ops.mean(ops.square(model(inputs, training=True))), {}

    return model, objective


def test_moving_means_are_the_whole_batch_s():
    # m ← 0.9 m + 0.1 mean, and a mean of equal parts' means is the batch's.
    batch = np.random.default_rng(2).normal(size=(8, 5)).astype("float32")
    layer = layers.BatchNormalization(momentum=0.9)
    model, objective = objective_with_statistics(layer)
    first = keras.Model(model.inputs[0], model.layers[0].output)
    expected = 0.1 * ops.convert_to_numpy(first(batch)).mean(axis=0)
    accumulated_gradients(
        objective, [ops.convert_to_tensor(batch)], 4, model, model.variables
    )
    assert_allclose(
        ops.convert_to_numpy(layer.moving_mean), expected, rtol=1e-4, atol=1e-6
    )


def test_every_part_draws_its_own_noise():
    # Dropout of a half: with equal masks in all parts, equal parts would
    # give equal gradients, and the bias' would be a multiple of one part's.
    model = keras.Sequential([layers.Dropout(0.5, seed=3), layers.Dense(1)])
    model.build((None, 64))

    def objective(inputs):
        return ops.mean(model(inputs, training=True)), {}

    part = np.ones((2, 64), "float32")
    state = model.layers[0].seed_generator.state
    before = ops.convert_to_numpy(state)
    _, gradients = accumulated_gradients(
        objective,
        [ops.convert_to_tensor(np.repeat(part, 8, axis=0))],
        8,
        model,
        model.variables,
    )
    # Of 2 x 8 draws of 0 or 2, a mean takes more values than of 2.
    found = np.unique(ops.convert_to_numpy(gradients[0]).round(4))
    assert len(found) > 3
    assert not np.array_equal(ops.convert_to_numpy(state), before)


def test_penalties_and_steps_of_fit_go_by_parts():
    model = gan(accumulate=3, n_critic=2, penalty=GradientPenalty(1.0))
    model.fit(IMAGES, LABELS, batch_size=6, verbose=0)
    assert model.step == 2
    assert int(model.optimizer.discriminator.iterations) == 4


@pytest.mark.parametrize("size", [9, 10])
def test_a_batch_that_cannot_be_split_is_refused(size):
    model = gan(n_critic=2, accumulate=3)
    batch = (
        ops.zeros((size, 4, 4, 1)),
        ops.zeros((size,), "int32"),
    )
    with pytest.raises(ValueError, match=r"accumulate=3. Use, for .* 12"):
        model.adversarial_step(batch)


def test_shared_fakes_and_parts_exclude_each_other():
    with pytest.raises(ValueError, match="accumulate=2"):
        gan(share_fakes=True, accumulate=2)


@pytest.mark.once
def test_at_least_one_part():
    with pytest.raises(ValueError, match="accumulate=0"):
        gan(accumulate=0)


@pytest.mark.once
def test_the_number_of_parts_is_saved(tmp_path):
    model = gan(accumulate=3)
    model.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert copy.accumulate == 3

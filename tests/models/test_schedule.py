"""The length of training, set in a model whose step was traced."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import GAN
from keras_gans.models.optimizers import LinearDecay, make_optimizers

STEPS = 6


class Counting(GAN):
    """Counts how often its step is traced, or run where nothing is."""

    def adversarial_step(self, data):
        self.calls = getattr(self, "calls", 0) + 1
        return super().adversarial_step(data)


def scheduled(make_gan, steps, ema_start, gan_class=GAN):
    gan = make_gan(gan_class, n_critic=2, ema_decay=0.5, ema_start=ema_start)
    gan.compile(
        *make_optimizers(
            generator_learning_rate=1e-2,
            discriminator_learning_rate=1e-2,
            decay_steps=steps,
            n_critic=2,
        )
    )
    return gan


def train(gan, batch, steps=STEPS):
    images, labels = (np.concatenate([part] * steps) for part in batch)
    gan.fit(images, labels, batch_size=8, shuffle=False, verbose=0)


def state(gan):
    variables = [*gan.variables, *gan.optimizer.variables]
    return [np.array(ops.convert_to_numpy(v.value)) for v in variables]


def test_a_schedule_that_is_set_trains_as_one_that_was_built(make_gan, batch):
    built = scheduled(make_gan, STEPS, 3)
    changed = scheduled(make_gan, 1000, 0)
    changed.set_schedule(STEPS, ema_start=3)
    for gan in (built, changed):
        train(gan, batch)
    for ours, expected in zip(state(changed), state(built), strict=True):
        assert_array_equal(ours, expected)
    assert changed.ema_start == 3


def test_a_traced_step_follows_a_schedule_that_is_set_later(make_gan, batch):
    gan = scheduled(make_gan, 1000, 0, Counting)
    train(gan, batch, 2)
    traced, calls = gan.train_function, gan.calls
    # By two steps of two, the rate is 0: no weight moves any more.
    gan.set_schedule(2, ema_start=100)
    weights = gan.generator.trainable_weights
    before = [np.array(ops.convert_to_numpy(w)) for w in weights]
    train(gan, batch, 2)
    assert gan.train_function is traced
    if keras.backend.backend() != "torch":
        assert gan.calls == calls
    for weight, value in zip(weights, before, strict=True):
        assert_array_equal(ops.convert_to_numpy(weight), value)
    # Before its start the average is a copy.
    pairs = zip(
        gan.averaged_generator.weights, gan.generator.weights, strict=True
    )
    for average, weight in pairs:
        copy, original = map(ops.convert_to_numpy, (average, weight))
        assert_allclose(copy, original, rtol=1e-6, atol=1e-7)


def test_each_player_has_its_updates_of_the_steps(make_gan):
    gan = scheduled(make_gan, 1000, 0)
    gan.set_schedule(10)
    generator, discriminator = (
        optimizer._learning_rate
        for optimizer in (gan.optimizer.generator, gan.optimizer.discriminator)
    )
    assert (generator.steps, discriminator.steps) == (10, 20)
    # α (1 - t / T) after t = 5 updates.
    assert_allclose(ops.convert_to_numpy(generator(5)), 5e-3, rtol=1e-6)
    assert_allclose(ops.convert_to_numpy(discriminator(5)), 7.5e-3, rtol=1e-6)
    assert generator.get_config()["steps"] == 10


def test_files_have_the_state_and_not_the_schedule(make_gan, batch, tmp_path):
    import h5py

    gan = scheduled(make_gan, 4, 1)
    train(gan, batch, 2)
    path = tmp_path / "gan.weights.h5"
    gan.save_weights(path)
    with h5py.File(path) as file:
        # The count of steps, and the learning rate that is the players'.
        assert set(file["optimizer/vars"]) == {"0", "1"}
        text = []
        file.visit(text.append)
    assert not [name for name in text if "schedule" in name]
    other = scheduled(make_gan, 100, 7)
    other.load_weights(path)
    assert other.step == 2
    assert int(ops.convert_to_numpy(other.optimizer.average_start)) == 7
    rate = other.optimizer.generator._learning_rate(50)
    assert_allclose(ops.convert_to_numpy(rate), 5e-3, rtol=1e-6)


def test_a_saved_model_has_the_schedule_that_was_set(make_gan, tmp_path):
    gan = scheduled(make_gan, 1000, 0)
    gan.set_schedule(20, ema_start=9)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.ema_start == 9
    assert int(ops.convert_to_numpy(loaded.optimizer.average_start)) == 9
    assert loaded.optimizer.generator._learning_rate.steps == 20


def test_rates_without_a_decay_stay(make_gan):
    gan = make_gan()
    gan.set_schedule(20)
    for optimizer in (gan.optimizer.generator, gan.optimizer.discriminator):
        assert isinstance(optimizer._learning_rate, keras.Variable)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"steps": 0}, "steps"),
        ({"steps": 1.5}, "steps"),
        ({"steps": 5, "ema_start": -1}, "ema_start"),
    ],
)
def test_impossible_schedules_are_refused(make_gan, arguments, words):
    gan = scheduled(make_gan, 10, 3)
    with pytest.raises(ValueError, match=words):
        gan.set_schedule(**arguments)
    assert gan.ema_start == 3
    assert gan.optimizer.generator._learning_rate.steps == 10


def test_a_decay_without_a_model_is_set_too():
    decay = LinearDecay(2.0, 100)
    decay.set_steps(10)
    assert_allclose(ops.convert_to_numpy(decay(5)), 1.0, rtol=1e-6)
    with pytest.raises(ValueError, match="steps"):
        decay.set_steps(-1)

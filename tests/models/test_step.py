"""One training step: who moves, when, and by how much."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend
from keras_gans.layers import (
    ClassProjection,
    ConditionalBatchNormalization,
    Conv2DAveragePool,
    SelfAttention,
    SpectralNormalization,
)
from keras_gans.models import GAN
from keras_gans.models.network_checks import may_be_halved
from keras_gans.penalties import GradientPenalty
from tests.callbacks.tiny import fit, tiny_gan


def values(variables):
    return [ops.convert_to_numpy(v).astype("float64") for v in variables]


def moved(before, after):
    """Which of the values differ, one flag for each."""
    pairs = zip(before, after, strict=True)
    return [not np.array_equal(*pair) for pair in pairs]


class Recorder(GAN):
    """Keeps the state after each update, and what the discriminator sees."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.history_of_states = []
        self.history_of_batches = []

    def state(self):
        return {
            "generator": values(self.generator.trainable_variables),
            "generator_buffers": values(self.generator.non_trainable_weights),
            "discriminator": values(self.discriminator.trainable_variables),
            "discriminator_buffers": values(
                self.discriminator.non_trainable_weights
            ),
            "average": values(self.averaged_generator.weights)
            if self.averaged_generator
            else [],
        }

    def step_by_step(self, batch):
        """Takes a step; returns the states before, between and after."""
        self.history_of_states = [self.state()]
        self.adversarial_step(tuple(map(ops.convert_to_tensor, batch)))
        return [*self.history_of_states, self.state()]

    def _train_discriminator(self, *args):
        super()._train_discriminator(*args)
        self.history_of_states.append(self.state())

    def _update_average(self):
        self.history_of_states.append(self.state())
        super()._update_average()

    def discriminator_objective(self, real, labels, fake, fake_labels):
        self.history_of_batches.append((real, labels))
        return super().discriminator_objective(real, labels, fake, fake_labels)


@pytest.mark.parametrize("penalty", [None, GradientPenalty(1.0)])
def test_each_update_changes_its_player_alone(make_gan, batch, penalty):
    gan = make_gan(Recorder, n_critic=2, ema_decay=0.5, penalty=penalty)
    states = gan.step_by_step(batch)
    changes = [
        {name: moved(before[name], after[name]) for name in before}
        for before, after in zip(states[:-1], states[1:], strict=True)
    ]
    players = {"discriminator", "generator", "average"}
    order = ["discriminator", "discriminator", "generator", "average"]
    for player, change in zip(order, changes, strict=True):
        for name, flags in change.items():
            belongs = name.removesuffix("_buffers") == player
            assert flags == [belongs] * len(flags), (player, name)
    assert players == set(order)
    assert [len(states[0][name]) for name in states[0]] == [5, 3, 6, 4, 8]


def test_a_penalty_leaves_the_statistics_to_the_scores(make_gan, batch):
    states = []
    for penalty in (None, GradientPenalty(10.0)):
        gan = make_gan(Recorder, n_critic=2, penalty=penalty)
        states.append(gan.step_by_step(batch)[1])
    for name in ("discriminator_buffers", "discriminator"):
        without, with_penalty = (state[name] for state in states)
        if name == "discriminator":
            assert any(moved(without, with_penalty))
        else:
            # The mean of a batch of real and generated images, not more.
            for ours, theirs in zip(with_penalty, without, strict=True):
                assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def test_each_discriminator_update_has_its_part_of_the_batch(make_gan, batch):
    gan = make_gan(Recorder, n_critic=2)
    gan.step_by_step(batch)
    images, labels = batch
    assert len(gan.history_of_batches) == 2
    for index, (real, real_labels) in enumerate(gan.history_of_batches):
        part = slice(4 * index, 4 * index + 4)
        assert_array_equal(ops.convert_to_numpy(real), images[part])
        assert_array_equal(ops.convert_to_numpy(real_labels), labels[part])


@pytest.mark.parametrize(("decay", "start"), [(0.75, 0), (0.75, 2), (0.0, 0)])
def test_the_average_follows_the_recursion(make_gan, batch, decay, start):
    gan = make_gan(Recorder, n_critic=2, ema_decay=decay, ema_start=start)
    average = values(gan.generator.weights)
    assert not any(moved(average, values(gan.averaged_generator.weights)))
    for step in range(4):
        gan.step_by_step(batch)
        kept = decay if step >= start else 0.0
        average = [
            kept * old + (1.0 - kept) * new
            for old, new in zip(
                average, values(gan.generator.weights), strict=True
            )
        ]
        for ours, expected in zip(
            values(gan.averaged_generator.weights), average, strict=True
        ):
            assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


def test_latents_and_labels_are_new_every_time(make_gan):
    gan = make_gan()
    latents = [ops.convert_to_numpy(gan.draw_latents(500)) for _ in range(2)]
    assert latents[0].shape == (500, 6)
    assert np.abs(latents[0] - latents[1]).max() > 0.1
    assert_allclose(np.mean(latents), 0.0, atol=0.06)
    assert_allclose(np.std(latents), 1.0, atol=0.06)
    labels = ops.convert_to_numpy(gan.draw_labels(3000))
    assert_allclose(np.bincount(labels), [1000] * 3, atol=120)
    assert make_gan(num_classes=0).draw_labels(5) is None


class LinearGame:
    """G(z) = W z and D(x) = v·x with the hinge loss, by hand."""

    rates = {"generator": 0.2, "discriminator": 0.1}

    def __init__(self, seed):
        random = np.random.default_rng(seed)
        self.weights = random.normal(size=(2, 3))
        self.vector = 0.1 * random.normal(size=3)
        self.real = random.normal(size=(8, 3))
        self.latents = random.normal(size=(3, 4, 2))

    def step(self):
        """Takes two discriminator steps and one of the generator."""
        losses, scores = [], []
        for part in range(2):
            real = self.real[4 * part : 4 * part + 4]
            fake = self.latents[part] @ self.weights
            margins = 1.0 - real @ self.vector, 1.0 + fake @ self.vector
            losses.append(sum(np.maximum(0.0, m).mean() for m in margins))
            scores.append([(x @ self.vector).mean() for x in (real, fake)])
            gradient = (margins[1] > 0) @ fake - (margins[0] > 0) @ real
            self.vector -= self.rates["discriminator"] * gradient / 4.0
        mean = self.latents[2].mean(axis=0)
        generator_loss = -mean @ self.weights @ self.vector
        self.weights += self.rates["generator"] * np.outer(mean, self.vector)
        return np.mean(losses), generator_loss, *np.mean(scores, axis=0)


class FixedLatents(GAN):
    """Draws the same latents every step."""

    def adversarial_step(self, data):
        self.draws = iter(self.table)
        return super().adversarial_step(data)

    def draw_latents(self, count):
        return ops.array(next(self.draws), dtype="float32")


def test_fit_is_algorithm_1_on_two_plain_networks():
    game = LinearGame(seed=0)
    networks = []
    for name, weights in (
        ("generator", game.weights),
        ("discriminator", game.vector[:, None]),
    ):
        inputs = keras.Input(weights.shape[:1])
        dense = layers.Dense(weights.shape[1], use_bias=False)
        networks.append(keras.Model(inputs, dense(inputs), name=name))
        networks[-1].set_weights([weights])
    gan = FixedLatents(*networks, loss="hinge", n_critic=2)
    gan.table = game.latents.tolist()
    gan.compile(
        keras.optimizers.SGD(game.rates["generator"]),
        keras.optimizers.SGD(game.rates["discriminator"]),
    )
    for _ in range(3):
        history = gan.fit(
            game.real.astype("float32"), batch_size=8, shuffle=False, verbose=0
        ).history
        names = "discriminator_loss", "generator_loss", "real_score"
        logs = dict(zip((*names, "fake_score"), game.step(), strict=True))
        assert set(history) == set(logs)
        for name, value in logs.items():
            assert_allclose(history[name], value, rtol=1e-4, atol=1e-6)
    assert_allclose(gan.generator.get_weights()[0], game.weights, rtol=1e-4)
    assert_allclose(
        gan.discriminator.get_weights()[0][:, 0], game.vector, rtol=1e-4
    )
    assert gan.step == 3
    optimizer = gan.optimizer
    assert int(optimizer.generator.iterations) == 3
    assert int(optimizer.discriminator.iterations) == 6


def test_shared_fakes_are_one_pass_less_and_nothing_else():
    # With the same latents for both players, drawing afresh or sharing the
    # generated images is the same computation, to the last bit or nearly so.
    def trained(share_fakes):
        keras.utils.set_random_seed(0)
        gan = tiny_gan(num_classes=3, ema_decay=0.9, share_fakes=share_fakes)
        latents = np.random.default_rng(0).normal(size=(8, 3))
        latents = ops.convert_to_tensor(latents.astype("float32"))
        labels = ops.convert_to_tensor(np.arange(8, dtype="int32") % 3)
        gan.draw_latents = lambda count: latents
        gan.draw_labels = lambda count: labels
        fit(gan, 3, [], y=np.arange(24, dtype="int32") % 3)
        return gan.get_weights()

    for shared, afresh in zip(trained(True), trained(False), strict=True):
        np.testing.assert_allclose(shared, afresh, rtol=1e-5, atol=1e-6)


def test_the_generator_may_have_several_updates_of_larger_batches(
    make_gan, batch
):
    class Counter(Recorder):
        drawn = ()

        def draw_latents(self, count):
            self.drawn = (*self.drawn, int(count))
            return super().draw_latents(count)

    gan = make_gan(Counter, n_critic=2, generator_steps=3, generator_batch=2)
    before = int(gan.optimizer.generator.iterations)
    gan.step_by_step(batch)
    # Two discriminator batches of 4, then three of the generator of 8.
    assert gan.drawn == (4, 4, 8, 8, 8)
    assert int(gan.optimizer.generator.iterations) == before + 3
    assert int(gan.optimizer.discriminator.iterations) == 2
    assert gan.step == 1


class BatchMean(layers.Layer):
    """Scores an image by the mean over its batch: 1 weight."""

    def build(self, input_shape):
        self.weight = self.add_weight(shape=(), initializer="ones")

    def call(self, inputs):
        mean = ops.mean(inputs, keepdims=True)
        return self.weight * (mean + 0.0 * inputs)


@pytest.mark.parametrize("joint", [True, False])
def test_batches_are_scored_together_or_apart(joint):
    # Reals are 1 and fakes 0: apart, the scores are 1 and 0, together 1/2.
    latents, images = keras.Input((1,)), keras.Input((1,))
    zero = layers.Dense(1, kernel_initializer="zeros")
    gan = GAN(
        keras.Model(latents, zero(latents)),
        keras.Model(images, BatchMean()(images)),
        loss="wasserstein",
        joint_scoring=joint,
    )
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    loss, _ = gan.discriminator_objective(
        ops.ones((4, 1)), None, ops.zeros((4, 1)), None
    )
    assert_allclose(values([loss])[0], 0.0 if joint else -1.0, atol=1e-6)


def test_apart_only_the_real_pass_moves_the_buffers(make_gan, batch):
    images, labels = map(ops.convert_to_tensor, batch)
    moving = []
    for shift in (0.0, 5.0):
        gan = make_gan(joint_scoring=False)
        gan.discriminator_objective(images, labels, images + shift, labels)
        moving.append(values(gan.discriminator.non_trainable_weights))
    assert not any(moved(*moving))
    start = values(make_gan().discriminator.non_trainable_weights)
    assert all(moved(start, moving[0]))


def test_relativistic_losses_see_the_real_images_in_both_updates(batch):
    gan = tiny_gan(loss="relativistic_hinge")
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    images = ops.convert_to_tensor(batch[0])
    fake = gan.generate(gan.draw_latents(8), None)
    scores = [values([gan.score(x, None)])[0] for x in (images, fake)]
    real, generated = scores[0] - scores[1].mean(), scores[1] - scores[0].mean()
    assert_allclose(
        values([gan.generator_objective(fake, None, images)[0]])[0],
        np.maximum(0, 1 - generated).mean() + np.maximum(0, 1 + real).mean(),
        rtol=1e-5,
    )
    history = fit(gan, 2, []).history
    assert np.isfinite(history["generator_loss"]).all()


@pytest.mark.parametrize("exempt", [(), ("last",)])
def test_the_discriminators_weights_are_clipped_after_its_update(exempt):
    latents, images = keras.Input((2,)), keras.Input((3,))
    hidden = layers.Dense(4, bias_initializer="ones", name="first")(images)
    score = layers.Dense(1, bias_initializer="ones", name="last")(hidden)
    gan = GAN(
        keras.Model(latents, layers.Dense(3)(latents)),
        keras.Model(images, score),
        weight_clipping=0.01,
        weight_clipping_exempt=exempt,
    )
    gan.compile("sgd", "sgd")
    copy = GAN.from_config(gan.get_config())
    copy.compile("sgd", "sgd")
    for model in (gan, copy):
        model.fit(np.ones((4, 3), "float32"), batch_size=4, verbose=0)
        for variable in model.discriminator.trainable_variables:
            largest = np.abs(values([variable])[0]).max()
            clipped = exempt == () or "first" in variable.path
            assert (largest <= 0.01 + 1e-8) == clipped, variable.path
    generator = values(gan.generator.trainable_variables)
    assert max(np.abs(value).max() for value in generator) > 0.01


@pytest.mark.parametrize("share_fakes", [False, True])
def test_regularizers_are_part_of_each_players_loss(share_fakes):
    latents, images = keras.Input((1,)), keras.Input((1,))
    options = {"kernel_initializer": "ones", "use_bias": False}
    generate = layers.Dense(1, kernel_regularizer="l2", **options)
    score = layers.Dense(
        1, kernel_regularizer=keras.regularizers.L2(0.25), **options
    )
    gan = GAN(
        keras.Model(latents, generate(latents)),
        keras.Model(images, score(images)),
        loss="wasserstein",
        share_fakes=share_fakes,
    )
    gan.compile(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.5))
    zeros = ops.zeros((2, 1))
    gan.draw_latents = lambda count: zeros
    logs = gan.adversarial_step((zeros,))
    # All images are 0, so that only w² c pulls: w -> w (1 - 2 · 0.5 c).
    assert_allclose(gan.discriminator.get_weights()[0], 0.75, rtol=1e-5)
    assert_allclose(gan.generator.get_weights()[0], 0.99, rtol=1e-5)
    assert_allclose(float(logs["generator_loss"]), 0.01, rtol=1e-5)


def test_a_lazy_penalty_is_that_of_every_other_update(make_gan, batch):
    # λ P at every second update is 2 λ P, then nothing.
    lazy = make_gan(n_critic=2, penalty=GradientPenalty(3.0, interval=2))
    plain = make_gan(n_critic=2, penalty=GradientPenalty(6.0))
    train, updates = plain._train_discriminator, []

    def without_every_second(*args):
        plain.penalty.weight = 0.0 if len(updates) % 2 else 6.0
        updates.append(plain.penalty.weight)
        train(*args)

    plain._train_discriminator = without_every_second
    for gan in (lazy, plain):
        for _ in range(2):
            gan.adversarial_step(tuple(map(ops.convert_to_tensor, batch)))
    assert updates == [6.0, 0.0, 6.0, 0.0]
    for ours, theirs in zip(
        values(lazy.weights), values(plain.weights), strict=True
    ):
        assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_a_lazy_penalty_trains_in_fit(make_gan, batch):
    gan = make_gan(n_critic=2, penalty=GradientPenalty(3.0, interval=2))
    history = gan.fit(*batch, batch_size=4, epochs=2, verbose=0)
    assert np.isfinite(history.history["discriminator_loss"]).all()


def attentive_pair():
    """Networks with spectral vectors, attention and projection."""
    latents, images = keras.Input((3,)), keras.Input((8, 8, 3))
    labels = keras.Input((), dtype="int32")
    generated = SpectralNormalization(layers.Dense(192))(latents)
    generated = layers.Reshape((8, 8, 3))(generated)
    generated = ConditionalBatchNormalization(3)(generated, labels)
    generated = layers.Activation("tanh")(generated)
    features = SpectralNormalization(Conv2DAveragePool(8, 3))(images)
    features = SelfAttention()(layers.Activation("relu")(features))
    features = layers.Flatten()(features)
    scores = layers.Add()(
        [layers.Dense(1)(features), ClassProjection(3)(features, labels)]
    )
    return (
        keras.Model([latents, labels], generated),
        keras.Model([images, labels], scores),
    )


def test_halves_are_scored_as_the_whole(monkeypatch):
    # The same updates on every backend, whether or not it halves batches.
    images = np.random.default_rng(0).normal(size=(4, 8, 8, 3))
    batch = np.tanh(images).astype("float32"), np.arange(4) % 3
    after = []
    for branches in (True, False):
        monkeypatch.setattr(backend, "BRANCHES", branches)
        keras.utils.set_random_seed(0)
        gan = GAN(*attentive_pair(), num_classes=3)
        gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        assert gan._branches == branches
        gan.train_on_batch(*batch)
        after.append(values(gan.weights))
    for halved, whole in zip(*after, strict=True):
        assert_allclose(halved, whole, atol=2e-6)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: layers.Lambda(lambda x: x - ops.mean(x, axis=0)),
        lambda: layers.Dropout(0.5),
        lambda: layers.BatchNormalization(),
        lambda: BatchMean(),
        lambda: lambda x: x - ops.mean(x, axis=0),
    ],
)
def test_no_batch_is_halved_whose_images_may_meet(layer):
    images = keras.Input((3,))
    assert may_be_halved(keras.Model(images, layers.Dense(1)(images)))
    scores = layers.Dense(1)(layer()(images))
    assert not may_be_halved(keras.Model(images, scores))

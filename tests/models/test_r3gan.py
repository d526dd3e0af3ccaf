"""R3GAN: its objectives, its burn-in, its pairs, saved and resumed."""

import math

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.models.r3gan import R3GAN
from keras_gans.models.r3gan_schedules import BurnInAdam, wave
from keras_gans.penalties import R1, R2

SMALL = {
    "resolution": 8,
    "channels": 1,
    "latent_dim": 5,
    "generator_width": 4,
    "discriminator_width": 4,
    "blocks": 1,
    "group_size": 4,
    "ema_decay": 0.9,
}
BURN_IN = 4
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-1, 1, (8, 8, 8, 1)).astype("float32")
LABELS = RANDOM.integers(0, 3, 8).astype("int32")


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def cosine(images, base, final, total):
    """The released code's schedule, a number by the images seen."""
    if images > total:
        return final
    return base + (1 - 0.5 * (1 + np.cos(np.pi * images / total))) * (
        final - base
    )


def small(classes=0, **changes):
    keras.utils.set_random_seed(1)
    return R3GAN.from_settings(**SMALL | changes, num_classes=classes)


def train(gan, steps, batch_size=4):
    count = steps * batch_size
    data = [np.resize(IMAGES, (count, 8, 8, 1))]
    if gan.num_classes:
        data.append(np.resize(LABELS, count))
    return gan.fit(
        *data, batch_size=batch_size, shuffle=False, verbose=0
    ).history


def values(variables):
    return [as_float64(variable) for variable in variables]


class TestObjectives:
    """A discriminator whose gradient is known, of images and classes."""

    @pytest.fixture
    def gan(self):
        # D(x, y) = a tanh(w·x) + e_y·(w·x): per image, and of its class.
        images, labels = keras.Input((2, 2, 1)), keras.Input((), dtype="int32")
        slope = layers.Dense(1, use_bias=False, name="slope")
        along = slope(layers.Flatten()(images))
        bent = layers.Activation("tanh")(along)
        vectors = layers.Embedding(3, 1, name="vectors")(labels)
        scores = layers.Add()([bent, layers.Multiply()([along, vectors])])
        discriminator = keras.Model([images, labels], scores)
        latents = keras.Input((4,))
        labels = keras.Input((), dtype="int32")
        shifts = layers.Embedding(3, 4, name="shifts")(labels)
        flat = layers.Add()([latents, shifts])
        generator = keras.Model(
            [latents, labels], layers.Reshape((2, 2, 1))(flat)
        )
        gan = R3GAN(
            generator,
            discriminator,
            num_classes=3,
            penalty=[R1(0.7), R2(0.3)],
        )
        random = np.random.default_rng(2)
        for weight in gan.discriminator.weights + gan.generator.weights:
            weight.assign(random.normal(size=weight.shape))
        gan.compile("sgd", "sgd")
        return gan

    @pytest.fixture
    def pairs(self):
        random = np.random.default_rng(3)
        real, fake = random.normal(size=(2, 6, 2, 2, 1)).astype("float32")
        return real, fake, np.array([0, 1, 2, 0, 1, 2], "int32")

    def oracle(self, gan, images, labels):
        """Returns scores and squared gradient norms in float64."""
        slope, vectors = (
            as_float64(gan.discriminator.get_layer(name).weights[0])
            for name in ("slope", "vectors")
        )
        along = images.reshape(6, 4).astype("float64") @ slope
        own = vectors[labels]
        scores = np.tanh(along) + along * own
        steep = 1 - np.tanh(along) ** 2 + own
        return scores, steep[:, 0] ** 2 * np.sum(slope**2)

    def test_the_discriminator_s_is_the_published_formula(self, gan, pairs):
        real, fake, labels = pairs
        loss, logs = gan.discriminator_objective(
            *map(ops.convert_to_tensor, (real, labels, fake, labels))
        )
        (of_real, steep_real), (of_fake, steep_fake) = (
            self.oracle(gan, images, labels) for images in (real, fake)
        )
        pairing = np.mean(np.logaddexp(0, -(of_real - of_fake)))
        r1, r2 = 0.35 * steep_real.mean(), 0.15 * steep_fake.mean()
        assert_allclose(as_float64(logs["r1"]), r1, rtol=1e-5)
        assert_allclose(as_float64(logs["r2"]), r2, rtol=1e-5)
        assert_allclose(as_float64(loss), pairing + r1 + r2, rtol=1e-5)

    def test_the_generator_s_is_the_published_formula(self, gan, pairs):
        real, fake, labels = pairs
        loss, _ = gan.generator_objective(
            *map(ops.convert_to_tensor, (fake, labels, real, labels))
        )
        of_real, of_fake = (
            self.oracle(gan, images, labels)[0] for images in (real, fake)
        )
        expected = np.mean(np.logaddexp(0, -(of_fake - of_real)))
        assert_allclose(as_float64(loss), expected, rtol=1e-5)


@pytest.mark.once
def test_pairs_are_of_one_class():
    gan = small(3, share_fakes=False)
    seen = []
    generate = gan.generate

    def recording(latents, labels, **options):
        seen.append(labels)
        return generate(latents, labels, **options)

    gan.generate = recording
    labels = ops.convert_to_tensor(LABELS)
    gan.adversarial_step((ops.convert_to_tensor(IMAGES), labels))
    assert len(seen) == 2
    for drawn in seen:
        assert_array_equal(ops.convert_to_numpy(drawn), LABELS)


@pytest.mark.once
def test_blocks_of_a_larger_generator_batch_are_paired_too():
    gan = small(3, generator_batch=2)
    drawn = gan.fake_labels(ops.convert_to_tensor(LABELS), 16)
    assert_array_equal(ops.convert_to_numpy(drawn), np.tile(LABELS, 2))
    assert small().fake_labels(None, 8) is None


def test_adam_s_step_size_and_second_decay_follow_the_burn_in():
    # In float64; ε as TensorFlow 1 adds it.
    rate, first, final, rest, length = 0.1, 0.5, 0.9, 0.25, 4
    optimizer = BurnInAdam(
        rate,
        0.0,
        first,
        final_beta_2=final,
        remaining_rate=rest,
        burn_in=length,
        epsilon=1e-8,
    )
    start = np.array([1.0, -2.0, 0.5])
    variable = keras.Variable(start.astype("float32"))
    optimizer.build([variable])
    expected, moment = start.copy(), np.zeros(3)
    gradients = np.random.default_rng(0).normal(size=(7, 3))
    for step, gradient in enumerate(gradients):
        decay = cosine(step, first, final, length)
        alpha = cosine(step, rate, rest * rate, length)
        assert_allclose(as_float64(optimizer.learning_rate), alpha, rtol=1e-5)
        assert_allclose(as_float64(optimizer.beta_2), decay, rtol=1e-5)
        moment = decay * moment + (1 - decay) * gradient**2
        corrected = np.sqrt(1 - decay ** (step + 1))
        expected -= alpha * corrected * gradient / (np.sqrt(moment) + 1e-8)
        optimizer.apply([ops.array(gradient, "float32")], [variable])
        assert_allclose(as_float64(variable), expected, rtol=1e-4)
    assert_allclose(as_float64(optimizer.beta_2), final, rtol=1e-6)
    copy = BurnInAdam.from_config(optimizer.get_config())
    assert copy.get_config() == optimizer.get_config()
    assert copy.get_config()["beta_2"] == first


def test_a_step_s_optimizers_compute_what_they_do_alone():
    # On TensorFlow updates go by one kernel, which has the same formula.
    gan = small(burn_in=BURN_IN)
    weights = gan.discriminator.trainable_weights
    alone = [keras.Variable(ops.convert_to_numpy(w)) for w in weights]
    own = gan.optimizer.discriminator
    other = BurnInAdam.from_config(own.get_config())
    other.build(alone)
    random = np.random.default_rng(0)
    for _ in range(3):
        gradients = [
            ops.array(random.normal(size=w.shape), "float32") for w in weights
        ]
        own.apply(gradients, weights)
        other.apply(gradients, alone)
    for value, expected in zip(values(weights), values(alone), strict=True):
        assert_allclose(value, expected, rtol=1e-5, atol=1e-7)


def test_the_half_life_of_the_average_grows_from_nothing():
    # As released: 0.5^(batch / images), of images that grow by a cosine.
    batch, images = 16, 160.0
    gan = small(burn_in=BURN_IN, ema_decay=0.5 ** (batch / images))
    for step in range(BURN_IN + 3):
        gan.optimizer.iterations.assign(step)
        half_life = cosine(step, 0.0, images, BURN_IN)
        expected = 0.5 ** (batch / max(half_life, 1e-8))
        decay = as_float64(gan.average_decay())
        assert_allclose(decay, expected, rtol=1e-5, atol=1e-12)


def test_the_average_of_a_step_has_that_decay():
    gan = small(burn_in=BURN_IN)
    weight, average = (
        network.get_layer("images").kernel
        for network in (gan.generator, gan.averaged_generator)
    )
    expected = as_float64(average)
    for step in range(6):
        train(gan, 1)
        half = cosine(step, 0.0, 1.0, BURN_IN)
        decay = 0.9 ** (1 / half) if half else 0.0
        expected = decay * expected + (1 - decay) * as_float64(weight)
        assert_allclose(as_float64(average), expected, rtol=1e-4, atol=1e-6)


def test_without_a_burn_in_everything_stays_as_it_starts():
    gan = small(generator_learning_rate=3e-4, beta_2=0.8, r1_weight=0.3)
    assert gan.average_decay() == 0.9
    for optimizer in (gan.optimizer.generator, gan.optimizer.discriminator):
        assert type(optimizer) is not BurnInAdam
        assert optimizer.beta_2 == 0.8
    assert [penalty.weight for penalty in gan.penalty] == [0.3, 0.05]
    gan.set_schedule(10, burn_in=3)
    assert gan.burn_in is None


@pytest.mark.once
def test_penalties_are_logged_with_the_weight_of_their_step():
    # Weights that do not move, and a γ that falls to a tenth.
    gan = small(
        burn_in=BURN_IN,
        r1_weight=2.0,
        r2_weight=0.0,
        discriminator_learning_rate=1e-30,
        generator_learning_rate=1e-30,
    )
    assert [type(penalty) for penalty in gan.penalty] == [R1]
    rows = [train(gan, 1)["r1"][0] for _ in range(BURN_IN + 2)]
    expected = [cosine(step, 1.0, 0.1, BURN_IN) for step in range(BURN_IN + 2)]
    assert_allclose(np.array(rows) / rows[0], expected, rtol=1e-4)


@pytest.mark.once
def test_the_probability_of_an_augmentation_rises():
    gan = small(burn_in=BURN_IN, ada=True, augment_probability=0.6)
    for step in range(BURN_IN + 2):
        history = train(gan, 1)
        expected = cosine(step, 0.0, 0.6, BURN_IN)
        logged = history["augment_probability"][0]
        assert_allclose(logged, expected, rtol=1e-5, atol=1e-7)
    assert gan.augmentation.get_config()["probability"] == 0.6


class Counting(R3GAN):
    """Counts how often its step is traced, or run where nothing is."""

    def adversarial_step(self, data):
        self.calls = getattr(self, "calls", 0) + 1
        return super().adversarial_step(data)


@pytest.mark.once
def test_a_burn_in_that_is_set_is_one_that_was_built():
    settings = {"n_critic": 2, "r1_weight": 1.0, "decay_steps": 30}
    built, changed = (
        small(**settings, burn_in=length) for length in (BURN_IN, 1000)
    )
    changed.set_schedule(30, burn_in=BURN_IN)
    for gan in (built, changed):
        train(gan, 6, 8)
    for ours, expected in zip(
        values(changed.weights), values(built.weights), strict=True
    ):
        assert_array_equal(ours, expected)
    assert changed.burn_in == BURN_IN
    waves = (
        changed.optimizer.generator.wave,
        changed.optimizer.discriminator.wave,
        changed.penalty[0].weight,
    )
    lengths = [schedule.updates for schedule in waves]
    assert lengths == [BURN_IN, 2 * BURN_IN, 2 * BURN_IN]


def test_a_traced_step_follows_a_burn_in_that_is_set_later():
    keras.utils.set_random_seed(1)
    gan = Counting.from_settings(**SMALL, burn_in=1000, remaining_rate=0.0)
    train(gan, 2)
    traced, calls = gan.train_function, gan.calls
    # After one step both rates are 0: no weight moves any more.
    gan.set_schedule(100, burn_in=1)
    before = values(gan.trainable_weights)
    train(gan, 2)
    assert gan.train_function is traced
    if keras.backend.backend() != "torch":
        assert gan.calls == calls
    for ours, expected in zip(
        values(gan.trainable_weights), before, strict=True
    ):
        assert_array_equal(ours, expected)


@pytest.mark.parametrize(
    "classes", [pytest.param(0, marks=pytest.mark.once), 3]
)
def test_a_saved_model_goes_on_as_before(tmp_path, classes):
    gan = small(classes, burn_in=BURN_IN)
    train(gan, 2)
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert isinstance(copy, R3GAN)
    assert copy.get_config()["burn_in"] == BURN_IN
    assert isinstance(copy.optimizer.discriminator, BurnInAdam)
    for model in (gan, copy):
        train(model, 3)
    for ours, expected in zip(
        values(copy.weights), values(gan.weights), strict=True
    ):
        assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


def test_every_weight_moves_and_stays_finite():
    gan = small(3, burn_in=BURN_IN, generator_learning_rate=1e-2)
    before = values(gan.trainable_weights)
    history = train(gan, 3)
    for name in ("r1", "r2", "generator_loss", "discriminator_loss"):
        assert np.isfinite(history[name]).all()
    for weight, old in zip(gan.trainable_weights, before, strict=True):
        now = as_float64(weight)
        assert np.isfinite(now).all() and not np.array_equal(now, old)


@pytest.mark.once
def test_steps_that_keep_no_features_are_the_same():
    results = []
    for remat in (False, True):
        gan = small(3, burn_in=BURN_IN, remat=remat, r1_weight=1.0)
        start = values(gan.trainable_weights)
        gan.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
        train(gan, 3)
        results.append(values(gan.trainable_weights))
    for ours, theirs, old in zip(*results, start, strict=True):
        assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
        assert not np.array_equal(ours, old)


@pytest.mark.once
def test_images_start_as_bilinear_maps_of_the_latents():
    # All blocks pass their input: twice the latents, twice the images.
    gan = small()
    latents = np.random.default_rng(0).normal(size=(2, 5)).astype("float32")
    once, twice = (
        as_float64(gan.generator(factor * latents)) for factor in (1, 2)
    )
    assert_allclose(twice, 2 * once, rtol=1e-5, atol=1e-6)


@pytest.mark.once
def test_lengths_and_parts_are_checked():
    with pytest.raises(ValueError, match="burn_in"):
        wave(0)
    with pytest.raises(ValueError, match="burn_in must be at least 1"):
        small(burn_in=0)
    with pytest.raises(ValueError, match="remaining_rate.*at most 1"):
        small(remaining_rate=1.5)
    with pytest.raises(ValueError, match="optimizer='rmsprop'"):
        small(burn_in=3, optimizer="rmsprop")
    gan = small(burn_in=3)
    with pytest.raises(ValueError, match="burn_in"):
        gan.set_schedule(10, burn_in=-1)


@pytest.mark.once
def test_a_rate_that_decays_is_lowered_by_both():
    gan = small(burn_in=BURN_IN, decay_steps=20, learning_rate_hold=0.5)
    optimizer = gan.optimizer.generator
    for step in (0, 2, 10, 15):
        optimizer.iterations.assign(step)
        expected = cosine(step, 2e-4, 5e-5, BURN_IN)
        expected *= min(1.0, (1 - step / 20) / 0.5)
        rate = as_float64(optimizer.learning_rate)
        assert math.isclose(rate, expected, rel_tol=1e-5)

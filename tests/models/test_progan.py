"""ProGAN: its schedule, its objectives, growth in a run, saved and resumed."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from benchmarks.counting import count_call
from keras_gans.models.growth import GrowingAdam, Growth
from keras_gans.models.progan import ProGAN
from keras_gans.networks.progan import progan_discriminator, progan_generator
from keras_gans.penalties import Drift

SMALL = {
    "resolution": 8,
    "channels": 1,
    "latent_dim": 4,
    "max_channels": 4,
    "fade_steps": 4,
    "stable_steps": 2,
    "ema_decay": 0.5,
}
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-1, 1, (40, 8, 8, 1)).astype("float32")
# Of 2 steps of each stage and 4 of fading: α of the stages 1 and 2.
TABLE = {
    0: (0, 0.0, 0.0),
    1: (0, 0.0, 0.0),
    2: (0, 0.0, 0.0),
    3: (1, 0.25, 0.0),
    4: (1, 0.5, 0.0),
    5: (1, 0.75, 0.0),
    6: (1, 1.0, 0.0),
    8: (1, 1.0, 0.0),
    9: (2, 1.0, 0.25),
    12: (2, 1.0, 1.0),
    99: (2, 1.0, 1.0),
}


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def small(**changes):
    keras.utils.set_random_seed(1)
    return ProGAN.from_settings(**SMALL | changes)


def train(gan, first, last, **options):
    """Trains by the batches of these steps."""
    return gan.fit(
        IMAGES[4 * first : 4 * last],
        batch_size=4,
        shuffle=False,
        verbose=0,
        **options,
    ).history


def values(gan):
    return {
        variable.path + str(index): as_float64(variable)
        for index, variable in enumerate(
            [*gan.variables, *gan.optimizer.variables]
        )
    }


def shares(gan):
    return [
        float(as_float64(network.get_layer("fade_8").share))
        for network in (
            gan.generator,
            gan.discriminator,
            gan.averaged_generator,
        )
    ]


def released(step, fade, stable, last):
    """The released code's stage, in parts: the level of detail from below."""
    whole = step // (fade + stable)
    detail = last - whole
    if fade:
        rest = step - whole * (fade + stable)
        detail -= max(rest - stable, 0) / fade
    return last - max(detail, 0)


@pytest.mark.once
@pytest.mark.parametrize("step", TABLE)
def test_the_schedule_is_the_table(step):
    growth = Growth(fade_steps=4, stable_steps=2, last=2)
    found = [growth.stage(step), *(growth.share(k, step) for k in (1, 2))]
    assert tuple(found) == TABLE[step]


@pytest.mark.once
@pytest.mark.parametrize("lengths", [(4, 2), (3, 3), (5, 0), (0, 3), (1, 1)])
def test_the_schedule_is_the_released_code_s(lengths):
    growth = Growth(*lengths, last=3)
    gan = small(
        resolution=32,
        max_channels=2,
        fade_steps=lengths[0],
        stable_steps=lengths[1],
    )
    gan.phase = 3
    for step in range(30):
        position = released(step, *lengths, 3)
        expected = np.clip(position - np.arange(3), 0, 1)
        found = [growth.share(stage, step) for stage in (1, 2, 3)]
        assert_allclose(found, expected, atol=1e-12)
        assert growth.stage(step) == np.ceil(position)
        gan.optimizer.iterations.assign(step)
        in_step = [float(as_float64(share)) for share in gan._shares()]
        assert_allclose(in_step, expected, atol=1e-6)


@pytest.mark.once
def test_phases_are_the_steps_of_each_stage():
    growth = Growth(fade_steps=4, stable_steps=2, last=2)
    for begin, end in itertools.combinations((0, 2, 3, 8, 9, 20), 2):
        stages = [growth.stage(step) for step in range(begin, end)]
        expected = [
            (stage, stages.count(stage) / len(stages))
            for stage in dict.fromkeys(stages)
        ]
        assert growth.phases(begin, end) == expected
    assert growth.phases(5, 5) == [(1, 1.0)]


@pytest.fixture(scope="module")
def grown():
    """A model after each of its first eight steps, in one call of fit."""
    gan = small()
    rows = [(0, values(gan), shares(gan))]

    class Note(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.synchronize()
            rows.append((self.model.phase, values(gan), shares(gan)))

    history = train(gan, 0, 8, callbacks=[Note()])
    return gan, rows, history


def test_a_run_grows_by_its_schedule(grown):
    gan, rows, history = grown
    assert gan.step == 8
    assert set(history) == {
        "discriminator_loss",
        "generator_loss",
        "real_score",
        "fake_score",
        "penalty",
        "drift",
    }
    assert all(np.isfinite(row).all() for row in history.values())
    # After step t the shares are those of step t - 1, the average's too,
    # which is of the last weights by half.
    for step, (phase, _, found) in enumerate(rows[1:]):
        assert phase == TABLE.get(step, TABLE[8])[0]
        assert found == [TABLE.get(step, TABLE[8])[1]] * 3


def test_a_stage_trains_its_own_layers_alone(grown):
    gan, rows, _ = grown
    before, stage_0, stage_1 = rows[0][1], rows[3][1], rows[8][1]
    of_weights = {id(w) for w in gan.trainable_weights}
    names = [
        variable.path + str(index)
        for index, variable in enumerate(
            [*gan.variables, *gan.optimizer.variables]
        )
        if id(variable) in of_weights
    ]
    assert len(names) == len(gan.trainable_weights) == 26
    for name in names:
        later = any(
            part in name for part in ("block_8", "to_image_8", "from_image_8")
        )
        moved = not np.array_equal(stage_0[name], before[name])
        assert moved != later, name
        assert not np.array_equal(stage_1[name], before[name]), name
    # All of them are in the samples, which have one size at every stage.
    assert gan.sampling_generator.output_shape == (None, 8, 8, 1)
    assert gan.predict(np.ones((2, 4), "float32"), verbose=0).shape == (
        (2, 8, 8, 1)
    )


def test_moments_begin_anew_where_the_model_grows(grown):
    gan, *_ = grown
    for player in (gan.optimizer.generator, gan.optimizer.discriminator):
        assert int(as_float64(player.born)) == 3
        assert int(as_float64(player.iterations)) == 8


def test_a_run_that_is_resumed_while_it_fades_is_the_run(grown, tmp_path):
    # After four steps a half is faded in.
    first = small()
    train(first, 0, 4)
    first.save_weights(tmp_path / "gan.weights.h5")
    second = small()
    second.load_weights(tmp_path / "gan.weights.h5")
    train(second, 4, 8)
    expected = grown[1][8][1]
    for (name, value), other in zip(
        values(second).items(), expected.values(), strict=True
    ):
        if "loss" not in name and "score" not in name:
            assert_array_equal(value, other, err_msg=name)


@pytest.mark.once
def test_a_saved_model_has_grown_as_far(grown, tmp_path):
    gan, *_ = grown
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert isinstance(copy, ProGAN)
    assert copy.growth == gan.growth
    assert isinstance(copy.optimizer.discriminator, GrowingAdam)
    assert [penalty.name for penalty in copy.penalty] == ["penalty", "drift"]
    latents = RANDOM.normal(size=(2, 4)).astype("float32")
    images = [m.predict(latents, verbose=0) for m in (gan, copy)]
    assert_array_equal(*images)
    copy.grow()
    assert copy.phase == 1


def halved(images):
    count, height, width, channels = images.shape
    blocks = images.reshape(count, height // 2, 2, width // 2, 2, channels)
    return blocks.mean(axis=(2, 4))


def doubled(images):
    return images.repeat(2, axis=1).repeat(2, axis=2)


@pytest.mark.parametrize("phase", [0, 1, 2])
def test_real_images_are_faded_at_the_size_of_the_stage(phase):
    gan = small(resolution=16)
    gan.phase, share = phase, 0.3
    for size in (8, 16):
        gan.discriminator.get_layer(f"fade_{size}").share.assign(share)
    images = RANDOM.uniform(-1, 1, (2, 16, 16, 1)).astype("float32")
    expected = images.astype("float64")
    for _ in range(2 - phase):
        expected = halved(expected)
    if phase:
        old = doubled(halved(expected))
        expected = (1 - share) * old + share * expected
    found = gan.real_inputs(ops.convert_to_tensor(images))
    assert_allclose(as_float64(found), expected, rtol=1e-5, atol=1e-6)


def test_losses_are_those_of_the_paper():
    # At a weight of the gradients' penalty that leaves the others.
    gan = small(penalty_weight=0.0, drift_weight=0.5)
    assert [type(penalty) for penalty in gan.penalty] == [Drift]
    gan.phase = 1
    for network in (gan.generator, gan.discriminator):
        network.get_layer("fade_8").share.assign(0.3)
    real = ops.convert_to_tensor(IMAGES[:4])
    latents = ops.convert_to_tensor(
        RANDOM.normal(size=(4, 4)).astype("float32")
    )
    fake = gan.generate(latents, None)
    scores = [
        as_float64(gan.score(images, None))
        for images in (gan.real_inputs(real), fake)
    ]
    loss, logs = gan.discriminator_objective(real, None, fake, None)
    drift = 0.5 * np.mean(scores[0] ** 2)
    expected = np.mean(scores[1]) - np.mean(scores[0]) + drift
    assert_allclose(as_float64(loss), expected, rtol=1e-4, atol=1e-6)
    assert_allclose(as_float64(logs["drift"]), drift, rtol=1e-4)
    loss, _ = gan.generator_objective(fake, None)
    assert_allclose(as_float64(loss), -np.mean(scores[1]), rtol=1e-4)


@pytest.mark.once
def test_a_norm_of_gradients_divides_the_penalty_by_its_square():
    gan = small(penalty_weight=10.0, penalty_target=750.0)
    assert gan.penalty[0].target == 750.0
    assert gan.penalty[0].weight == pytest.approx(10.0 / 750.0**2)


def generator_arithmetic(stage, width=4, latent_dim=4, channels=1):
    """Multiplications of an image of a stage, without folding."""
    count = latent_dim * 16 * width + 16 * 9 * width**2
    count += 16 * width * channels
    for size in [8, 16, 32][:stage]:
        count += size**2 * (2 * 9 * width**2 + width * channels)
    return count


@pytest.mark.once
def test_a_stage_s_arithmetic_is_that_of_its_layers():
    gan = small(resolution=32, folding=False)
    latents = np.zeros((2, 4), "float32")
    found = []
    for stage in range(4):
        gan.phase = stage
        operations, _ = count_call(lambda z: gan.generate(z, None), latents)
        assert operations == 2 * 2 * generator_arithmetic(stage)
        found.append(operations)
    # Each has some four times as many pixels as the one before.
    assert found[3] > 3 * found[2] > 9 * found[1]


def test_adam_that_begins_anew_is_a_new_adam():
    rate, first, second = 0.1, 0.5, 0.9
    settings = {"beta_1": first, "beta_2": second, "epsilon": 1e-8}
    optimizer = GrowingAdam(rate, **settings)
    start = np.array([1.0, -2.0, 0.5])
    variable = keras.Variable(start.astype("float32"))
    optimizer.build([variable])
    expected, count = start.copy(), 0
    m, v = np.zeros(3), np.zeros(3)
    for step, gradient in enumerate(RANDOM.normal(size=(9, 3))):
        if step == 4:
            optimizer.restart()
            m, v, count = np.zeros(3), np.zeros(3), 0
        count += 1
        m = first * m + (1 - first) * gradient
        v = second * v + (1 - second) * gradient**2
        corrected = rate * np.sqrt(1 - second**count) / (1 - first**count)
        expected -= corrected * m / (np.sqrt(v) + 1e-8)
        optimizer.apply([ops.array(gradient, "float32")], [variable])
        assert_allclose(as_float64(variable), expected, rtol=1e-4)


@pytest.mark.once
def test_a_traced_step_follows_lengths_that_are_set_later():
    gan = small(fade_steps=1000, stable_steps=0)
    train(gan, 0, 3)
    assert shares(gan) == [pytest.approx(2 / 1000)] * 3
    traced = gan.train_function
    gan.set_schedule(100, fade_steps=8)
    train(gan, 3, 4)
    assert gan.train_function is traced
    assert shares(gan) == [3 / 8] * 3
    assert (gan.fade_steps, gan.stable_steps) == (8, 0)


@pytest.mark.once
def test_growth_waits_for_the_next_call_of_several_steps():
    gan = small(fade_steps=2, stable_steps=1)
    gan.compile("sgd", "sgd", steps_per_execution=2)
    seen = []

    class Note(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((self.model.phase, shares(gan)[0]))

    # The first step with a share is 2: begins a call.
    train(gan, 0, 6, callbacks=[Note()])
    assert seen == [(0, 0.0), (1, 1.0), (1, 1.0)]
    gan = small(fade_steps=2, stable_steps=2)
    gan.compile("sgd", "sgd", steps_per_execution=2)
    seen.clear()
    # It is 3 here: that step is still one of 4 pixels.
    train(gan, 0, 6, callbacks=[Note()])
    assert seen == [(0, 0.0), (0, 0.0), (1, 1.0)]


@pytest.mark.once
def test_steps_that_keep_no_features_are_the_same():
    results = []
    for remat in (False, True):
        gan = small(remat=remat, fade_steps=4, stable_steps=0)
        gan.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
        train(gan, 0, 3)
        results.append([as_float64(w) for w in gan.trainable_weights])
    for ours, theirs in zip(*results, strict=True):
        assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.once
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fade_steps": -1}, "fade_steps must be at least 0"),
        ({"stable_steps": -1}, "stable_steps must be at least 0"),
        ({"fade_steps": 0, "stable_steps": 0}, "one must be positive"),
        ({"resolution": 12}, "power of two of 8 or more"),
        ({"num_classes": 3}, "ProGAN is unconditional"),
        ({"optimizer": "rmsprop"}, "Use optimizer=adam"),
        ({"drift_weight": -0.1}, "drift_weight must be at least 0"),
        ({"penalty_target": 0.0}, "penalty_target must be above 0"),
        ({"projected_discriminator": True}, "grows with its generator"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        small(**settings)


@pytest.mark.once
def test_networks_and_lengths_that_do_not_fit_are_refused():
    generator = progan_generator(resolution=8, max_channels=2)
    with pytest.raises(ValueError, match=r"\[4, 8\].*\[4, 8, 16\]"):
        ProGAN(generator, progan_discriminator(resolution=16, max_channels=2))
    with pytest.raises(ValueError, match="two or more"):
        ProGAN(keras.Sequential(), keras.Sequential())
    for lengths in ({"fade_steps": -2}, {"stable_steps": 0.5}):
        with pytest.raises(ValueError, match=f"{[*lengths][0]}.*integer"):
            Growth(**{"fade_steps": 1, "stable_steps": 1} | lengths, last=1)
    gan = small()
    with pytest.raises(ValueError, match="one must be positive"):
        gan.set_schedule(9, fade_steps=0, stable_steps=0)
    assert gan.fade_steps == SMALL["fade_steps"]

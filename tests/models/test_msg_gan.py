"""MSG-GAN: the step, the pyramid, one view of the weights, every loss."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.losses import RelativisticHinge
from keras_gans.models.msg_gan import MSGGAN
from keras_gans.networks.msg import msg_discriminator, msg_generator
from keras_gans.penalties import GradientPenalty

TINY = {"resolution": 8, "channels": 1, "latent_dim": 5, "max_channels": 4}
IMAGES = np.random.default_rng(0).uniform(-1, 1, (8, 8, 8, 1)).astype("float32")
LATENTS = np.random.default_rng(1).normal(size=(8, 5)).astype("float32")


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def values(variables):
    return [as_float64(variable) for variable in variables]


def moved(before, variables):
    pairs = zip(before, values(variables), strict=True)
    return [not np.array_equal(*pair) for pair in pairs]


def step(gan):
    return gan.adversarial_step(ops.convert_to_tensor(IMAGES))


def test_two_steps_of_fit_move_every_weight():
    gan = MSGGAN.from_settings(**TINY | {"resolution": 16}, ema_decay=0.5)
    assert isinstance(gan.adversarial_loss, RelativisticHinge)
    before = values(gan.weights)
    images = IMAGES.repeat(2, axis=1).repeat(2, axis=2)
    history = gan.fit(images, batch_size=4, verbose=0).history
    assert set(history) == {
        "discriminator_loss",
        "generator_loss",
        "real_score",
        "fake_score",
    }
    assert all(np.isfinite(history[name]).all() for name in history)
    flags = moved(before, gan.weights)
    assert all(np.isfinite(value).all() for value in values(gan.weights))
    for weight, flag in zip(gan.weights, flags, strict=True):
        # The loss sees differences of scores, which their bias leaves alone.
        assert flag or "score/bias" in weight.path, weight.path
    # Those that the scores of one scale alone can have moved are among them.
    names = {weight.path for weight in gan.weights}
    for size in (4, 8, 16):
        assert any(f"to_image_{size}/kernel" in name for name in names)
    assert gan.step == 2


@pytest.mark.once
def test_a_saved_model_samples_and_trains_as_before(tmp_path):
    gan = MSGGAN.from_settings(**TINY, ema_decay=0.5)
    gan.fit(IMAGES, batch_size=4, verbose=0, shuffle=False)
    expected = gan.sampling_generator.predict(LATENTS, verbose=0)
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert isinstance(copy, MSGGAN)
    for name in ("joint_scoring", "ema_decay", "num_classes", "penalty"):
        assert getattr(copy, name) == getattr(gan, name)
    assert isinstance(copy.adversarial_loss, RelativisticHinge)
    outputs = copy.sampling_generator.predict(LATENTS, verbose=0)
    assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    for model in (gan, copy):
        model.fit(IMAGES, batch_size=4, verbose=0, shuffle=False)
    for ours, theirs in zip(gan.weights, copy.weights, strict=True):
        # The gradient of the score's bias is rounding alone, see above.
        if "score/bias" not in ours.path:
            assert_allclose(
                as_float64(ours), as_float64(theirs), rtol=1e-4, atol=1e-5
            )


def test_real_images_are_the_means_of_blocks_of_the_full_image():
    gan = MSGGAN.from_settings(**TINY | {"resolution": 32})
    images = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 1))
    pyramid = gan.real_inputs(ops.convert_to_tensor(images.astype("float32")))
    assert [scale.shape[1] for scale in pyramid] == [4, 8, 16, 32]
    for scale in pyramid:
        size = scale.shape[1]
        blocks = images.reshape(2, size, 32 // size, size, 32 // size, 1)
        expected = blocks.mean(axis=(2, 4))
        assert_allclose(as_float64(scale), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.once
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_each_update_moves_its_player_alone(player):
    gan = MSGGAN.from_settings(**TINY)
    other = {"generator": "discriminator"}.get(player, "generator")
    # The other's update is left out.
    setattr(gan, f"_train_{other}", lambda *args: None)
    before = [values(getattr(gan, name).weights) for name in (player, other)]
    step(gan)
    flags = moved(before[0], getattr(gan, player).trainable_weights)
    assert flags[:-1] == [True] * (len(flags) - 1)
    assert not any(moved(before[1], getattr(gan, other).weights))


@pytest.mark.once
def test_both_objectives_are_equations_10_to_13():
    gan = MSGGAN.from_settings(**TINY)
    real = ops.convert_to_tensor(IMAGES)
    fake = gan.generate(LATENTS, None)
    # Each batch is scored with its own deviation.
    real_scores = as_float64(gan.discriminator(gan.real_inputs(real)))
    fake_scores = as_float64(gan.discriminator(fake))
    rf, fr = real_scores - fake_scores.mean(), fake_scores - real_scores.mean()
    of_discriminator, _ = gan.discriminator_objective(real, None, fake, None)
    of_generator, _ = gan.generator_objective(fake, None, real, None)
    expected = [
        np.maximum(0, 1 - rf).mean() + np.maximum(0, 1 + fr).mean(),
        np.maximum(0, 1 + rf).mean() + np.maximum(0, 1 - fr).mean(),
    ]
    assert_allclose(as_float64(of_discriminator), expected[0], rtol=1e-5)
    assert_allclose(as_float64(of_generator), expected[1], rtol=1e-5)


@pytest.mark.once
def test_the_generator_is_pulled_at_every_scale():
    # A loss without a margin beyond which there is no gradient.
    gan = MSGGAN.from_settings(
        **TINY | {"resolution": 32}, loss="relativistic_non_saturating"
    )
    images = np.random.default_rng(0).uniform(-1, 1, (4, 32, 32, 1))
    _, gradients = backend.value_and_input_gradients(
        partial(
            gan.generator_objective,
            labels=None,
            real=ops.convert_to_tensor(images.astype("float32")),
        ),
        gan.generate(LATENTS[:4], None),
        gan.variables,
    )
    assert [gradient.shape[1] for gradient in gradients] == [4, 8, 16, 32]
    for gradient in gradients:
        assert np.abs(as_float64(gradient)).max() > 0


@pytest.mark.once
@pytest.mark.parametrize(
    ("loss", "options"),
    [
        ("wasserstein", {"penalty_weight": 10.0, "n_critic": 2}),
        ("hinge", {"combine": "add"}),
        ("least_squares", {"optimizer": "rmsprop"}),
        ("relativistic_least_squares", {"group_size": 4}),
        ("relativistic_hinge", {"share_fakes": True}),
    ],
)
def test_other_losses_and_options_train(loss, options):
    gan = MSGGAN.from_settings(**TINY, loss=loss, **options)
    before = values(gan.generator.weights)
    logs = step(gan)
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert all(moved(before, gan.generator.trainable_weights))


def scored_by_sums(first, second):
    """A discriminator with the score first·Σo_4 + second·Σo_8."""
    inputs = [keras.Input((size, size, 1)) for size in (4, 8)]
    sums = []
    for images, weight in zip(inputs, (first, second), strict=True):
        dense = layers.Dense(1, use_bias=False)
        sums.append(dense(layers.Flatten()(images)))
        dense.kernel.assign(np.full(dense.kernel.shape, weight))
    return keras.Model(inputs, layers.Add()(sums))


@pytest.mark.once
def test_the_penalty_takes_one_norm_over_all_scales():
    gan = MSGGAN(
        msg_generator(**TINY),
        scored_by_sums(0.5, 0.25),
        loss="wasserstein",
        penalty=GradientPenalty(3.0),
    )
    gan.compile("sgd", "sgd")
    real = ops.convert_to_tensor(IMAGES)
    fake = gan.generate(LATENTS, None)
    with_penalty, _ = gan.discriminator_objective(real, None, fake, None)
    gan.penalty = None
    without, _ = gan.discriminator_objective(real, None, fake, None)
    # The gradient is 0.5 at 16 pixels and 0.25 at 64: a norm of √8.
    expected = 3.0 * (np.sqrt(8.0) - 1.0) ** 2
    assert_allclose(as_float64(with_penalty - without), expected, rtol=1e-4)


def test_samples_are_the_largest_images_of_the_average():
    gan = MSGGAN.from_settings(**TINY, ema_decay=0.5)
    for weight in gan.averaged_generator.weights:
        weight.assign(as_float64(weight) + 0.5)
    scales = gan.multi_scale_generator(LATENTS)
    assert [tuple(images.shape) for images in scales] == [
        (8, 4, 4, 1),
        (8, 8, 8, 1),
    ]
    for images in (gan.sampling_generator(LATENTS), gan(LATENTS)):
        assert_allclose(
            as_float64(images), as_float64(scales[-1]), rtol=1e-5, atol=1e-6
        )
    different = as_float64(gan.generator(LATENTS)[-1])
    assert np.abs(different - as_float64(scales[-1])).max() > 1e-3


@pytest.mark.once
def test_the_view_of_the_largest_images_is_made_once_and_counts_nothing():
    gan = MSGGAN.from_settings(**TINY, ema_decay=None)
    weights = len(gan.weights)
    view = gan.sampling_generator
    assert gan.sampling_generator is view
    assert len(gan.weights) == weights
    assert weights == len(gan.generator.weights + gan.discriminator.weights)
    gan.average_generator(0.9)
    averaged = gan.sampling_generator
    assert averaged is not view
    used = {id(weight) for weight in averaged.weights}
    unused = [
        weight.path
        for weight in gan.averaged_generator.weights
        if id(weight) not in used
    ]
    # The largest images do without the layers of the smaller ones alone.
    assert unused == ["to_image_4/kernel", "to_image_4/bias"]


@pytest.mark.once
def test_the_optimizers_are_the_published_ones_or_rmsprop():
    optimizer = MSGGAN.from_settings(**TINY).optimizer
    for adam in (optimizer.generator, optimizer.discriminator):
        assert isinstance(adam, keras.optimizers.Adam)
        betas = adam.beta_1, adam.beta_2, adam.epsilon
        assert betas == (0.0, 0.99, 1e-8)
        assert float(adam.learning_rate) == pytest.approx(1e-3)
    optimizer = MSGGAN.from_settings(**TINY, optimizer="rmsprop").optimizer
    for rmsprop in (optimizer.generator, optimizer.discriminator):
        assert isinstance(rmsprop, keras.optimizers.RMSprop)
        assert rmsprop.rho == 0.99


@pytest.mark.once
def test_classes_are_refused():
    with pytest.raises(ValueError, match="unconditional.*num_classes=3"):
        MSGGAN.from_settings(**TINY, num_classes=3)


@pytest.mark.once
def test_networks_of_different_scales_are_refused():
    with pytest.raises(ValueError, match="each is twice as large"):
        MSGGAN(
            msg_generator(**TINY),
            msg_discriminator(resolution=16, channels=1, max_channels=4),
        )

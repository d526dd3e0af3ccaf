"""WGAN-GP trains on every backend, each update its own player."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.models.wgan_gp import WGANGP

SETTINGS = {
    "resolution": 32,
    "channels": 1,
    "latent_dim": 4,
    "generator_width": 4,
    "discriminator_width": 4,
    "n_critic": 2,
}


def values(variables):
    return [ops.convert_to_numpy(v).astype("float64") for v in variables]


def moved(before, after):
    pairs = zip(before, after, strict=True)
    return [not np.array_equal(*pair) for pair in pairs]


def critic_weights(gan):
    """The critic's weights but the score's bias, which L_D cancels."""
    bias = gan.discriminator.get_layer("score").bias
    return [w for w in gan.discriminator.weights if w is not bias]


def labelled_images(count):
    random = np.random.default_rng(0)
    images = random.uniform(-1.0, 1.0, (count, 32, 32, 1)).astype("float32")
    return images, np.arange(count, dtype="int32") % 3


@pytest.mark.parametrize("player", ["generator", "critic"])
def test_each_update_moves_its_player_alone(stepped, player):
    # The other player's step size is 0.
    before, after = stepped[player]
    for name in before:
        flags = moved(before[name], after[name])
        assert flags == [name == player] * len(flags), name


@pytest.fixture(scope="module")
def stepped():
    """Both players' weights before and after a step in which one learns."""
    keras.utils.set_random_seed(0)
    gan = WGANGP.from_settings(num_classes=3, **SETTINGS)
    gan.compile(*map(keras.optimizers.SGD, (0.1, 0.1)))
    optimizers = {
        "generator": gan.optimizer.generator,
        "critic": gan.optimizer.discriminator,
    }

    def state():
        return {
            "generator": values(gan.generator.trainable_variables),
            "critic": values(critic_weights(gan)),
        }

    states = {}
    for player in optimizers:
        for name, optimizer in optimizers.items():
            optimizer.learning_rate = 0.1 * (name == player)
        before = state()
        gan.train_on_batch(*labelled_images(4))
        states[player] = before, state()
    return states


def test_fit_saves_loads_and_goes_on_the_same(tmp_path):
    keras.utils.set_random_seed(0)
    gan = WGANGP.from_settings(num_classes=3, generator_batch=2, **SETTINGS)
    images, labels = labelled_images(8)

    def fit(model):
        history = model.fit(
            images, labels, batch_size=4, shuffle=False, verbose=0
        ).history
        assert set(history) == {
            "discriminator_loss",
            "generator_loss",
            "real_score",
            "fake_score",
            "penalty",
        }
        assert all(np.isfinite(history[name]).all() for name in history)
        return history

    before = values(critic_weights(gan))
    fit(gan)
    assert gan.step == 2
    assert all(moved(before, values(critic_weights(gan))))
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.penalty.get_config() == gan.penalty.get_config()
    assert loaded.class_loss_on == "real"
    first, second = fit(gan), fit(loaded)
    for name in first:
        assert_allclose(second[name], first[name], rtol=1e-4)
    for ours, theirs in zip(
        gan.get_weights(), loaded.get_weights(), strict=True
    ):
        assert_allclose(theirs, ours, rtol=1e-3, atol=1e-5)


def cross_entropy(labels, logits):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return np.mean(log_sum - shifted[np.arange(len(labels)), labels])


def test_class_losses_have_the_code_s_weights():
    # L_D: 1.0 of the real images alone; L_G: 0.1 of the generated ones.
    gan = WGANGP.from_settings(num_classes=3, **SETTINGS)
    random = np.random.default_rng(0)
    scores, logits = (
        random.normal(size=(2, 5, 1)),
        random.normal(size=(2, 5, 3)),
    )
    labels = np.array([[0, 2, 1, 1, 0], [2, 2, 0, 1, 1]])
    real, fake = (
        [ops.convert_to_tensor(part.astype("float32")) for part in pair]
        for pair in zip(scores, logits, strict=True)
    )
    real_labels, fake_labels = map(ops.convert_to_tensor, labels)
    loss = gan.discriminator_criterion(real, real_labels, fake, fake_labels)
    expected = scores[1].mean() - scores[0].mean()
    expected += cross_entropy(labels[0], logits[0])
    assert_allclose(ops.convert_to_numpy(loss), expected, rtol=1e-5)
    loss = gan.generator_criterion(fake, fake_labels)
    expected = -scores[1].mean() + 0.1 * cross_entropy(labels[1], logits[1])
    assert_allclose(ops.convert_to_numpy(loss), expected, rtol=1e-5)


def test_clipping_bounds_every_weight_of_the_critic():
    # With batch normalization, whose γ starts at 1.
    gan = WGANGP.from_settings(
        **SETTINGS | {"resolution": 28},
        architecture="dcgan",
        method="wgan",
        weight_clipping=0.005,
    )
    assert gan.penalty is None and not gan.joint_scoring
    random = np.random.default_rng(0)
    images = random.uniform(-1.0, 1.0, (8, 28, 28, 1)).astype("float32")
    gan.fit(images, batch_size=8, verbose=0)
    for weight in gan.discriminator.trainable_variables:
        assert np.abs(ops.convert_to_numpy(weight)).max() <= 0.005 * (1 + 1e-6)
    largest = max(np.abs(v).max() for v in gan.generator.get_weights())
    assert largest > 0.5


@pytest.mark.once
def test_the_mnist_penalty_is_that_on_images_in_0_to_1():
    gan = WGANGP.from_preset(
        "wgan_gp_mnist_28", generator_width=4, discriminator_width=4
    )
    # D(x) = v·u with u = (x + 1)/2, whose gradient for u is v.
    slopes = np.random.default_rng(0).normal(size=(28 * 28, 1)) / 20.0
    flat = np.zeros((3, 28 * 28), "float32")
    penalty = gan.penalty(
        lambda x: ops.matmul((x + 1.0) / 2.0, slopes.astype("float32")),
        ops.convert_to_tensor(flat),
        ops.convert_to_tensor(flat + 1.0),
        state=[],
        seed=0,
    )
    expected = 10.0 * (np.linalg.norm(slopes) - 1.0) ** 2
    assert_allclose(ops.convert_to_numpy(penalty), expected, rtol=1e-4)


# Appendix E and Arjovsky et al., Algorithm 1.
METHODS = {
    "wgan_gp": ("Wasserstein", "Adam", 1e-4, (0.0, 0.9), 5, None),
    "wgan": ("Wasserstein", "RMSpropTF", 5e-5, None, 5, 0.01),
    "dcgan": ("DCGAN", "Adam", 2e-4, (0.5, 0.999), 1, None),
    "lsgan": ("LeastSquares", "RMSpropTF", 1e-4, None, 1, None),
}


@pytest.mark.once
@pytest.mark.parametrize("method", METHODS)
def test_a_method_has_its_own_settings(method):
    loss, optimizer, rate, betas, n_critic, clipping = METHODS[method]
    gan = WGANGP.from_settings(
        resolution=64,
        architecture="dcgan",
        method=method,
        generator_width=4,
        discriminator_width=4,
    )
    assert type(gan.adversarial_loss).__name__ == loss
    assert gan.n_critic == n_critic
    assert gan.weight_clipping == clipping
    assert (gan.penalty is not None) == (method == "wgan_gp")
    for player in (gan.optimizer.generator, gan.optimizer.discriminator):
        assert type(player).__name__ == optimizer
        assert float(player.learning_rate) == pytest.approx(rate)
        if betas:
            assert (player.beta_1, player.beta_2) == betas
            assert player.epsilon == 1e-8
        else:
            # TensorFlow 1's defaults.
            assert (player.rho, player.epsilon) == (0.9, 1e-10)
    # Layer normalization under the penalty, batch normalization otherwise,
    # real and generated images then apart.
    kinds = {type(layer).__name__ for layer in gan.discriminator.layers}
    assert ("GroupNormalization" in kinds) == (method == "wgan_gp")
    assert ("BatchNormalization" in kinds) == (method != "wgan_gp")
    assert gan.joint_scoring == (method == "wgan_gp")


@pytest.mark.once
def test_a_preset_s_other_methods_bring_their_own_settings():
    gan = WGANGP.from_preset(
        "wgan_gp_lsun_tanh_64",
        method="lsgan",
        beta_2=0.8,
        generator_width=4,
        discriminator_width=4,
    )
    optimizer = gan.optimizer.generator
    assert type(optimizer).__name__ == "RMSpropTF"
    assert optimizer.rho == 0.8
    assert float(optimizer.learning_rate) == pytest.approx(1e-4)
    assert gan.n_critic == 1


@pytest.mark.once
def test_both_learning_rates_fall_to_zero_over_the_steps():
    gan = WGANGP.from_settings(**SETTINGS, decay_steps=10)
    for optimizer, updates in (
        (gan.optimizer.generator, 1),
        (gan.optimizer.discriminator, 2),
    ):
        for step, expected in ((0, 1e-4), (5, 5e-5), (10, 0.0), (12, 0.0)):
            optimizer.iterations.assign(step * updates)
            rate = float(optimizer.learning_rate)
            assert rate == pytest.approx(expected, abs=1e-10)


@pytest.mark.once
def test_moving_statistics_sample_images_one_by_one():
    latents = np.random.default_rng(0).normal(size=(4, 4)).astype("float32")
    for batch_statistics in (True, False):
        gan = WGANGP.from_settings(
            **SETTINGS, batch_statistics=batch_statistics
        )
        together = ops.convert_to_numpy(gan(latents))
        alone = ops.convert_to_numpy(gan(latents[:1]))
        distance = np.abs(alone - together[:1]).max()
        assert (distance > 1e-3) == batch_statistics


@pytest.mark.once
def test_an_averaged_generator_keeps_its_kind_of_statistics():
    gan = WGANGP.from_settings(**SETTINGS, ema_decay=0.5)
    latents = np.random.default_rng(0).normal(size=(2, 4)).astype("float32")
    assert_array_equal(
        ops.convert_to_numpy(gan.averaged_generator(latents)),
        ops.convert_to_numpy(gan.generator(latents)),
    )


@pytest.mark.once
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "gan"}, "wgan_gp, wgan, dcgan, lsgan.*method='gan'"),
        ({"architecture": "vgg"}, "resnet101.*architecture='vgg'"),
        (
            {"architecture": "dcgan", "num_classes": 3},
            "architecture='dcgan', num_classes=3",
        ),
        ({"architecture": "resnet101"}, "64 pixels.*resolution=32"),
        ({"discriminator_normalization": "batch"}, "Use 'layer' or 'off'"),
        ({"discriminator_normalization": "x"}, "normalization='x'"),
        ({"optimizer": "sgd"}, "optimizer='sgd'"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        WGANGP.from_settings(**SETTINGS | changes)

"""LGA trains on every backend; its settings are the paper's methods."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.losses import Hinge, Wasserstein
from keras_gans.losses.decomposed_hinge import SpatiallyDecomposedHinge
from keras_gans.models.lga import LGAGAN
from keras_gans.networks.geo_gan import geo_gan_generator
from keras_gans.penalties import GradientPenalty

SIZE = 16


def small(**settings):
    """A model of the paper's with networks as narrow as they get."""
    defaults = {
        "resolution": 32,
        "channels": 1,
        "latent_dim": 4,
        "generator_width": 4,
        "discriminator_width": 4,
        "n_critic": 1,
    }
    return LGAGAN.from_settings(**(defaults | settings))


def geo_gan(**settings):
    return small(
        **{
            "resolution": SIZE,
            "backbone": "geo_gan",
            "map_resolution": 0,
            "loss": "hinge",
            "penalty_weight": 0.0,
            "optimizer": "rmsprop",
            "beta_2": 0.99,
            **settings,
        }
    )


def patch_gan(**options):
    """A model of 16 pixels whose map has a score for each 4x4 patch."""
    images = keras.Input((SIZE, SIZE, 1), name="images")
    features = layers.Conv2D(4, 4, 4, use_bias=False, name="conv")(images)
    scores = layers.Conv2D(1, 1, use_bias=False, name="score")(features)
    gan = LGAGAN(
        geo_gan_generator(resolution=SIZE, channels=1, latent_dim=4, width=2),
        keras.Model(images, scores, name="discriminator"),
        **options,
    )
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0))
    return gan


def some_images(count, resolution=SIZE):
    random = np.random.default_rng(0)
    images = random.uniform(-1.0, 1.0, (count, resolution, resolution, 1))
    return images.astype("float32")


def values(variables):
    return [ops.convert_to_numpy(variable) for variable in variables]


def check_two_steps_of_fit(gan, resolution):
    kernels = [w for w in gan.weights if not w.path.endswith("bias")]
    before = values(kernels)
    images = some_images(8 * gan.n_critic, resolution)
    history = gan.fit(images, batch_size=4 * gan.n_critic, verbose=0).history
    assert set(history) >= {"discriminator_loss", "generator_loss"}
    assert all(np.isfinite(history[name]).all() for name in history)
    assert all(np.isfinite(value).all() for value in values(gan.weights))
    # Biases before a normalization have no gradient.
    for weight, old, new in zip(kernels, before, values(kernels), strict=True):
        assert not np.array_equal(old, new), weight.path
    assert gan.step == 2


def test_two_steps_of_fit_move_every_weight():
    gan = patch_gan(penalty=GradientPenalty(1.0), n_critic=2, ema_decay=0.5)
    check_two_steps_of_fit(gan, SIZE)


@pytest.mark.once
def test_two_steps_of_lga_8x8_move_every_weight():
    check_two_steps_of_fit(small(map_resolution=8), 32)


def test_geometric_gan_trains_and_clips_all_but_its_last_layer():
    gan = geo_gan(
        generator_steps=3, weight_clipping=0.01, weight_decay=1.0 / 4.0
    )
    gan.fit(some_images(8), batch_size=4, verbose=0)
    assert gan.step == 2
    assert int(gan.optimizer.generator.iterations) == 6
    assert int(gan.optimizer.discriminator.iterations) == 2
    for variable in gan.discriminator.trainable_variables:
        largest = np.abs(ops.convert_to_numpy(variable)).max()
        assert (largest > 0.0101) == ("score" in variable.path), variable.path


@pytest.mark.parametrize("penalty", [None, GradientPenalty(1.0)])
def test_each_update_changes_its_player_alone(penalty):
    gan = patch_gan(penalty=penalty)
    images = ops.convert_to_tensor(some_images(4))
    networks = gan.generator, gan.discriminator
    states = [[values(network.weights) for network in networks]]
    gan._train_discriminator(images, None, *gan._drawn(images))
    states.append([values(network.weights) for network in networks])
    gan._train_generator(*gan._drawn(images), images, None)
    states.append([values(network.weights) for network in networks])
    for (before, after), moving in zip(
        zip(states[:-1], states[1:], strict=True), (1, 0), strict=True
    ):
        for player in (0, 1):
            for old, new in zip(before[player], after[player], strict=True):
                assert np.array_equal(old, new) == (player != moving)


def test_the_penalty_is_on_the_gradient_of_the_mean():
    # Kernels of 3 / 4 and 1, four filters: a cell is 3 times its patch's
    # sum, the mean over 16 cells has gradient 3 / 16 at each of 256 pixels
    # and so norm 3. Scores of black images are 0: L_D = 1 + 1.
    gan = patch_gan(penalty=GradientPenalty(1.0))
    for layer, value in (("conv", 0.75), ("score", 1.0)):
        [kernel] = gan.discriminator.get_layer(layer).weights
        kernel.assign(np.full(kernel.shape, value, "float32"))
    black = ops.zeros((3, SIZE, SIZE, 1))
    loss, _ = gan.discriminator_objective(black, None, black, None)
    assert_allclose(ops.convert_to_numpy(loss), 2.0 + (3.0 - 1.0) ** 2, 1e-5)


def test_the_generator_lowers_the_amplified_scores():
    gan = patch_gan()
    fake = 3.0 * some_images(4)
    cells = ops.convert_to_numpy(gan.discriminator(fake)).astype("float64")
    assert (cells < 0.0).any() and (cells > 1.0).any()
    amplified = np.abs(np.minimum(cells, 1.0)) * cells
    loss, _ = gan.generator_objective(ops.convert_to_tensor(fake), None)
    assert_allclose(ops.convert_to_numpy(loss), -amplified.mean(), rtol=1e-5)


@pytest.mark.once
def test_a_saved_model_goes_on_as_the_model(tmp_path):
    gan = geo_gan(
        ema_decay=0.5, weight_clipping=0.02, weight_decay=0.25, loss="hinge"
    )
    gan.fit(some_images(8), batch_size=4, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert isinstance(loaded, LGAGAN)
    for model in (gan, loaded):
        model.fit(some_images(8), batch_size=4, shuffle=False, verbose=0)
    for mine, theirs in zip(
        values(gan.weights), values(loaded.weights), strict=True
    ):
        assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.once
def test_a_saved_loss_keeps_its_mode(tmp_path):
    loss = SpatiallyDecomposedHinge("monotone", hinge_on="mean")
    gan = patch_gan(loss=loss, penalty=GradientPenalty(1.0))
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.adversarial_loss.get_config() == loss.get_config()
    assert loaded.penalty.get_config() == gan.penalty.get_config()
    images = some_images(2)
    assert_array_equal(
        gan.discriminator.predict(images, verbose=0),
        loaded.discriminator.predict(images, verbose=0),
    )


@pytest.mark.once
@pytest.mark.parametrize("resolution", [32, 64])
@pytest.mark.parametrize(
    ("settings", "loss", "zero", "penalty", "scores"),
    [
        ({"map_resolution": 8}, SpatiallyDecomposedHinge, False, 1, (8, 8, 1)),
        ({"map_resolution": 4}, SpatiallyDecomposedHinge, False, 1, (4, 4, 1)),
        (
            {"map_resolution": 4, "zero": True},
            SpatiallyDecomposedHinge,
            True,
            1,
            (4, 4, 1),
        ),
        ({"map_resolution": 0, "loss": "hinge"}, Hinge, None, 1, (1,)),
        (
            {
                "map_resolution": 0,
                "loss": "wasserstein",
                "penalty_weight": 10.0,
            },
            Wasserstein,
            None,
            10,
            (1,),
        ),
    ],
)
def test_settings_give_the_methods_that_the_paper_compares(
    resolution, settings, loss, zero, penalty, scores
):
    gan = small(resolution=resolution, **settings)
    assert type(gan.adversarial_loss) is loss
    assert gan.adversarial_loss.get_config().get("zero") == zero
    assert gan.penalty.weight == penalty
    assert gan.discriminator.output_shape == (None, *scores)
    assert gan.generator.output_shape == (None, resolution, resolution, 1)
    assert gan.joint_scoring


@pytest.mark.once
def test_sngan_with_lga_trains_without_a_penalty():
    gan = small(
        backbone="sngan",
        map_resolution=4,
        penalty_weight=0.0,
        generator_batch=2,
    )
    assert gan.penalty is None
    assert gan.discriminator.output_shape == (None, 4, 4, 1)
    before = values(gan.weights)
    gan.fit(some_images(8, 32), batch_size=4, verbose=0)
    moved = [
        not np.array_equal(*pair)
        for pair in zip(before, values(gan.weights), strict=True)
    ]
    assert np.mean(moved) > 0.9
    assert all(np.isfinite(value).all() for value in values(gan.weights))


@pytest.mark.once
def test_both_learning_rates_end_with_the_training():
    gan = small(decay_steps=10, n_critic=5)
    for optimizer, updates in (
        (gan.optimizer.generator, 10),
        (gan.optimizer.discriminator, 50),
    ):
        schedule = optimizer.get_config()["learning_rate"]["config"]
        assert schedule["steps"] == updates


@pytest.mark.once
def test_spectral_normalization_is_the_discriminators_alone():
    gan = small(backbone="sngan", map_resolution=4, penalty_weight=0.0)
    buffers = [w.name for w in gan.discriminator.non_trainable_weights]
    assert len(buffers) == len(gan.discriminator.trainable_weights) / 2
    names = {w.name for w in gan.generator.non_trainable_weights}
    assert names == {"moving_mean", "moving_variance"}


@pytest.mark.once
def test_geometric_gan_is_that_of_the_released_code():
    gan = geo_gan(
        weight_clipping=0.01, clip_last_layer=True, generator_steps=10
    )
    assert not gan.joint_scoring
    assert gan.generator_steps == 10
    assert gan.weight_clipping_exempt == ()
    assert geo_gan(weight_clipping=0.01).weight_clipping_exempt == ("score",)
    optimizer = gan.optimizer.discriminator
    assert isinstance(optimizer, keras.optimizers.RMSprop)
    assert (optimizer.rho, optimizer.momentum) == (0.99, 0.0)


@pytest.mark.once
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"backbone": "dcgan"}, "wgan_gp, sngan, geo_gan.*'dcgan'"),
        ({"num_classes": 10}, "num_classes=10.*--conditional=false"),
        ({"map_resolution": 5}, "map_resolution=5"),
        ({"backbone": "sngan", "map_resolution": 3}, "map_resolution=3"),
        ({"backbone": "geo_gan"}, "map_resolution=8.*map_resolution=0"),
        ({"weight_decay": 0.1}, "weight_decay=0.1.*'wgan_gp'"),
        ({"amplification": "squared"}, "'squared'"),
        ({"loss": "decomposed"}, "'decomposed'"),
    ],
)
def test_what_there_is_not_is_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        small(**settings)

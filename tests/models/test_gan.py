"""The base class: saving, sampling, precision and what it refuses."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.losses import Hinge
from keras_gans.models import GAN
from keras_gans.penalties import GradientPenalty


def values(variables):
    return [ops.convert_to_numpy(v).astype("float64") for v in variables]


def assert_same_state(gan, other):
    """Compares weights, optimizers' variables and random states, exactly."""
    for ours, theirs in (
        (gan.variables, other.variables),
        (gan.optimizer.variables, other.optimizer.variables),
    ):
        for a, b in zip(values(ours), values(theirs), strict=True):
            assert_array_equal(a, b)


def train(gan, batch):
    """Takes two training steps."""
    images, labels = batch
    return gan.fit(
        np.concatenate([images, -images]),
        np.concatenate([labels, labels[::-1]]),
        batch_size=8,
        shuffle=False,
        verbose=0,
    ).history


def test_training_goes_on_from_a_file_as_if_never_stopped(
    make_gan, batch, tmp_path
):
    gan = make_gan(
        n_critic=2,
        penalty=GradientPenalty(1.0),
        loss="hinge",
        ema_decay=0.9,
        ema_start=1,
        seed=3,
    )
    train(gan, batch)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert type(loaded) is GAN
    assert isinstance(loaded.adversarial_loss, Hinge)
    assert loaded.get_config().keys() == gan.get_config().keys()
    for name in ("n_critic", "num_classes", "ema_decay", "ema_start", "seed"):
        assert getattr(loaded, name) == getattr(gan, name)
    assert_same_state(loaded, gan)
    assert loaded.step == 2
    before = values(gan.weights)
    histories = [train(model, batch) for model in (gan, loaded)]
    assert histories[0] == histories[1]
    assert_same_state(loaded, gan)
    for weight, value in zip(gan.weights, before, strict=True):
        assert not np.array_equal(values([weight])[0], value), weight.path
    assert gan.step == 4


def test_weights_files_hold_everything_but_the_optimizers(make_gan, tmp_path):
    gan, other = make_gan(ema_decay=0.9), make_gan(ema_decay=0.9)
    for weight in gan.weights:
        weight.assign(ops.convert_to_numpy(weight) + 1.0)
    gan.draw_latents(1)
    gan.save_weights(tmp_path / "gan.weights.h5")
    other.load_weights(tmp_path / "gan.weights.h5")
    for a, b in zip(
        values(gan.variables), values(other.variables), strict=True
    ):
        assert_array_equal(a, b)


def test_configs_rebuild_an_equal_model(make_gan):
    gan = make_gan(penalty=GradientPenalty(2.0), ema_decay=0.9, n_critic=3)
    copy = GAN.from_config(gan.get_config())
    copy.compile_from_config(gan.get_compile_config())
    assert copy.penalty.get_config() == gan.penalty.get_config()
    assert copy.get_compile_config() == gan.get_compile_config()
    for ours, theirs in zip(copy.weights, gan.weights, strict=True):
        assert ours.shape == theirs.shape


@pytest.mark.parametrize("settings", [(False, 4, False), (True, 1, False)])
def test_files_keep_how_the_model_is_compiled(settings, tmp_path):
    names = "jit_compile", "steps_per_execution", "run_eagerly"
    gan = linear_gan()
    gan.compile("sgd", "adam", **dict(zip(names, settings, strict=True)))
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert tuple(getattr(copy, name) for name in names) == settings


def linear_gan(**options):
    latents, images = keras.Input((2,)), keras.Input((3,))
    gan = GAN(
        keras.Model(latents, layers.Dense(3, use_bias=False)(latents)),
        keras.Model(images, layers.Dense(1, use_bias=False)(images)),
        **options,
    )
    gan.compile("sgd", "sgd")
    return gan


def test_samples_are_those_of_the_averaged_generator():
    gan = linear_gan(ema_decay=0.5)
    trained, averaged = np.random.default_rng(0).normal(size=(2, 2, 3))
    gan.generator.set_weights([trained])
    gan.averaged_generator.set_weights([averaged])
    latents = np.array([[1.0, 2.0], [-1.0, 0.5]], "float32")
    assert_allclose(gan.predict(latents, verbose=0), latents @ averaged, 1e-5)
    assert_allclose(values([gan(latents)])[0], latents @ averaged, rtol=1e-5)
    images = gan.generate(ops.array(latents), None)
    assert_allclose(values([images])[0], latents @ trained, rtol=1e-5)
    # Nothing was switched: the weights are where they were.
    assert_allclose(gan.generator.get_weights()[0], trained, rtol=1e-6)


def test_samples_without_an_average_are_the_generators():
    gan = linear_gan()
    latents = np.ones((1, 2), "float32")
    assert gan.averaged_generator is None
    assert gan.sampling_generator is gan.generator
    expected = gan.generator.get_weights()[0].sum(axis=0)
    assert_allclose(values([gan(latents)])[0][0], expected, rtol=1e-5)


def test_averaging_can_begin_later(make_gan):
    gan = make_gan()
    gan.average_generator(0.9, start=5)
    for a, b in zip(
        values(gan.averaged_generator.weights),
        values(gan.generator.weights),
        strict=True,
    ):
        assert_array_equal(a, b)
    assert (gan.ema_decay, gan.ema_start) == (0.9, 5)
    assert not gan.averaged_generator.trainable_weights
    average = gan.averaged_generator
    gan.average_generator(0.5)
    assert gan.averaged_generator is average


def test_bfloat16_trains_with_float32_weights(make_gan, batch):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        gan = make_gan(loss="hinge", ema_decay=0.9)
    finally:
        keras.config.set_dtype_policy(before)
    start = values(gan.weights)
    history = train(gan, batch)
    assert all(np.isfinite(history[name]).all() for name in history)
    for weight, value in zip(gan.weights, start, strict=True):
        assert keras.backend.standardize_dtype(weight.dtype) == "float32"
        value_now = values([weight])[0]
        assert np.isfinite(value_now).all()
        assert not np.array_equal(value_now, value), weight.path


class TestRefused:
    def test_a_conditional_model_without_labels(self, make_gan, batch):
        with pytest.raises(ValueError, match="data without labels, num_class"):
            make_gan().fit(batch[0], batch_size=8, verbose=0)

    def test_a_batch_that_cannot_be_split(self, make_gan, batch):
        gan = make_gan(n_critic=3)
        before = values(gan.variables)
        with pytest.raises(ValueError, match="batch size 8, n_critic=3.*9"):
            gan.adversarial_step(tuple(map(ops.convert_to_tensor, batch)))
        for a, b in zip(values(gan.variables), before, strict=True):
            assert_array_equal(a, b)

    def test_a_batch_that_cannot_be_split_given_to_fit(self, make_gan, batch):
        gan = make_gan(n_critic=3)
        with pytest.raises(ValueError, match="batch size 8, n_critic=3.*9"):
            gan.fit(*batch, batch_size=8, verbose=0)

    def test_one_optimizer_for_both(self):
        gan = linear_gan()
        adam = keras.optimizers.Adam()
        with pytest.raises(ValueError, match="the same Adam for both"):
            gan.compile(adam, adam)

    def test_an_optimizer_that_scales_losses(self):
        scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())
        with pytest.raises(ValueError, match="`discriminator_optimizer` must"):
            linear_gan().compile("adam", scaled)

    def test_float16(self):
        inputs = keras.Input((2,))
        half = keras.Model(
            inputs, layers.Dense(2, dtype="mixed_float16", name="d")(inputs)
        )
        gan = GAN(half, half)
        with pytest.raises(ValueError, match="'d' with dtype policy mixed_fl"):
            gan.compile("sgd", "sgd")

    @pytest.mark.parametrize("n_critic", [0, -1])
    def test_fewer_than_one_discriminator_update(self, n_critic):
        with pytest.raises(ValueError, match=f"n_critic={n_critic}"):
            linear_gan(n_critic=n_critic)

    @pytest.mark.parametrize("name", ["generator_steps", "generator_batch"])
    def test_fewer_than_one_generator_update_or_batch(self, name):
        with pytest.raises(ValueError, match=f"{name}=0"):
            linear_gan(**{name: 0})

    @pytest.mark.parametrize("name", ["generator_steps", "generator_batch"])
    def test_sharing_images_that_are_not_the_discriminators(self, name):
        with pytest.raises(ValueError, match=f"{name}=2"):
            linear_gan(share_fakes=True, **{name: 2})

    def test_exempting_a_layer_that_is_not_there(self):
        with pytest.raises(ValueError, match="exempt='lats'"):
            linear_gan(weight_clipping=1.0, weight_clipping_exempt=("lats",))

    def test_presets_of_the_base(self):
        with pytest.raises(TypeError, match="GAN has no presets"):
            GAN.from_preset("sagan_imagenet_128")

    @pytest.mark.parametrize("decay", [-0.1, 1.0, 1.5])
    def test_a_decay_out_of_range(self, decay):
        with pytest.raises(ValueError, match=f"decay={decay}"):
            linear_gan(ema_decay=decay)

    def test_a_negative_start(self):
        with pytest.raises(ValueError, match="start=-1"):
            linear_gan(ema_decay=0.9, ema_start=-1)

    def test_networks_without_the_labels_that_classes_need(self):
        with pytest.raises(ValueError, match="the generator must take 2 inpu"):
            linear_gan(num_classes=3)

    def test_networks_with_labels_that_no_class_needs(self, make_gan):
        gan = make_gan()
        with pytest.raises(ValueError, match="discriminator must take 1 input"):
            GAN(make_gan(num_classes=0).generator, gan.discriminator)

    def test_an_unknown_loss(self):
        with pytest.raises(ValueError, match="loss='wasserstien'"):
            linear_gan(loss="wasserstien")

    def test_gradients_for_both_players_at_once(self):
        gan = linear_gan()
        with pytest.raises(TypeError, match="`generator.apply`"):
            gan.optimizer.apply([], [])

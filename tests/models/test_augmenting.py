"""Augmentation by settings, and what it learns while a model trains."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import losses
from keras_gans.augmentation import AdaptiveAugmentation, DiffAugment
from keras_gans.callbacks import Checkpoint, restore
from keras_gans.models import (
    ACGAN,
    GAN,
    LGAGAN,
    MSGGAN,
    R3GAN,
    SAGAN,
    WGANGP,
    ProGAN,
)
from keras_gans.models.augmenting import mean_sign
from keras_gans.models.auxiliary import AuxiliaryClassifierGAN
from tests.callbacks.tiny import fit, real_images, tiny_gan


def number(variable):
    return float(ops.convert_to_numpy(variable))


def constant_gan(score, outputs="score", **options):
    """A GAN whose discriminator gives every image one score, for good."""
    classes = 3 if outputs == "classes" else 0
    latents, images = keras.Input((2,)), keras.Input((4, 4, 1))
    labels = keras.Input((), dtype="int32")
    generated = layers.Reshape((4, 4, 1))(layers.Dense(16)(latents))
    bias = {
        "kernel_initializer": "zeros",
        "bias_initializer": keras.initializers.Constant(score),
    }
    if outputs == "map":
        scores = layers.Conv2D(1, 3, **bias)(images)
    else:
        scores = layers.Dense(1, **bias)(layers.Flatten()(images))
    if classes:
        logits = layers.Dense(classes)(layers.Flatten()(images))
        scores = [scores, logits]
    kind = AuxiliaryClassifierGAN if classes else GAN
    gan = kind(
        keras.Model([latents, labels] if classes else latents, generated),
        keras.Model(images, scores),
        num_classes=classes,
        **options,
    )
    gan.compile(keras.optimizers.SGD(1e-3), keras.optimizers.SGD(0.0))
    return gan


def trained(gan, steps, batch):
    """Fits that many steps of so many images; returns the last logs."""
    images = np.ones((steps * batch, 4, 4, 1), "float32")
    labels = [np.zeros(len(images), "int32")] if gan.num_classes else []
    history = gan.fit(images, *labels, batch_size=batch, verbose=0).history
    return {name: values[-1] for name, values in history.items()}


@pytest.mark.parametrize(
    ("options", "updates", "outputs"),
    [
        ({}, 1, "score"),
        ({"n_critic": 2}, 2, "score"),
        ({"accumulate": 2}, 1, "map"),
        ({"share_fakes": True}, 1, "classes"),
    ],
)
def test_the_probability_rises_by_every_real_image(options, updates, outputs):
    # All scores are 1: r = 1 after each interval of 2 updates.
    augmentation = AdaptiveAugmentation(interval=2, speed=0.1)
    gan = constant_gan(1.0, outputs, augmentation=augmentation, **options)
    batch = 4 * updates
    logs = trained(gan, steps=6, batch=batch)
    images = 6 * batch
    assert_allclose(number(augmentation.probability), images / 100, rtol=1e-5)
    assert number(augmentation.real_sign) == 1.0
    assert logs["real_sign"] == 1.0
    # What an update saw, before it changed.
    seen = [8 * (update // 2) / 100 for update in range(6 * updates)]
    assert_allclose(logs["augment_probability"], np.mean(seen), rtol=1e-5)


def test_it_falls_where_real_images_are_taken_for_generated_ones():
    augmentation = AdaptiveAugmentation(interval=1, speed=0.1)
    augmentation.probability.assign(0.5)
    gan = constant_gan(-1.0, augmentation=augmentation)
    logs = trained(gan, steps=3, batch=4)
    assert_allclose(number(augmentation.probability), 0.5 - 0.12, rtol=1e-5)
    assert logs["real_sign"] == -1.0


@pytest.mark.parametrize(
    ("loss", "real", "fake", "sign"),
    [
        (losses.Hinge(), [1.0, -2.0, 3.0, 0.1], [9.0] * 4, 0.5),
        (losses.NonSaturating(), [1.0, -2.0], [0.0, 0.0], 0.0),
        (losses.RelativisticHinge(), [1.0, 3.0, 4.0], [0.0, 4.0], 1 / 3),
        (losses.LeastSquares(), [0.6, 0.4, 0.7, 0.9], [0.0], 0.5),
    ],
)
def test_signs_are_of_what_a_loss_holds_at_0(loss, real, fake, sign):
    found = mean_sign(loss, ops.array(real), ops.array(fake))
    assert_allclose(number(found), sign, atol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: AdaptiveAugmentation(interval=3, speed=0.05, target=-0.999),
        lambda: DiffAugment(("translation", "cutout"), seed=3),
    ],
)
def test_training_goes_on_as_it_would_have(tmp_path, make):
    # Saved in the middle of an interval.
    gan = tiny_gan(augmentation=make(), loss="hinge")
    fit(gan, 4, [])
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert type(copy.augmentation) is type(gan.augmentation)
    histories = [fit(model, 4, []).history for model in (gan, copy)]
    assert histories[0] == histories[1]
    pairs = zip(copy.variables, gan.variables, strict=True)
    for ours, theirs in pairs:
        assert_array_equal(*map(ops.convert_to_numpy, (ours, theirs)))
    if isinstance(gan.augmentation, AdaptiveAugmentation):
        assert number(gan.augmentation.probability) > 0.0


def test_a_resumed_run_has_its_probability(tmp_path):
    # Six updates of 8 images: changes at the third and the sixth.
    def gan():
        layer = AdaptiveAugmentation(interval=3, speed=0.1, target=-0.999)
        return constant_gan(1.0, augmentation=layer)

    images = np.ones((32, 4, 4, 1), "float32")
    first = gan()
    fit(first, 4, [Checkpoint(tmp_path)], images=images)
    assert_allclose(number(first.augmentation.probability), 0.24, rtol=1e-5)
    second = gan()
    assert restore(second, tmp_path) == {"step": 4}
    assert number(second.augmentation.real_sign) == 1.0
    fit(second, 2, [], images=images)
    assert_allclose(number(second.augmentation.probability), 0.48, rtol=1e-5)


@pytest.mark.parametrize("augmentation", [None, AdaptiveAugmentation])
def test_an_augmentation_that_does_nothing_leaves_a_step_alone(augmentation):
    def run(layer):
        keras.utils.set_random_seed(0)
        gan = tiny_gan(augmentation=layer, ema_decay=0.5)
        fit(gan, 3, [], images=real_images(24))
        return [ops.convert_to_numpy(w) for w in gan.generator.weights]

    if augmentation is None:
        layer = layers.Identity()
    else:
        # Of cutout with probability 0 images stay to the bit.
        layer = AdaptiveAugmentation(0.0, ("cutout",))
    for plain, augmented in zip(run(None), run(layer), strict=True):
        assert_array_equal(augmented, plain)


@pytest.mark.filterwarnings("ignore:Grey images have no saturation")
@pytest.mark.parametrize("share_fakes", [True, False])
def test_the_generator_learns_through_it(share_fakes):
    # The discriminator is the sum of all pixels, held: gradients of the
    # generator's images are what the augmentation lets through.
    gan = constant_gan(
        0.0,
        augmentation=DiffAugment(seed=1),
        loss="wasserstein",
        share_fakes=share_fakes,
    )
    gan.discriminator.layers[-1].kernel.assign(np.ones((16, 1)))
    before = gan.generator.get_weights()
    trained(gan, steps=1, batch=8)
    for old, new in zip(before, gan.generator.get_weights(), strict=True):
        assert np.any(old != new)


SMALL = {
    SAGAN: {
        "resolution": 32,
        "generator_width": 8,
        "discriminator_width": 8,
        "attention_resolution": 0,
    },
    ACGAN: {
        "resolution": 32,
        "num_classes": 2,
        "generator_width": 8,
        "discriminator_width": 2,
    },
    WGANGP: {
        "resolution": 32,
        "method": "lsgan",
        "generator_width": 8,
        "discriminator_width": 8,
    },
    LGAGAN: {
        "resolution": 32,
        "n_critic": 1,
        "generator_width": 8,
        "discriminator_width": 8,
    },
    MSGGAN: {"resolution": 8, "max_channels": 4},
    ProGAN: {"resolution": 8, "max_channels": 4, "loss": "hinge"},
    R3GAN: {
        "resolution": 8,
        "generator_width": 8,
        "discriminator_width": 8,
    },
}


# Of the others a step takes long to compile, and its parts are those of above.
@pytest.mark.parametrize(
    "model",
    [
        MSGGAN,
        *(
            pytest.param(model, marks=pytest.mark.once)
            for model in (SAGAN, ACGAN, WGANGP, LGAGAN, R3GAN, ProGAN)
        ),
    ],
)
@pytest.mark.parametrize(
    "settings",
    [{"ada": True}, {"diffaugment": ("color", "translation", "cutout")}],
)
def test_the_systems_train_with_it(model, settings):
    gan = model.from_settings(
        **SMALL[model], channels=3, latent_dim=4, seed=3, **settings
    )
    expected = {"real_sign", "augment_probability"} if "ada" in settings else {}
    size = SMALL[model]["resolution"]
    images = np.random.default_rng(0).uniform(-1, 1, (2, size, size, 3))
    labels = [np.zeros(2, "int32")] if gan.num_classes else []
    logs = gan.train_on_batch(
        images.astype("float32"), *labels, return_dict=True
    )
    assert set(logs) >= set(expected)
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert gan.get_config()["augmentation"]["config"]["seed"] == 3 + 2**30


@pytest.mark.once
def test_settings_reach_the_augmentation():
    gan = MSGGAN.from_settings(
        **SMALL[MSGGAN],
        ada=True,
        ada_target=0.4,
        ada_speed=50.0,
        ada_categories=("blit", "cutout"),
        augment_probability=0.3,
    )
    layer = gan.augmentation
    assert layer.categories == ("blit", "cutout")
    assert (layer.target, layer.speed, layer.fixed) == (0.4, 50.0, 0.3)
    assert MSGGAN.from_settings(**SMALL[MSGGAN]).augmentation is None
    # An argument that is none takes nothing away.
    gan = MSGGAN.from_settings(
        **SMALL[MSGGAN], augmentation=None, diffaugment=("cutout",)
    )
    assert gan.augmentation.policy == ("cutout",)


@pytest.mark.once
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"ada": True, "diffaugment": ("color",)}, "Received both"),
        ({"augment_probability": 0.5}, "Give ada=true"),
        ({"ada": True, "augment_probability": 1.5}, "at most 1"),
        ({"ada": True, "ada_target": 1.0}, "below 1"),
        ({"ada": True, "ada_speed": 0.0}, "above 0"),
        ({"ada": True, "ada_categories": ()}, "something to augment by"),
        ({"diffaugment": ("colour",)}, "Did you mean 'color'"),
        ({"ada": True, "loss": "wasserstein"}, "means little"),
        ({"ada": True, "augmentation": DiffAugment()}, "one augmentation"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        MSGGAN.from_settings(**SMALL[MSGGAN], **settings)


@pytest.mark.once
def test_a_wasserstein_critic_takes_a_probability_that_stays():
    small = SMALL[WGANGP] | {"method": "wgan_gp"}
    with pytest.raises(ValueError, match="augment_probability=0.3"):
        WGANGP.from_settings(**small, ada=True)
    gan = WGANGP.from_settings(**small, ada=True, augment_probability=0.3)
    assert not gan.augmentation.adapts

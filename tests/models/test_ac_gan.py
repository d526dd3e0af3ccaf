"""AC-GAN: class losses, who learns from which label, training, files."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend, losses
from keras_gans.layers import NormalToUniform
from keras_gans.models.ac_gan import ACGAN, CIFAR10_GRID

CLASSES = 3
SMALL = {
    "resolution": 32,
    "channels": 1,
    "num_classes": CLASSES,
    "latent_dim": 4,
    "generator_width": 2,
    "discriminator_width": 1,
}


def small_gan(**options):
    keras.utils.set_random_seed(0)
    return ACGAN.from_settings(**{**SMALL, **options})


def small_batch(count=4):
    random = np.random.default_rng(0)
    images = random.uniform(-1.0, 1.0, (count, 32, 32, 1)).astype("float32")
    return images, np.resize([0, -1, 2, 1], count).astype("int32")


def values(variables):
    return [ops.convert_to_numpy(v).astype("float64") for v in variables]


def outputs(seed, count=6):
    """Scores and class logits such as a discriminator gives."""
    random = np.random.default_rng(seed)
    shapes = (count, 1), (count, CLASSES)
    return [2 * random.normal(size=shape).astype("float32") for shape in shapes]


def softplus(x):
    return np.logaddexp(0.0, x.astype("float64"))


def cross_entropy(labels, logits):
    """Mean -log softmax(logits)[label] over the labelled, in float64."""
    logits = logits.astype("float64")[labels >= 0]
    labels = labels[labels >= 0]
    likelihoods = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return -np.log(likelihoods[np.arange(len(labels)), labels]).mean()


REAL_LABELS = np.array([0, -1, 2, 1, -1, 2], "int32")
FAKE_LABELS = np.array([1, 0, 0, 2, 1, 2], "int32")


@pytest.mark.parametrize("class_loss_on", ["both", "real"])
def test_the_discriminator_maximizes_both_likelihoods(class_loss_on):
    gan = small_gan(class_loss_on=class_loss_on, discriminator_class_weight=0.5)
    real, fake = outputs(0), outputs(1)
    expected = softplus(-real[0]).mean() + softplus(fake[0]).mean()
    expected += 0.5 * cross_entropy(REAL_LABELS, real[1])
    if class_loss_on == "both":
        expected += 0.5 * cross_entropy(FAKE_LABELS, fake[1])
    received = gan.discriminator_criterion(
        *(as_tensors(real), ops.convert_to_tensor(REAL_LABELS)),
        *(as_tensors(fake), ops.convert_to_tensor(FAKE_LABELS)),
    )
    assert_allclose(ops.convert_to_numpy(received), expected, rtol=1e-5)


@pytest.mark.parametrize("saturating", [False, True])
def test_the_generator_fools_the_source_and_shows_the_class(saturating):
    gan = small_gan(saturating=saturating, generator_class_weight=2.0)
    fake = outputs(2)
    expected = softplus(-fake[0]).mean()
    if saturating:
        # E[log P(fake | X_f)] = -E[softplus(s)], minimized.
        expected = -softplus(fake[0]).mean()
    expected += 2.0 * cross_entropy(FAKE_LABELS, fake[1])
    received = gan.generator_criterion(
        as_tensors(fake), ops.convert_to_tensor(FAKE_LABELS)
    )
    assert_allclose(ops.convert_to_numpy(received), expected, rtol=1e-5)


def as_tensors(arrays):
    return [ops.convert_to_tensor(array) for array in arrays]


def discriminator_gradients(gan, labels, **options):
    images, _ = small_batch()
    variables = gan.discriminator.trainable_variables
    objective = partial(
        gan.discriminator_objective,
        ops.convert_to_tensor(images),
        ops.convert_to_tensor(np.array(labels, "int32")),
        ops.convert_to_tensor(images[::-1].copy()),
        ops.convert_to_tensor(np.array([0, 1, 2, 0], "int32")),
    )
    (loss, _), gradients = backend.value_and_gradients(
        objective, variables, gan.variables
    )
    paths = [variable.path for variable in variables]
    return float(ops.convert_to_numpy(loss)), dict(
        zip(paths, values(gradients), strict=True)
    )


# Op by op on JAX, this compiles for long; tests of GAN run everywhere.
@pytest.mark.once
def test_unlabelled_images_teach_the_source_and_no_class():
    gan = small_gan(dropout=0.0, class_loss_on="real")
    _, unlabelled = discriminator_gradients(gan, [-1] * 4)
    _, labelled = discriminator_gradients(gan, [0, 1, 2, 0])
    for path, gradient in unlabelled.items():
        if "class_logits" in path:
            assert not gradient.any()
            assert labelled[path].any()
        if "score" in path:
            assert gradient.any()
            assert_allclose(gradient, labelled[path], rtol=1e-4)


def test_unlabelled_images_do_not_weaken_the_labelled_ones():
    # The class loss is a mean over labelled images: with batch statistics
    # fixed by the images, labels of the others do not matter.
    gan = small_gan(class_loss_on="real")
    real, fake = outputs(0), outputs(1)
    known = REAL_LABELS >= 0

    def loss(logits, labels):
        return float(
            ops.convert_to_numpy(
                gan.discriminator_criterion(
                    *(as_tensors([real[0], logits]), labels),
                    *(as_tensors(fake), ops.convert_to_tensor(FAKE_LABELS)),
                )
            )
        )

    labels = ops.convert_to_tensor(REAL_LABELS)
    changed = np.where(known[:, None], real[1], 100.0).astype("float32")
    assert loss(changed, labels) == pytest.approx(loss(real[1], labels))


class Recorder(ACGAN):
    """Keeps both players' weights after each update."""

    def recorded_step(self, batch):
        self.states = [self.state()]
        self.adversarial_step(tuple(map(ops.convert_to_tensor, batch)))
        return self.states

    def state(self):
        return {
            player: values(getattr(self, player).weights)
            for player in ("generator", "discriminator")
        }

    def _train_discriminator(self, *args):
        super()._train_discriminator(*args)
        self.states.append(self.state())

    def _train_generator(self, *args):
        super()._train_generator(*args)
        self.states.append(self.state())


# Op by op on JAX, this compiles for long; tests of GAN run everywhere.
@pytest.mark.once
def test_each_update_changes_its_player_alone():
    keras.utils.set_random_seed(0)
    gan = Recorder.from_settings(**SMALL)
    start, discriminator, generator = gan.recorded_step(small_batch())
    changes = [
        {
            player: [
                not np.array_equal(*pair)
                for pair in zip(before[player], after[player], strict=True)
            ]
            for player in before
        }
        for before, after in (
            (start, discriminator),
            (discriminator, generator),
        )
    ]
    assert all(changes[0]["discriminator"]) and all(changes[1]["generator"])
    assert not any(changes[0]["generator"] + changes[1]["discriminator"])


def test_two_steps_of_fit_move_every_weight_and_survive_a_file(tmp_path):
    gan = small_gan(ema_decay=0.5, activation_noise=0.1)
    images, labels = small_batch(8)
    before = values(gan.weights)
    history = gan.fit(images, labels, batch_size=4, verbose=0).history
    assert all(np.isfinite(history[name]).all() for name in history)
    for weight, value in zip(gan.weights, before, strict=True):
        now = ops.convert_to_numpy(weight)
        assert np.isfinite(now).all(), weight.path
        assert not np.array_equal(now, value), weight.path
    assert gan.step == 2
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert isinstance(loaded, ACGAN)
    for name in ("class_loss_on", "joint_scoring", "num_classes"):
        assert loaded.get_config()[name] == gan.get_config()[name]
    inputs = [np.ones((2, 4), "float32"), np.array([0, 2], "int32")]
    assert_array_equal(
        *(model.predict(inputs, verbose=0) for model in (gan, loaded))
    )


@pytest.mark.once
def test_a_model_without_classes_has_no_classifier():
    gan = small_gan(num_classes=0)
    assert gan.discriminator.output_shape == (None, 1)
    logs = gan.adversarial_step(ops.convert_to_tensor(small_batch()[0]))
    assert np.isfinite([float(value) for value in logs.values()]).all()


@pytest.mark.once
def test_settings_reach_the_model():
    gan = small_gan(
        latent_distribution="uniform", saturating=True, class_loss_on="real"
    )
    assert isinstance(gan.generator.get_layer("uniform"), NormalToUniform)
    assert gan.class_loss_on == "real"
    assert isinstance(gan.adversarial_loss, losses.Saturating)
    assert not gan.joint_scoring
    with pytest.raises(ValueError, match="latent_distribution='gauss'"):
        small_gan(latent_distribution="gauss")
    with pytest.raises(ValueError, match="class_loss_on='fake'"):
        small_gan(class_loss_on="fake")


@pytest.mark.once
def test_the_grid_of_cifar10_has_27_different_points():
    assert len({tuple(changes.values()) for changes in CIFAR10_GRID}) == 27
    optimizers = ACGAN.from_preset(
        "ac_gan_cifar10_32", generator_width=1, **CIFAR10_GRID[3]
    ).optimizer
    assert float(optimizers.generator.learning_rate) == pytest.approx(1e-4)
    assert float(optimizers.discriminator.learning_rate) == pytest.approx(2e-4)

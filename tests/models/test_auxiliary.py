"""The auxiliary classifier's losses, and whose gradient goes where."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import backend
from keras_gans.models import AuxiliaryClassifierGAN
from keras_gans.models.auxiliary import class_cross_entropy

CLASSES = 3


def as_float64(tensor):
    return ops.convert_to_numpy(tensor).astype("float64")


def cross_entropy(labels, logits):
    """Mean of -log softmax over the labelled rows, in float64."""
    rows = [
        np.logaddexp.reduce(row) - row[label]
        for label, row in zip(
            labels, np.asarray(logits, "float64"), strict=True
        )
        if label >= 0
    ]
    return np.mean(rows) if rows else 0.0


def make_gan(classes=CLASSES, **options):
    keras.utils.set_random_seed(0)
    latents = keras.Input((4,))
    labels = keras.Input((), dtype="int32")
    features = latents
    if classes:
        embedded = layers.Embedding(classes, 4)(labels)
        features = layers.Concatenate()([latents, embedded])
    images = layers.Dense(6, "tanh")(features)
    inputs = keras.Input((6,))
    hidden = layers.Dense(5, "relu")(inputs)
    outputs = [layers.Dense(1)(hidden)]
    if classes:
        outputs.append(layers.Dense(classes)(hidden))
    gan = AuxiliaryClassifierGAN(
        keras.Model([latents, labels] if classes else latents, images),
        keras.Model(inputs, outputs if classes else outputs[0]),
        num_classes=classes,
        **options,
    )
    gan.compile("adam", "adam")
    return gan


def data(count=8):
    random = np.random.default_rng(0)
    images = random.normal(size=(count, 6)).astype("float32")
    return images, random.integers(0, CLASSES, count).astype("int32")


@pytest.mark.parametrize("labels", [[0, 2, 1, 1], [0, -1, -1, 1], [-1] * 4])
def test_the_cross_entropy_is_the_labelled_images_mean(labels):
    logits = np.random.default_rng(1).normal(0, 3, (4, CLASSES))
    value = class_cross_entropy(
        ops.array(labels, dtype="int32"), ops.array(logits, dtype="float32")
    )
    expected = cross_entropy(labels, logits)
    assert_allclose(as_float64(value), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("class_loss_on", ["both", "real"])
def test_objectives_add_the_weighted_class_losses(class_loss_on):
    gan = make_gan(
        loss="hinge",
        discriminator_class_weight=2.0,
        generator_class_weight=0.5,
        class_loss_on=class_loss_on,
    )
    real, labels = data()
    fake, fake_labels = data()[0][::-1].copy(), labels[::-1].copy()
    real_scores, real_logits = map(as_float64, gan.score(real, None))
    fake_scores, fake_logits = map(as_float64, gan.score(fake, None))
    classes = cross_entropy(labels, real_logits)
    if class_loss_on == "both":
        classes += cross_entropy(fake_labels, fake_logits)
    expected = (
        np.maximum(0, 1 - real_scores).mean()
        + np.maximum(0, 1 + fake_scores).mean()
        + 2.0 * classes
    )
    tensors = map(ops.convert_to_tensor, (real, labels, fake, fake_labels))
    value, logs = gan.discriminator_objective(*tensors)
    assert_allclose(as_float64(value), expected, rtol=1e-5)
    for name, scores in (
        ("real_score", real_scores),
        ("fake_score", fake_scores),
    ):
        assert_allclose(as_float64(logs[name]), scores.mean(), rtol=1e-4)
    value, _ = gan.generator_objective(
        ops.convert_to_tensor(fake), ops.convert_to_tensor(fake_labels)
    )
    expected = -fake_scores.mean() + 0.5 * cross_entropy(
        fake_labels, fake_logits
    )
    assert_allclose(as_float64(value), expected, rtol=1e-5)


def test_images_without_a_label_teach_no_class():
    gan = make_gan(class_loss_on="real", discriminator_class_weight=1.0)
    real, labels = map(ops.convert_to_tensor, data())
    head = gan.discriminator.layers[-1].trainable_variables

    def gradient(labels):
        _, gradients = backend.value_and_gradients(
            lambda: gan.discriminator_objective(real, labels, real, labels),
            head,
            gan.variables,
        )
        return max(np.abs(as_float64(g)).max() for g in gradients)

    assert gradient(labels) > 1e-3
    assert gradient(ops.full_like(labels, -1)) == 0.0


def test_the_penalty_sees_the_scores_alone():
    gan = make_gan()
    scores = ops.array([[1.0], [3.0]])
    logits = ops.array([[9.0, 9.0, 9.0]] * 2)
    assert_array_equal(
        as_float64(gan.adversarial_scores([scores, logits])), [1.0, 3.0]
    )


def test_training_with_some_labels_and_saving(tmp_path):
    gan = make_gan(ema_decay=0.5, generator_class_weight=0.1)
    images, labels = data(16)
    labels[::2] = -1
    history = gan.fit(images, labels, batch_size=8, verbose=0).history
    assert np.isfinite(history["discriminator_loss"]).all()
    gan.save(tmp_path / "gan.keras")
    copy = keras.saving.load_model(tmp_path / "gan.keras")
    assert type(copy) is AuxiliaryClassifierGAN
    assert copy.generator_class_weight == 0.1
    for ours, theirs in zip(copy.weights, gan.weights, strict=True):
        assert_array_equal(as_float64(ours), as_float64(theirs))


def test_without_classes_it_is_a_gan():
    gan = make_gan(classes=0)
    history = gan.fit(data(16)[0], batch_size=8, verbose=0).history
    assert np.isfinite(history["generator_loss"]).all()


class TestRefused:
    def test_a_discriminator_without_class_logits(self):
        plain = make_gan(classes=0)
        with pytest.raises(ValueError, match=r"shapes \[\(1,\)\]"):
            AuxiliaryClassifierGAN(
                make_gan().generator, plain.discriminator, num_classes=CLASSES
            )

    def test_a_negative_weight(self):
        with pytest.raises(ValueError, match="generator_class_weight=-1"):
            make_gan(generator_class_weight=-1.0)

    def test_another_place_of_the_class_loss(self):
        with pytest.raises(ValueError, match="class_loss_on='fake'"):
            make_gan(class_loss_on="fake")

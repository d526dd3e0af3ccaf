"""One generator out of several: who draws which class."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_array_equal

from keras_gans.serving import export_generator
from keras_gans.serving.ensemble import ensemble_generator


def constant_generator(value, count, latent_dim=3):
    """Draws value + label / 10, whatever the latents."""
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    table = layers.Embedding(count, 4, name="table")
    images = layers.Reshape((2, 2, 1))(table(labels))
    nothing = layers.Dense(4, use_bias=False, kernel_initializer="zeros")
    images = layers.Add()([images, layers.Reshape((2, 2, 1))(nothing(latents))])
    generator = keras.Model([latents, labels], images, name="generator")
    rows = value + np.arange(count)[:, None] / 10
    table.set_weights([np.repeat(rows, 4, axis=1)])
    return generator


@pytest.fixture
def ensemble():
    """Classes 0 and 1 of one member, 2 of a second, 3 to 5 of a third."""
    counts = [2, 1, 3]
    members = [
        constant_generator(value, count)
        for value, count in zip((-0.9, -0.3, 0.3), counts, strict=True)
    ]
    return ensemble_generator(members, counts)


EXPECTED = np.array([-0.9, -0.8, -0.3, 0.3, 0.4, 0.5])


@pytest.mark.parametrize("labels", [range(6), [5, 0, 2, 5], [4, 4], [1]])
def test_each_label_is_drawn_by_its_member(ensemble, labels):
    labels = np.array(labels, "int32")
    latents = np.ones((len(labels), 3), "float32")
    expected = np.broadcast_to(
        EXPECTED[labels, None, None, None], (len(labels), 2, 2, 1)
    )
    for images in (
        ensemble.predict([latents, labels], verbose=0),
        ops.convert_to_numpy(ensemble([latents, labels])),
    ):
        np.testing.assert_allclose(images, expected, atol=1e-6)


def test_an_ensemble_survives_a_file_and_a_clone(ensemble, tmp_path):
    ensemble.save(tmp_path / "ensemble.keras")
    clone = keras.models.clone_model(ensemble)
    clone.set_weights(ensemble.get_weights())
    inputs = [np.ones((6, 3), "float32"), np.arange(6, dtype="int32")]
    expected = ensemble.predict(inputs, verbose=0)
    loaded = keras.saving.load_model(tmp_path / "ensemble.keras")
    for copy in (loaded, clone):
        assert_array_equal(copy.predict(inputs, verbose=0), expected)
    table = clone.get_layer("members").members[0].get_layer("table")
    table.set_weights([np.zeros((2, 4))])
    assert_array_equal(ensemble.predict(inputs, verbose=0), expected)


@pytest.mark.once
def test_an_export_draws_every_class(ensemble, tmp_path):
    import tensorflow as tf

    path = export_generator(ensemble, tmp_path, latent_dim=3, num_classes=6)
    loaded = tf.saved_model.load(path)
    levels = np.rint((EXPECTED + 1) * 127.5)
    for label, level in enumerate(levels):
        images = loaded.sample(seed=1, count=2, label=label)["images"].numpy()
        assert np.abs(images.astype(float) - level).max() <= 1
    images = loaded.serving_default(
        tf.ones((6, 3)), tf.range(5, -1, -1, dtype=tf.int32)
    )["images"].numpy()
    assert np.abs(images[:, 0, 0, 0] - levels[::-1]).max() <= 1


@pytest.mark.once
@pytest.mark.parametrize("counts", [[1], [1, 0], [1, 1, 1]])
def test_every_member_has_its_classes(counts):
    members = [constant_generator(0.0, 1) for _ in range(2)]
    with pytest.raises(ValueError, match=r"class_counts=\[1"):
        ensemble_generator(members, counts)


@pytest.mark.once
def test_members_have_one_shape():
    members = [constant_generator(0.0, 1, latent_dim=dim) for dim in (3, 4)]
    with pytest.raises(ValueError, match="same shapes"):
        ensemble_generator(members, [1, 1])

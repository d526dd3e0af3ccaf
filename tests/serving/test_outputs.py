"""Exports of generators of points and of characters."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.networks.char_resnet import char_generator
from keras_gans.networks.mlp import mlp_generator
from keras_gans.serving import export_generator
from keras_gans.serving.latents import draw_latents

POINTS, TOKENS = "points", "tokens"


def generator_of(outputs):
    if outputs == POINTS:
        return mlp_generator(latent_dim=3, width=8)
    return char_generator(
        vocabulary=9, length=6, latent_dim=3, width=4, blocks=1
    )


def expected_of(outputs, generator, latents):
    values = keras.ops.convert_to_numpy(generator(latents, training=False))
    return values.argmax(-1) if outputs == TOKENS else values


@pytest.mark.parametrize(
    ("outputs", "dtype", "shape"),
    [
        pytest.param(POINTS, "float32", 2, marks=pytest.mark.once),
        (TOKENS, "int32", 6),
    ],
)
def test_what_is_served_is_what_the_generator_makes(
    tmp_path, outputs, dtype, shape
):
    generator = generator_of(outputs)
    path = export_generator(
        generator,
        tmp_path / "toy",
        latent_dim=3,
        outputs=outputs,
        manifest={"vocabulary": list("abc")},
    )
    loaded = tf.saved_model.load(str(path))
    assert set(loaded.signatures) == {"serving_default", "sample"}
    latents = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    served = loaded.signatures["serving_default"](latents=tf.constant(latents))
    expected = expected_of(outputs, generator, latents)
    assert np.ptp(expected) > 0.1
    assert served[outputs].dtype.name == dtype
    np.testing.assert_allclose(served[outputs], expected, rtol=1e-4, atol=1e-5)
    sampled = loaded.signatures["sample"](
        seed=tf.constant(5, tf.int64), count=tf.constant(7)
    )[outputs]
    drawn = draw_latents(tf.constant(5), tf.constant(7), 3, 1.0).numpy()
    np.testing.assert_allclose(
        sampled, expected_of(outputs, generator, drawn), rtol=1e-4, atol=1e-5
    )
    manifest = json.loads((path / "manifest.json").read_text())
    assert manifest["outputs"] == outputs
    assert manifest["output_shape"] == [shape]
    assert manifest["vocabulary"] == ["a", "b", "c"]
    assert "image_shape" not in manifest
    assert manifest["signatures"]["sample"]["outputs"] == {
        outputs: {"dtype": dtype, "shape": [None, shape]}
    }


@pytest.mark.once
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outputs": "sounds"}, "one of .*tokens.*outputs='sounds'"),
        ({"outputs": TOKENS}, r"length, symbols\). Received: shapes"),
        ({"outputs": POINTS, "num_classes": 2}, "num_classes=2"),
        ({}, r"height, width, channels\). Received: shapes"),
    ],
)
def test_outputs_that_do_not_fit_are_refused(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        export_generator(
            generator_of(POINTS), tmp_path, latent_dim=3, **options
        )
    assert not list(tmp_path.iterdir())

"""Exports and what they give when loaded."""

import hashlib
import importlib
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gans.images import to_uint8
from keras_gans.serving import export_generator
from keras_gans.serving.latents import draw_labels, draw_latents

LATENT_DIM = 6
NUM_CLASSES = 4
LAYER = """
import keras


@keras.saving.register_keras_serializable(package="keras_gans_tests")
class Softsign(keras.layers.Layer):
    def call(self, inputs):
        return inputs / (1.0 + keras.ops.abs(inputs))
"""


def make_generator(activation, num_classes=NUM_CLASSES, dtype="float32"):
    with_dtype = {"dtype": dtype}
    latents = keras.Input((LATENT_DIM,), name="latents")
    inputs, x = latents, latents
    if num_classes:
        labels = keras.Input((), dtype="int32", name="labels")
        embedded = keras.layers.Embedding(num_classes, 8, **with_dtype)(labels)
        inputs = [latents, labels]
        x = keras.layers.Concatenate(**with_dtype)([x, embedded])
    x = keras.layers.Dense(4 * 4 * 8, **with_dtype)(x)
    x = keras.layers.Reshape((4, 4, 8), **with_dtype)(x)
    x = keras.layers.BatchNormalization(**with_dtype)(x)
    x = activation(**with_dtype)(x)
    x = keras.layers.UpSampling2D(**with_dtype)(x)
    x = keras.layers.Conv2D(3, 3, padding="same", **with_dtype)(x)
    x = keras.layers.Activation("tanh", **with_dtype)(x)
    model = keras.Model(inputs, x)
    random = np.random.default_rng(0)
    # Weights of this size spread the images over all grey levels.
    model.set_weights(
        [random.uniform(0.1, 0.9, w.shape) for w in model.get_weights()]
    )
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense | keras.layers.Conv2D):
            kernel = random.normal(0, 0.7, layer.kernel.shape)
            layer.kernel.assign(kernel)
    return model


@pytest.fixture(scope="module")
def softsign(tmp_path_factory):
    """A custom layer in an importable module of its own."""
    folder = tmp_path_factory.mktemp("modules")
    (folder / "softsign_for_export.py").write_text(LAYER)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("softsign_for_export").Softsign
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def generator(softsign):
    return make_generator(softsign)


@pytest.fixture(scope="module")
def exported(generator, tmp_path_factory):
    return export_generator(
        generator,
        tmp_path_factory.mktemp("exports") / "sagan",
        latent_dim=LATENT_DIM,
        num_classes=NUM_CLASSES,
        manifest={"scores": {"fid_lite0": 101.5}},
    )


@pytest.fixture(scope="module")
def loaded(exported):
    return tf.saved_model.load(str(exported))


@pytest.fixture(scope="module")
def unconditional(tmp_path_factory):
    model = make_generator(keras.layers.ReLU, num_classes=0)
    path = export_generator(
        model, tmp_path_factory.mktemp("plain"), latent_dim=LATENT_DIM
    )
    return model, tf.saved_model.load(str(path))


def inputs(count=12, seed=1):
    random = np.random.default_rng(seed)
    latents = random.normal(size=(count, LATENT_DIM)).astype("float32")
    return latents, (np.arange(count) % NUM_CLASSES).astype("int32")


def serve(loaded, latents, labels):
    return loaded.signatures["serving_default"](
        latents=tf.constant(latents), labels=tf.constant(labels)
    )["images"].numpy()


def sample(loaded, **changes):
    arguments = {"seed": 7, "count": 5, "label": -1, "truncation": 1.0}
    dtypes = {"seed": tf.int64, "truncation": tf.float32}
    return loaded.signatures["sample"](
        **{
            name: tf.constant(value, dtypes.get(name, tf.int32))
            for name, value in (arguments | changes).items()
        }
    )["images"].numpy()


def assert_same_images(received, expected):
    assert received.dtype == np.uint8 and received.shape == expected.shape
    assert np.abs(received.astype(int) - expected.astype(int)).max() <= 1
    assert np.ptp(expected) > 200


def test_the_served_images_are_those_of_the_keras_model(generator, loaded):
    latents, labels = inputs()
    expected = to_uint8(generator([latents, labels], training=False))
    assert_same_images(serve(loaded, latents, labels), expected)


def test_a_generator_without_labels_serves_its_images(unconditional):
    model, loaded = unconditional
    latents, _ = inputs()
    served = loaded.signatures["serving_default"](latents=tf.constant(latents))
    expected = to_uint8(model(latents, training=False))
    assert_same_images(served["images"].numpy(), expected)
    sampled = loaded.sample(3, 4)["images"].numpy()
    drawn = draw_latents(tf.constant(3), tf.constant(4), LATENT_DIM, 1.0)
    expected = to_uint8(model(drawn.numpy(), training=False))
    assert_same_images(sampled, expected)
    path = loaded.interpolate(latents[0], latents[1], 3)["images"].numpy()
    expected = to_uint8(model(latents[:2], training=False))
    assert_same_images(path[[0, 2]], expected)
    assert set(loaded.signatures["sample"].structured_input_signature[1]) == {
        "seed",
        "count",
        "truncation",
    }


@pytest.mark.once
def test_bfloat16_generators_serve_images_as_exact_as_their_own(tmp_path):
    model = make_generator(
        keras.layers.ReLU, num_classes=0, dtype="mixed_bfloat16"
    )
    path = export_generator(model, tmp_path, latent_dim=LATENT_DIM)
    loaded = tf.saved_model.load(str(path))
    latents, _ = inputs(count=64)
    served = loaded.serving_default(latents)["images"].numpy()
    own = to_uint8(model(latents, training=False))
    exact = make_generator(keras.layers.ReLU, num_classes=0)
    exact.set_weights(model.get_weights())
    exact = to_uint8(exact(latents, training=False)).astype(int)
    # Sums are rounded in other places where operations are fused, so single
    # values differ; the error as a whole is that of the number format.
    served_error, own_error = np.std(served - exact), np.std(own - exact)
    assert 0.0 < served_error < 1.5 * own_error < 6.0


def test_sampled_images_come_from_the_documented_draws(generator, loaded):
    seed, count = tf.constant(7, tf.int64), tf.constant(5)
    for truncation in (1.0, 0.4):
        latents = draw_latents(seed, count, LATENT_DIM, truncation).numpy()
        for label in (-1, 2):
            labels = np.full((5,), 2)
            if label < 0:
                labels = draw_labels(seed, count, NUM_CLASSES).numpy()
            expected = to_uint8(generator([latents, labels], training=False))
            images = sample(loaded, label=label, truncation=truncation)
            assert_same_images(images, expected)


def test_a_seed_fixes_each_image_whatever_the_count(loaded):
    images = sample(loaded, count=8)
    np.testing.assert_array_equal(images, sample(loaded, count=8))
    shorter = sample(loaded, count=3)
    assert_same_images(shorter, images[:3])
    assert not np.array_equal(images, sample(loaded, count=8, seed=8))


def test_label_and_truncation_may_be_left_out(exported, loaded):
    expected = sample(loaded, seed=3, count=2)
    by_attribute = loaded.sample(3, 2)["images"].numpy()
    np.testing.assert_array_equal(by_attribute, expected)
    # A session feeds inputs by the signature's names, as TensorFlow Serving.
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        meta = v1.saved_model.load(session, ["serve"], str(exported))
        signature = meta.signature_def["sample"]
        assert set(signature.defaults) == {"label", "truncation"}
        feed = {signature.inputs["seed"].name: 3}
        feed[signature.inputs["count"].name] = 2
        served = session.run(signature.outputs["images"].name, feed)
    np.testing.assert_array_equal(served, expected)


@pytest.mark.parametrize("labels", [3, [3], [3, 3, 3, 3]])
def test_a_path_begins_and_ends_with_the_served_images(loaded, labels):
    (start, end), _ = inputs(count=2)
    images = loaded.signatures["interpolate"](
        start=tf.constant(start),
        end=tf.constant(end),
        steps=tf.constant(4),
        labels=tf.constant(labels),
    )["images"].numpy()
    assert images.shape[0] == 4
    ends = serve(loaded, np.stack([start, end]), np.array([3, 3], "int32"))
    assert_same_images(images[[0, 3]], ends)


def test_a_path_may_change_its_class_on_the_way(generator, loaded):
    latents, labels = inputs(count=1)[0][0], np.arange(4, dtype="int32")
    images = loaded.interpolate(latents, latents, 4, labels)["images"].numpy()
    repeated = np.repeat(latents[None], 4, axis=0)
    expected = to_uint8(generator([repeated, labels], training=False))
    assert_same_images(images, expected)


def test_it_runs_where_there_is_neither_keras_nor_this_package(
    exported, loaded
):
    program = f"""
import importlib.machinery
import sys


class Installed(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, *rest):
        if name.split(".")[0] not in ("keras", "keras_gans", "jax", "torch"):
            return super().find_spec(name, *rest)


sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Installed
import tensorflow as tf

model = tf.saved_model.load({str(exported)!r})
images = model.signatures["sample"](
    seed=tf.constant(7, tf.int64), count=tf.constant(5),
    label=tf.constant(-1), truncation=tf.constant(1.0))["images"]
try:
    import keras
    raise SystemExit("Keras is there")
except ImportError:
    pass
print("IMAGES", images.numpy().tobytes().hex())
"""
    finished = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=exported,
    )
    assert finished.returncode == 0, finished.stderr
    received = finished.stdout.split("IMAGES ")[1].strip()
    images = np.frombuffer(bytes.fromhex(received), "uint8")
    expected = sample(loaded)
    assert_same_images(images.reshape(expected.shape), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 0}, "`count` must be at least 1"),
        ({"label": NUM_CLASSES}, "`label` must be from -1 to 3"),
        ({"label": -2}, "`label` must be from -1 to 3"),
        ({"truncation": 0.0}, r"`truncation` must be in \(0, 1\]"),
        ({"truncation": 1.5}, r"`truncation` must be in \(0, 1\]"),
        ({"truncation": float("nan")}, r"`truncation` must be in \(0, 1\]"),
    ],
)
def test_samples_that_cannot_be_drawn_are_refused(loaded, change, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        sample(loaded, **change)


def test_labels_and_steps_out_of_range_are_refused(loaded):
    latents, labels = inputs(count=2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="from 0 to 3"):
        serve(loaded, latents, labels + NUM_CLASSES)
    for steps, given, message in (
        (1, [0], "at least 2"),
        (4, [0, 1, 2], "1 or `steps` labels"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            loaded.interpolate(latents[0], latents[1], steps, given)


def test_the_manifest_describes_the_export(generator, exported):
    manifest = json.loads((exported / "manifest.json").read_text())
    assert exported.name == "1" and (exported / "saved_model.pb").is_file()
    expected = {
        "name": "sagan",
        "version": 1,
        "latent_dim": LATENT_DIM,
        "num_classes": NUM_CLASSES,
        "image_shape": [8, 8, 3],
        "value_range": [0, 255],
        "backend": keras.backend.backend(),
        "parameters": sum(w.size for w in generator.get_weights()),
        "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
        "scores": {"fid_lite0": 101.5},
    }
    assert {name: manifest[name] for name in expected} == expected
    assert manifest["created"].endswith("+00:00")
    assert manifest["signatures"]["sample"]["inputs"] == {
        "seed": {"dtype": "int64", "shape": []},
        "count": {"dtype": "int32", "shape": []},
        "label": {"dtype": "int32", "shape": [], "default": -1},
        "truncation": {"dtype": "float32", "shape": [], "default": 1.0},
    }
    assert manifest["signatures"]["serving_default"] == {
        "inputs": {
            "latents": {"dtype": "float32", "shape": [None, LATENT_DIM]},
            "labels": {"dtype": "int32", "shape": [None]},
        },
        "outputs": {"images": {"dtype": "uint8", "shape": [None, 8, 8, 3]}},
    }


def test_the_manifest_holds_the_hash_of_every_file(exported):
    manifest = json.loads((exported / "manifest.json").read_text())
    files = {
        path.relative_to(exported).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in exported.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert manifest["sha256"] == files
    assert "variables/variables.data-00000-of-00001" in files


def test_more_classes_than_the_generator_has_are_refused(generator, tmp_path):
    with pytest.raises(ValueError, match="num_classes=9, and label 8 fails"):
        export_generator(
            generator, tmp_path, latent_dim=LATENT_DIM, num_classes=9
        )
    assert not list(tmp_path.iterdir())

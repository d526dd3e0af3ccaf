"""Strategies of TensorFlow."""

import json
import socket
import time

import keras
import pytest

from keras_gans.distribution import distribute


def cluster(workers, index):
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": workers}, "task": task})


@pytest.fixture(scope="module")
def mirrored(start, tmp_path_factory):
    """What a program printed that trained and exported on two devices."""
    directory = str(tmp_path_factory.mktemp("exports"))
    return start(f"""
import tensorflow as tf
from keras_gans import GAN
from keras_gans.augmentation import AdaptiveAugmentation
from keras_gans.distribution import distribute, virtual_cpu_devices
from keras_gans.images import to_uint8
from keras_gans.serving import export_generator

virtual_cpu_devices(2)
with distribute("mirrored") as replicas:
    print(replicas.name, replicas.replicas)
    print(weight_after_a_step())
    print(error_of_averages())
    latents = keras.Input((3,))
    images = keras.layers.Reshape((2, 2, 1))(keras.layers.Dense(4)(latents))
    generator = keras.Model(latents, images)
    inside = export_generator(generator, {directory!r}, latent_dim=3)
    discriminator = keras.Sequential([
        keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(
            1, kernel_initializer="zeros", bias_initializer="ones")])
    augmentation = AdaptiveAugmentation(interval=2, speed=0.1)
    gan = GAN(generator, discriminator, augmentation=augmentation)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    gan.fit(np.ones((32, 2, 2, 1), "float32"), batch_size=8, verbose=0)
outside = export_generator(generator, {directory!r}, latent_dim=3)
virtual_cpu_devices(2)
try:
    virtual_cpu_devices(3)
except RuntimeError as error:
    print(error)
x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
expected = to_uint8(generator(x)).astype(int)
for path in (inside, outside):
    loaded = tf.saved_model.load(str(path))
    served = loaded.serving_default(x)["images"].numpy()
    print(path.name, np.abs(served - expected).max())
print(augmentation.probability.numpy(), augmentation.real_sign.numpy())
""").lines()


def test_two_virtual_devices_train_as_one(mirrored):
    assert mirrored[0] == "mirrored 2"
    assert float(mirrored[1]) == pytest.approx(7.0, rel=1e-6)


def test_two_virtual_devices_keep_the_averages_of_one(mirrored):
    assert float(mirrored[2]) < 1e-6


def test_devices_are_not_divided_again(mirrored):
    late = "Received: 3, when tensorflow has already started with 2."
    assert late in mirrored[3]


def test_generators_of_mirrored_variables_are_exported(mirrored):
    versions, differences = zip(*map(str.split, mirrored[4:6]), strict=True)
    assert versions == ("1", "2")
    assert all(int(difference) <= 1 for difference in differences)


def test_an_augmentation_adapts_to_the_images_of_all_replicas(mirrored):
    # 32 images, each with a score above 0, and 100 images from 0 to 1.
    probability, sign = map(float, mirrored[6].split())
    assert probability == pytest.approx(0.32) and sign == 1.0


def test_two_workers_train_as_one_and_the_chief_writes(start, tmp_path):
    with socket.socket() as first, socket.socket() as second:
        for probe in (first, second):
            probe.bind(("localhost", 0))
        ports = [probe.getsockname()[1] for probe in (first, second)]
    directory = str(tmp_path)
    addresses = [f"localhost:{port}" for port in ports]
    source = f"""
from keras_gans import GAN
from keras_gans.callbacks import Checkpoint, Samples
from keras_gans.data import PointSet
from keras_gans.distribution import distribute, is_chief
from keras_gans.networks.mlp import mlp_discriminator, mlp_generator

def show(gan):
    points = gan.predict(np.zeros((3, 2), "float32"), verbose=0)
    return str(points.shape)

with distribute("multi_worker") as replicas:
    print(replicas.name, replicas.replicas)
    print(weight_after_a_step())
    gan = GAN(
        mlp_generator(2, width=2, depth=1),
        mlp_discriminator(width=2, depth=1),
        loss="wasserstein",
    )
    gan.compile("sgd", "sgd")
    gan.fit(
        PointSet("8gaussians").training_batches(4, seed=0),
        steps_per_epoch=2,
        verbose=0,
        callbacks=[Checkpoint({directory!r}, 1), Samples(show, {directory!r})],
    )
    print(is_chief())
"""
    workers = [
        start(source, TF_CONFIG=cluster(addresses, index)) for index in (0, 1)
    ]
    for worker, writes in zip(workers, ("True", "False"), strict=True):
        name, weight, chief = worker.lines()
        assert name == "multi_worker 2"
        assert float(weight) == pytest.approx(7.0, rel=1e-6)
        assert chief == writes
    # What one deleted of the other's, a run would miss.
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "step_00000001",
        "step_00000002",
        "step_00000002.txt",
    ]
    assert (tmp_path / "step_00000002.txt").read_text() == "(3, 2)"


def test_a_cluster_that_comes_too_late_is_refused(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", cluster(["localhost:1"], 0))
    keras.ops.ones(()) + 1
    with pytest.raises(RuntimeError, match="first in the program"):
        distribute("multi_worker")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "Received: nothing"),
        ("{worker: 0}", "not JSON"),
        ("[]", "lacks or misshapes"),
        ('{"cluster": {}, "task": {}}', "lacks or misshapes 'worker'"),
        (cluster(["a:1", "b:1"], 2), "no worker 2"),
    ],
)
def test_a_cluster_must_be_described(monkeypatch, text, problem):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=problem) as caught:
        distribute("multi_worker")
    assert 'TF_CONFIG=\'{"cluster"' in str(caught.value)


@pytest.mark.parametrize("tpu", ["", "local", "grpc://127.0.0.1:1"])
def test_a_machine_without_tpu_is_told_so_at_once(monkeypatch, tpu):
    monkeypatch.delenv("TPU_NAME", raising=False)
    start = time.monotonic()
    with pytest.raises(ValueError, match="needs a TPU that answers"):
        distribute("tpu", tpu=tpu)
    assert time.monotonic() - start < 30


def test_batches_of_a_gan_have_equal_parts_on_every_replica(start):
    refused, steps, averages = start("""
from keras_gans import GAN
from keras_gans.distribution import distribute, virtual_cpu_devices
from keras_gans.penalties import R1, CosineWeight, LeCam

virtual_cpu_devices(2)
with distribute("mirrored"):
    networks = [
        keras.Sequential([keras.layers.Dense(units)]) for units in (2, 1)]
    averaging = LeCam(start=0)
    gan = GAN(
        *networks,
        latent_dim=3,
        n_critic=2,
        penalty=[R1(CosineWeight(1.0, 0.5, 9)), averaging],
        top_k=0.5,
    )
    gan.compile("sgd", "sgd")
    points = np.ones((15, 2), "float32")
    try:
        gan.fit(points, batch_size=6, verbose=0)
    except ValueError as error:
        print(error)
    gan.fit(points, batch_size=8, verbose=0)
    print(gan.step)
    print(*(float(w.numpy() != 0) for w in averaging.scores.weights))
""").lines()
    assert "parts on each of 2 replicas. Received: batch size 6," in refused
    assert refused.endswith("Use, for example, 8.")
    # Of 15 points, 7 are no whole batch.
    assert steps == "1"
    assert averages == "1.0 1.0"

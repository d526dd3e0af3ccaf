"""Snapshots of averages, and the averages that are made of them."""

import keras
import numpy as np
import pytest

from keras_gans import ACGAN, LGAGAN, MSGGAN, R3GAN, SAGAN, WGANGP, ProGAN
from keras_gans.callbacks import Averages, Checkpoint, reconstruct, restore
from keras_gans.callbacks.reconstruction import Reconstruction
from keras_gans.callbacks.snapshots import (
    find_snapshots,
    read_network,
    remove_later,
    snapshot_path,
    write_network,
    write_snapshot,
)
from keras_gans.models.profiles import exponent
from tests.callbacks.tiny import fit, real_images, tiny_gan

LENGTHS = (0.05, 0.10)


def averaging_gan(**options):
    return tiny_gan(averages=LENGTHS, **options)


def kept(gan):
    return [
        np.concatenate([weight.numpy().ravel() for weight in row])
        for row in gan.power_averages.averages
    ]


def sizes_of(network):
    return [int(np.prod(weight.shape)) for weight in network.weights]


def test_snapshots_come_every_so_many_steps_and_at_the_end(tmp_path):
    gan = averaging_gan()
    fit(gan, 5, [Averages(tmp_path, 2)])
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "generator.json",
        "step_00000002.npz",
        "step_00000004.npz",
        "step_00000005.npz",
    ]
    last = find_snapshots(tmp_path)[-1]
    assert (last.step, last.lengths) == (5, LENGTHS)
    values = last.values(sizes_of(read_network(tmp_path)))
    # Half precision has eleven bits.
    for row, exact in zip(values, kept(gan), strict=True):
        np.testing.assert_allclose(row, exact, rtol=2**-11, atol=1e-8)


def test_a_resumed_run_keeps_the_snapshots_of_an_unbroken_one(tmp_path):
    images = real_images(64)
    unbroken = averaging_gan(seed=5)
    start = unbroken.get_weights()
    fit(unbroken, 8, [Averages(tmp_path / "a", 2)], images=images)

    first = averaging_gan(seed=5)
    first.set_weights(start)
    places = tmp_path / "b", tmp_path / "checkpoints"
    killed = [Checkpoint(places[1], 4), Averages(places[0], 2)]
    fit(first, 4, killed, images=images[:32])
    # One that was written after the last checkpoint.
    write_snapshot(snapshot_path(places[0], 6), 6, LENGTHS, [[np.ones(3)]] * 2)

    second = averaging_gan(seed=5)
    step = restore(second, places[1])["step"]
    with pytest.raises(ValueError, match="step_00000006.npz"):
        fit(second, 4, [Averages(places[0], 2)], images=images[32:])
    remove_later(places[0], step)
    fit(second, 4, [Averages(places[0], 2)], images=images[32:])
    for ours, theirs in zip(
        find_snapshots(places[0]), find_snapshots(tmp_path / "a"), strict=True
    ):
        assert ours.step == theirs.step
        with np.load(ours.path) as a, np.load(theirs.path) as b:
            for name in a.files:
                np.testing.assert_array_equal(a[name], b[name])


@pytest.mark.once
def test_a_model_without_averages_is_refused(gan, tmp_path):
    with pytest.raises(ValueError, match=r"averages=\(0.05, 0.10\)"):
        fit(gan, 1, [Averages(tmp_path)])


@pytest.mark.once
def test_only_the_chief_writes_snapshots(tmp_path, monkeypatch):
    monkeypatch.setattr("keras_gans.distribution.is_chief", lambda: False)
    fit(averaging_gan(), 1, [Averages(tmp_path)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.once
def test_weights_of_any_size_keep_eleven_bits(tmp_path):
    random = np.random.default_rng(0)
    weights = [
        (random.normal(size=50) * scale).astype("float32")
        for scale in (1e-9, 1.0, 1e9)
    ]
    weights.append(np.zeros((2, 3), "float32"))
    write_snapshot(tmp_path / "step_00000001.npz", 1, (0.1,), [weights])
    [snapshot] = find_snapshots(tmp_path)
    exact = np.concatenate([weight.ravel() for weight in weights])
    values = snapshot.values([50, 50, 50, 6])
    np.testing.assert_allclose(values[0], exact, rtol=2**-11)
    # Two bytes a number, and what the file says besides.
    assert snapshot.path.stat().st_size < 2 * 156 + 1500


@pytest.mark.once
def test_a_snapshot_is_whole_or_not_there(tmp_path, monkeypatch):
    def write(path, **arrays):
        path.write_bytes(b"half")
        raise OSError("The disk is full.")

    monkeypatch.setattr(np, "savez", write)
    with pytest.raises(OSError, match="full"):
        write_snapshot(tmp_path / "a.npz", 1, (0.1,), [[np.ones(3)]])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.once
def test_damaged_snapshots_are_named(tmp_path):
    path = snapshot_path(tmp_path, 3)
    write_snapshot(path, 3, (0.1,), [[np.ones(3)]])
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(
        ValueError, match="step_00000003.npz must be a complete"
    ):
        find_snapshots(tmp_path)


@pytest.mark.once
def test_a_diverged_average_is_named(tmp_path):
    weights = [[np.array([1.0, np.nan, np.inf])]]
    write_snapshot(snapshot_path(tmp_path, 3), 3, (0.1,), weights)
    with pytest.raises(ValueError, match="step_00000003.*diverged"):
        find_snapshots(tmp_path)[0].values([3])


STEPS, PIECES = 1600, 32


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """Snapshots of the averages of weights that drift and tremble."""
    folder = tmp_path_factory.mktemp("walk")
    latents = keras.Input((4,))
    write_network(folder, keras.Model(latents, keras.layers.Dense(10)(latents)))
    random = np.random.default_rng(0)
    path = np.cumsum(random.normal(size=(STEPS, 50)), axis=0) * 0.02
    path += random.normal(size=(STEPS, 50))
    for step in range(STEPS // PIECES, STEPS + 1, STEPS // PIECES):
        averages = [mean(path[:step], length) for length in LENGTHS]
        weights = [[row[:40].reshape(4, 10), row[40:]] for row in averages]
        write_snapshot(snapshot_path(folder, step), step, LENGTHS, weights)
    return folder, path


def mean(path, length):
    """The average of all steps so far, by its closed form."""
    ends = np.arange(len(path) + 1) / len(path)
    return np.diff(ends ** (exponent(length) + 1)) @ path


@pytest.mark.once
@pytest.mark.parametrize(
    "length, error", [(0.05, 1e-3), (0.07, 0.01), (0.15, 0.01), (0.25, 0.05)]
)
@pytest.mark.parametrize("step", [STEPS, STEPS // 2])
def test_an_average_that_was_not_kept_is_made(walk, length, error, step):
    folder, path = walk
    network = reconstruct(folder, length, step)
    made = np.concatenate([w.numpy().ravel() for w in network.weights])
    exact = mean(path[:step], length)
    # Half as many snapshots have been taken by the half.
    error *= STEPS / step
    spread = np.sqrt((path[:step] ** 2).mean())
    assert np.sqrt(((made - exact) ** 2).mean()) < error * spread


@pytest.mark.once
def test_lengths_that_cannot_be_made_are_refused_with_those_that_can(walk):
    folder, _ = walk
    early = STEPS // PIECES * 4
    with pytest.raises(ValueError, match="4 snapshots of 0.05, 0.1 up to") as e:
        reconstruct(folder, 0.02, early)
    assert "Lengths that they make: 0.05, 0.07, 0.1." in str(e.value)


@pytest.mark.once
def test_steps_and_folders_without_snapshots_are_refused(walk, tmp_path):
    folder, _ = walk
    for step in (10, STEPS + 1):
        with pytest.raises(ValueError, match=f"50 to 1600. Received: .*{step}"):
            reconstruct(folder, 0.1, step)
    with pytest.raises(FileNotFoundError, match="--averages=0.05,0.10"):
        Reconstruction(tmp_path)


SYSTEMS = {
    SAGAN: ("sagan_cifar10_32", {"num_classes": 3}),
    MSGGAN: ("msg_gan_cifar10_32", {"max_channels": 8}),
    ACGAN: ("ac_gan_cifar10_32", {"num_classes": 3}),
    WGANGP: ("wgan_gp_cifar10_32", {}),
    LGAGAN: ("lga_cifar10_32", {}),
    R3GAN: ("r3gan_ffhq_64", {"generator_width": 8, "discriminator_width": 8}),
    ProGAN: ("progan_cifar10_32", {"max_channels": 8}),
}


@pytest.mark.once
@pytest.mark.parametrize("kind", SYSTEMS, ids=lambda kind: kind.__name__)
def test_every_system_comes_back_from_its_snapshots(kind, tmp_path):
    preset, changes = SYSTEMS[kind]
    gan = kind.from_preset(preset, averages=LENGTHS, **changes)
    # The order of weights matters: no two are alike.
    random = np.random.default_rng(0)
    rows = [
        [random.uniform(0.5, 1.5, w.shape).astype("float32") for w in row]
        for row in gan.power_averages.averages
    ]
    write_network(tmp_path, gan.generator)
    write_snapshot(snapshot_path(tmp_path, 1), 1, LENGTHS, rows)
    network = reconstruct(tmp_path, 0.10)
    for weight, exact in zip(network.weights, rows[1], strict=True):
        np.testing.assert_allclose(weight.numpy(), exact, rtol=2**-10)
    gan.generator.set_weights(network.get_weights())
    inputs = random.normal(size=(2, gan.latent_dim)).astype("float32")
    if gan.num_classes:
        inputs = [inputs, np.array([0, 2], "int32")]
    ours, theirs = (
        keras.tree.flatten(model.predict(inputs, verbose=0))
        for model in (network, gan.generator)
    )
    for images, expected in zip(ours, theirs, strict=True):
        assert np.isfinite(images).all()
        np.testing.assert_allclose(images, expected, rtol=1e-4, atol=1e-5)

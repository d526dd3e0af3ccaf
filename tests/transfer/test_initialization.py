"""Models that start from the weights of trained ones."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans import ACGAN, MSGGAN, R3GAN
from keras_gans.callbacks import Checkpoint, save_generator
from keras_gans.layers import (
    BatchNormalization,
    LinearConditionalBatchNormalization,
)
from keras_gans.models import GAN
from keras_gans.serving import export_generator
from keras_gans.transfer import initialize_from
from tests.transfer.networks import (
    LATENT_DIM,
    discriminator,
    fit,
    make,
    scattered,
    state,
)


def assert_same(network, expected):
    found = state(network)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert_array_equal(found[name], value, err_msg=name)


def run_directory(gan, folder):
    """Leaves what a run leaves."""
    checkpoint = Checkpoint(folder / "checkpoints")
    checkpoint.set_model(gan)
    checkpoint.at_step(5, {})
    save_generator(gan.sampling_generator, folder / "best.keras")
    (folder / "config.json").write_text("{}")
    return folder


def checkpoint(gan, folder):
    return run_directory(gan, folder) / "checkpoints" / "step_00000005"


def whole(gan, folder):
    gan.save(folder / "gan.keras")
    return folder / "gan.keras"


def weights(gan, folder):
    gan.save_weights(folder / "gan.weights.h5")
    return folder / "gan.weights.h5"


@pytest.mark.parametrize("written", [run_directory, checkpoint, whole, weights])
def test_both_players_and_the_average_are_those_of_a_run(tmp_path, written):
    trained, gan = make(seed=1), make(seed=2)
    found = initialize_from(gan, written(trained, tmp_path))
    for name in ("generator", "averaged_generator", "discriminator"):
        assert_same(getattr(gan, name), state(getattr(trained, name)))
    totals = {taken.network: taken.total for taken in found.networks}
    # Kernels, biases, vector_u, and four arrays of a normalization.
    assert totals == {
        "generator": 2 + 4 + 2,
        "averaged_generator": 2 + 4 + 2,
        "discriminator": 3 + 4 + 2 + 2 + 2,
    }
    assert all(taken.taken == taken.total for taken in found.networks)
    assert found.absent == ()


def test_optimizers_begin_anew_and_the_model_trains(tmp_path):
    trained = make(seed=1)
    fit(trained, 3)
    gan = make(seed=2)
    initialize_from(gan, run_directory(trained, tmp_path))
    assert gan.step == 0
    for player in (gan.optimizer.generator, gan.optimizer.discriminator):
        moments = [v for v in player.variables if v.shape == (LATENT_DIM, 64)]
        assert all(not np.any(v.numpy()) for v in moments)
    fit(gan, 1)
    assert gan.step == 1
    assert np.any(
        state(gan.generator)["dense/0"] != state(trained.generator)["dense/0"]
    )


def test_a_generator_alone_is_both_generators_and_no_discriminator(tmp_path):
    trained, gan = make(seed=1), make(seed=2)
    before = state(gan.discriminator)
    path = run_directory(trained, tmp_path) / "best.keras"
    found = initialize_from(gan, path)
    expected = state(trained.averaged_generator)
    assert_same(gan.generator, expected)
    assert_same(gan.averaged_generator, expected)
    assert_same(gan.discriminator, before)
    assert found.absent == ("discriminator",)
    assert "discriminator: none there, starts anew" in str(found)


def test_a_run_without_an_average_starts_one(tmp_path):
    trained, gan = make(seed=1, ema_decay=None), make(seed=2)
    initialize_from(gan, weights(trained, tmp_path))
    assert_same(gan.averaged_generator, state(trained.generator))


@pytest.mark.once
def test_an_export_is_a_generator(tmp_path):
    trained, gan = make(seed=1), make(seed=2)
    export_generator(
        trained.averaged_generator,
        tmp_path / "export",
        latent_dim=LATENT_DIM,
        num_classes=3,
    )
    initialize_from(gan, tmp_path / "export")
    assert_same(gan.generator, state(trained.averaged_generator))
    with pytest.raises(ValueError, match="as many as the model's, 4.*has 8"):
        initialize_from(unnamed(3), tmp_path / "export" / "1")
    (tmp_path / "export/1/variables/variables.index").write_bytes(b"x")
    with pytest.raises(ValueError, match="must be a complete SavedModel"):
        initialize_from(gan, tmp_path / "export")


def test_power_function_averages_begin_at_what_was_taken(tmp_path):
    trained, gan = make(seed=1), make(seed=2, averages=(0.1, 0.2))
    initialize_from(gan, weights(trained, tmp_path))
    for average in gan.power_averages.averages:
        pairs = zip(average, trained.generator.weights, strict=True)
        for copy, weight in pairs:
            assert_array_equal(copy.numpy(), weight.numpy())
    fit(gan)


def test_new_classes_have_the_mean_of_the_old_ones(tmp_path):
    trained, gan = make(3, seed=1), make(5, seed=2)
    found = initialize_from(gan, weights(trained, tmp_path))
    for network, name in (
        ("generator", "norm/0"),
        ("generator", "norm/1"),
        ("averaged_generator", "norm/0"),
        # After the spectral vector.
        ("discriminator", "projection/1"),
    ):
        old = state(getattr(trained, network))[name].astype("float64")
        new = state(getattr(gan, network))[name]
        expected = np.stack(5 * [old.sum(0) / 3])
        assert_allclose(new, expected, rtol=1e-6, err_msg=name)
    assert [taken.by_class for taken in found.networks] == [2, 2, 1]
    assert "2 of them of another number of classes" in str(found)


def test_classes_come_and_go(tmp_path):
    plain, labelled = make(0, seed=1), make(3, seed=2)
    old, path = state(plain.generator), weights(plain, tmp_path)
    found = initialize_from(labelled, path)
    gamma = state(labelled.generator)["norm/0"]
    assert_array_equal(gamma, np.stack(3 * [old["norm/0"]]))
    assert found.networks[-1].missing == ("projection",)

    labelled = make(3, seed=2)
    old, path = state(labelled.generator), weights(labelled, tmp_path)
    initialize_from(plain, path)
    beta = old["norm/1"].astype("float64").sum(0) / 3
    assert_allclose(state(plain.generator)["norm/1"], beta, rtol=1e-6)


def test_arrays_of_another_shape_stay_and_are_named(tmp_path):
    trained, gan = make(channels=1, seed=1), make(channels=3, seed=2)
    before = state(gan.generator)
    found = initialize_from(gan, weights(trained, tmp_path))
    after, old = state(gan.generator), state(trained.generator)
    for name, value in after.items():
        kept = name.startswith("to_image")
        expected = before[name] if kept else old[name]
        assert_array_equal(value, expected, err_msg=name)
    assert found.networks[0].taken == found.networks[0].total - 2
    assert found.networks[2].reshaped == ("conv_1_sn",)
    text = "generator: 6 of 8 arrays taken; not: to_image (of another shape)"
    assert text in str(found)


def normalized(by_vectors, seed):
    """A GAN whose generator normalizes by itself, or by the latents."""
    latents = keras.Input((LATENT_DIM,))
    features = keras.layers.Dense(64, name="dense")(latents)
    features = keras.layers.Reshape((4, 4, 4))(features)
    if by_vectors:
        norm = LinearConditionalBatchNormalization(
            spectral_norm=False, name="norm"
        )
        features = norm(features, latents)
    else:
        features = BatchNormalization(name="norm")(features)
    images = keras.layers.Conv2D(1, 1, name="to_image")(features)
    gan = GAN(keras.Model(latents, images), discriminator(0))
    gan.compile()
    return scattered(gan, seed)


@pytest.mark.parametrize("by_vectors", [True, False])
def test_a_layer_of_another_kind_is_not_taken(tmp_path, by_vectors):
    # Of one the first array is a scale, of the other a moving mean.
    trained, gan = normalized(by_vectors, 1), normalized(not by_vectors, 2)
    before = state(gan.generator)
    found = initialize_from(gan, weights(trained, tmp_path))
    assert found.networks[0].missing == ("norm",)
    after, old = state(gan.generator), state(trained.generator)
    for name, value in after.items():
        expected = before if name.startswith("norm") else old
        assert_array_equal(value, expected[name], err_msg=name)


def unnamed(seed):
    """A GAN whose layers Keras names."""
    latents = keras.Input((3,))
    features = keras.layers.Dense(16)(keras.layers.Dense(5)(latents))
    images = keras.layers.Reshape((4, 4, 1))(features)
    real = keras.Input((4, 4, 1))
    score = keras.layers.Dense(1)(keras.layers.Flatten()(real))
    gan = GAN(keras.Model(latents, images), keras.Model(real, score))
    gan.compile()
    return scattered(gan, seed)


def test_networks_whose_layers_have_no_names_of_their_own(tmp_path):
    trained, gan = unnamed(1), unnamed(2)
    # Keras has counted on.
    first, second = (g.generator.layers[1].name for g in (trained, gan))
    assert first != second
    initialize_from(gan, weights(trained, tmp_path))
    for new, old in zip(gan.weights, trained.weights, strict=True):
        assert_array_equal(new.numpy(), old.numpy())


@pytest.mark.once
def test_one_hot_labels_of_ac_gan_are_classes_too(tmp_path):
    small = {"resolution": 32, "latent_dim": 5, "seed": 1}
    small |= {"generator_width": 4, "discriminator_width": 2}
    trained = ACGAN.from_settings(**small, num_classes=3)
    gan = ACGAN.from_settings(**small, num_classes=4)
    scattered(trained, 1)
    found = initialize_from(gan, weights(trained, tmp_path))
    old = state(trained.generator)["dense/0"].astype("float64")
    new = state(gan.generator)["dense/0"]
    assert new.shape == (5 + 4, 4 * 4 * 16)
    assert_array_equal(new[:5], old[:5])
    expected = np.stack(4 * [old[5:].sum(0) / 3])
    assert_allclose(new[5:], expected, rtol=1e-6)
    old = state(trained.discriminator)["class_logits/0"].astype("float64")
    expected = np.stack(4 * [old.sum(1) / 3], axis=1)
    new = state(gan.discriminator)["class_logits/0"]
    assert_allclose(new, expected, rtol=1e-6)
    assert all(taken.taken == taken.total for taken in found.networks)


@pytest.mark.once
def test_vectors_of_classes_of_r3gan_are_by_class(tmp_path):
    small = {"resolution": 8, "latent_dim": 4, "blocks": 1, "group_size": 4}
    small |= {"generator_width": 4, "discriminator_width": 4, "burn_in": 3}
    trained = R3GAN.from_settings(**small, num_classes=3)
    gan = R3GAN.from_settings(**small, num_classes=2)
    scattered(trained, 1)
    found = initialize_from(gan, weights(trained, tmp_path))
    assert all(taken.taken == taken.total for taken in found.networks)
    for name in ("generator", "discriminator"):
        old, new = (
            state(getattr(model, name))["class_vectors/0"].astype("float64")
            for model in (trained, gan)
        )
        assert_allclose(new, np.stack(2 * [old.sum(0) / 3]), rtol=1e-6)
    # The burn-in begins anew.
    assert gan.burn_in_length.numpy() == 3
    fit(gan)
    assert gan.step == 1


@pytest.mark.once
def test_twice_the_resolution_has_the_stages_that_match(tmp_path):
    small = {"max_channels": 4, "latent_dim": 4, "ema_decay": 0.9}
    trained = MSGGAN.from_settings(resolution=8, **small)
    gan = MSGGAN.from_settings(resolution=16, **small)
    scattered(trained, 1)
    found = initialize_from(gan, weights(trained, tmp_path))
    made = ("block_16_conv_1", "block_16_conv_2", "to_image_16")
    for taken in found.networks[:2]:
        assert (taken.reshaped, set(taken.missing)) == ((), set(made))
    # The largest images come in by twice the channels of others.
    taken = found.networks[2]
    assert taken.reshaped == ("from_image_8",)
    assert set(taken.missing) == {
        "from_image_16",
        "block_16_conv_1",
        "block_16_conv_2",
    }
    assert_array_equal(
        state(gan.generator)["block_8_conv_1/0"],
        state(trained.generator)["block_8_conv_1/0"],
    )


def a_folder(folder):
    return folder


def nothing(folder):
    return folder / "nothing"


def a_run_that_has_not_begun(folder):
    (folder / "config.json").write_text("{}")
    return folder


def text(folder):
    path = folder / "notes.keras"
    path.write_text("not a model")
    return path


def half_a_file(folder):
    path = whole(make(), folder)
    path.write_bytes(path.read_bytes()[:2000])
    return path


def half_the_weights(folder):
    path = weights(make(), folder)
    path.write_bytes(path.read_bytes()[:3000])
    return path


def another_network(folder):
    latents = keras.Input((2,))
    images = keras.layers.Dense(3, name="else")(latents)
    keras.Model(latents, images).save(folder / "other.keras")
    return folder / "other.keras"


def a_diverged_run(folder):
    gan = make()
    kernel = gan.generator.get_layer("dense").kernel
    kernel.assign(np.full(kernel.shape, np.nan, "float32"))
    return weights(gan, folder)


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        (nothing, FileNotFoundError, "where there is nothing. Check the path"),
        (a_folder, ValueError, "a directory without any of these"),
        (a_run_that_has_not_begun, FileNotFoundError, "no checkpoint yet"),
        (text, ValueError, "damaged or something else"),
        (half_a_file, ValueError, "damaged or something else"),
        (half_the_weights, ValueError, "damaged or something else"),
        (another_network, ValueError, "no kernel in common"),
        (a_diverged_run, ValueError, "layer dense has NaN or infinity"),
    ],
)
def test_what_cannot_be_started_from_changes_nothing(
    tmp_path, path, error, words
):
    gan = make(seed=2)
    before = state(gan.generator) | state(gan.discriminator)
    with pytest.raises(error, match=words):
        initialize_from(gan, path(tmp_path))
    after = state(gan.generator) | state(gan.discriminator)
    for name, value in before.items():
        assert_array_equal(after[name], value, err_msg=name)


def test_a_damaged_checkpoint_gives_way_to_an_older_one(tmp_path):
    trained, gan = make(seed=1), make(seed=2)
    run_directory(trained, tmp_path)
    later = tmp_path / "checkpoints" / "step_00000009"
    later.mkdir()
    (later / "gan.weights.h5").write_bytes(b"half")
    with pytest.warns(UserWarning, match="Another file is used.*00000009"):
        found = initialize_from(gan, tmp_path)
    assert found.path.parent.name == "step_00000005"


def test_a_model_that_has_trained_is_not_overwritten(tmp_path):
    path, gan = weights(make(seed=1), tmp_path), make(seed=2)
    fit(gan, 2)
    with pytest.raises(ValueError, match="Received: a model after 2 steps"):
        initialize_from(gan, path)


def test_what_is_frozen_must_have_been_trained(tmp_path):
    trained = make(channels=1, seed=1)
    gan = make(channels=3, freeze_discriminator=1)
    with pytest.raises(ValueError, match="no weights that fit conv_1_sn"):
        initialize_from(gan, weights(trained, tmp_path))
    gan = make(channels=1, seed=2, freeze_discriminator=1)
    path = run_directory(trained, tmp_path) / "best.keras"
    with pytest.raises(ValueError, match="best.keras has none. Start from a"):
        initialize_from(gan, path)
    initialize_from(gan, tmp_path)
    fit(gan, 2)
    found, old = state(gan.discriminator), state(trained.discriminator)
    same = {n for n in found if np.array_equal(found[n], old[n])}
    assert same == {n for n in found if n.startswith(("conv_1", "bn_1"))}

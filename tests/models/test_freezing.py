"""Blocks of a discriminator that are not trained."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_array_equal

from keras_gans import ACGAN, LGAGAN, MSGGAN, R3GAN, SAGAN, WGANGP
from keras_gans.callbacks import Checkpoint, restore
from keras_gans.models.freezing import discriminator_blocks
from keras_gans.networks.wgan_gp import wgan_gp_critic

WIDTHS = {"generator_width": 8, "discriminator_width": 8}
RESNET = ("block_1", "block_2", "block_3", "block_4")


def weights(network):
    return {
        f"{layer.name}/{index}": np.array(weight.numpy())
        for layer in network.layers
        for index, weight in enumerate(layer.weights)
    }


def moved(network, before):
    """Returns the layers of which an array is another one than before."""
    after = weights(network)
    names = [n for n in after if not np.array_equal(after[n], before[n])]
    return {name.split("/")[0] for name in names}


def fit(gan, batch, steps):
    images, labels = (np.concatenate(steps * [part]) for part in batch)
    gan.fit(images, labels, batch_size=8, verbose=0, shuffle=False)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"share_fakes": True, "joint_scoring": True},
        {"accumulate": 2},
        {"remat": True},
    ],
)
def test_weights_and_buffers_of_frozen_blocks_stay(make_gan, batch, options):
    gan = make_gan(freeze_discriminator=1, **options)
    first, normalization = gan.discriminator.layers[1:3]
    before = weights(gan.discriminator)
    generator = weights(gan.generator)
    fit(gan, batch, 2)
    trained = moved(gan.discriminator, before)
    assert not {first.name, normalization.name} & trained
    heads = list(discriminator_blocks(gan.discriminator).values())[1:]
    assert {layer.name for block in heads for layer in block} == trained
    assert len(moved(gan.generator, generator)) == 3


def test_nothing_is_frozen_by_itself(make_gan, batch):
    gan = make_gan()
    before = weights(gan.discriminator)
    fit(gan, batch, 2)
    names = {name.split("/")[0] for name in before}
    assert moved(gan.discriminator, before) == names


def test_a_frozen_normalization_is_by_moving_averages(make_gan, batch):
    # But for the dropout of this discriminator.
    gan = make_gan(freeze_discriminator=1)
    images = ops.convert_to_tensor(batch[0])
    network = keras.Model(
        gan.discriminator.inputs[0], gan.discriminator.layers[2].output
    )
    mean, variance = gan.discriminator.layers[2].weights[2:]
    mean.assign(np.array([0.1, 0.2, 0.3, 0.4], "float32"))
    variance.assign(np.array([1.0, 2.0, 3.0, 4.0], "float32"))
    convolved = ops.convert_to_numpy(gan.discriminator.layers[1](images))
    expected = (convolved - mean.numpy()) / np.sqrt(variance.numpy() + 1e-5)
    found = ops.convert_to_numpy(network(images, training=True))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_saved_model_and_a_resumed_one_stay_frozen(make_gan, batch, tmp_path):
    gan = make_gan(freeze_discriminator=1, ema_decay=0.9)
    fit(gan, batch, 1)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    assert loaded.freeze_discriminator == 1
    checkpoint = Checkpoint(tmp_path / "checkpoints")
    checkpoint.set_model(gan)
    checkpoint.at_step(1, {})
    resumed = make_gan(freeze_discriminator=1, ema_decay=0.9)
    restore(resumed, tmp_path / "checkpoints")
    for each in (gan, loaded, resumed):
        fit(each, batch, 1)
    for each in (loaded, resumed):
        for new, old in zip(each.weights, gan.weights, strict=True):
            assert_array_equal(new.numpy(), old.numpy())


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (3, "of which there are 3.*freeze_discriminator=3. Use at most 2"),
        (-1, "at least 0. Received: freeze_discriminator=-1"),
        (True, "must be an integer"),
    ],
)
def test_a_block_must_be_left_to_train(make_gan, count, words):
    with pytest.raises(ValueError, match=words):
        make_gan(freeze_discriminator=count)


def test_layers_of_a_subclassed_network_count():
    @keras.saving.register_keras_serializable(package="tests.freezing")
    class Own(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.first = layers.Dense(4, name="first")
            self.second = layers.Dense(1, name="second")

        def call(self, inputs):
            return self.second(self.first(inputs))

    images = keras.Input((3,))
    network = keras.Model(images, Own()(images))
    assert list(discriminator_blocks(network)) == ["first", "second"]


@pytest.mark.once
@pytest.mark.parametrize(
    ("model", "settings", "expected"),
    [
        (
            SAGAN,
            WIDTHS | {"num_classes": 2, "attention_resolution": 8},
            [*RESNET[:2], "attention", *RESNET[2:], "score_sn", "projection"],
        ),
        (
            ACGAN,
            WIDTHS | {"num_classes": 2},
            [*(f"conv_{n}" for n in range(1, 7)), "score", "class_logits"],
        ),
        (WGANGP, WIDTHS, [*RESNET, "score"]),
        (
            LGAGAN,
            WIDTHS | {"backbone": "sngan", "map_resolution": 4},
            [*RESNET, "score_sn"],
        ),
        (
            MSGGAN,
            {"max_channels": 4, "latent_dim": 4},
            ["block_32", "block_16", "block_8", "block_4", "score"],
        ),
        (
            R3GAN,
            WIDTHS | {"num_classes": 2, "blocks": 1},
            [
                "from_images",
                *(f"stage_{size}_block_1" for size in (32, 16, 8, 4)),
                "stage_4_basis",
                "projected",
                "class_vectors",
            ],
        ),
        # Its features are never trained: they are no block.
        (
            SAGAN,
            WIDTHS
            | {
                "attention_resolution": 0,
                "projected_discriminator": True,
                "projected_resolution": 32,
                "projected_width": 2,
            },
            [
                *(
                    f"scale_{scale}_x{1 << halvings}"
                    for halvings in range(4)
                    for scale in range(1, halvings + 2)
                ),
                *(f"scale_{scale}_score_sn" for scale in range(1, 5)),
            ],
        ),
    ],
)
def test_the_systems_have_these_blocks(model, settings, expected):
    gan = model.from_settings(resolution=32, freeze_discriminator=2, **settings)
    found = discriminator_blocks(gan.discriminator)
    assert list(found) == expected
    frozen = [layer for name in expected[:2] for layer in found[name]]
    trained = {id(v) for v in gan.discriminator.trainable_variables}
    for layer in frozen:
        assert not trained & {id(weight) for weight in layer.weights}
    left = [layer for name in expected[2:] for layer in found[name]]
    kernels = {id(v) for layer in left for v in layer.trainable_variables}
    assert trained == kernels


@pytest.mark.once
def test_layer_normalizations_belong_to_what_they_normalize():
    critic = wgan_gp_critic(
        architecture="dcgan", resolution=64, normalization="layer", width=4
    )
    found = discriminator_blocks(critic)
    assert list(found) == ["conv_1", "conv_2", "conv_3", "conv_4", "score"]
    assert [layer.name for layer in found["conv_2"]] == [
        "conv_2",
        "conv_2_norm",
    ]

"""The ResNets of SNGAN and SAGAN: sizes, exact rewritings, errors."""

import numpy as np
import pytest
from keras import layers
from numpy.testing import assert_allclose

from keras_gans.models import SAGAN
from keras_gans.networks import resnet_discriminator, resnet_generator

pytestmark = pytest.mark.once

BUILDERS = pytest.mark.parametrize(
    "build", [resnet_generator, resnet_discriminator]
)


def parameters(network):
    return sum(np.prod(w.shape, dtype=int) for w in network.trainable_weights)


def test_the_preset_has_the_published_number_of_parameters():
    gan = SAGAN.from_preset("sagan_imagenet_128")
    assert parameters(gan.generator) == 42_078_852
    assert parameters(gan.discriminator) == 39_463_618
    assert gan.generator.output_shape == (None, 128, 128, 3)
    assert gan.averaged_generator is None
    assert gan.n_critic == 1
    optimizers = gan.optimizer.generator, gan.optimizer.discriminator
    for optimizer, rate in zip(optimizers, (1e-4, 4e-4), strict=True):
        assert float(optimizer.learning_rate) == pytest.approx(rate)
        betas = optimizer.beta_1, optimizer.beta_2, optimizer.epsilon
        assert betas == (0.0, 0.9, 1e-8)


@pytest.mark.parametrize(
    ("attention", "generator", "discriminator"),
    [(64, 42_017_412, 39_448_258), (0, 41_996_931, 39_443_137)],
)
def test_parameters_are_those_published(attention, generator, discriminator):
    options = {
        "resolution": 128,
        "num_classes": 1000,
        "attention_resolution": attention,
    }
    assert parameters(resnet_generator(**options)) == generator
    assert parameters(resnet_discriminator(**options)) == discriminator


@pytest.mark.parametrize("resolution", [32, 64])
@pytest.mark.parametrize("num_classes", [0, 5])
def test_smaller_resolutions_build(resolution, num_classes):
    options = {
        "resolution": resolution,
        "num_classes": num_classes,
        "channels": 1,
        "width": 8,
    }
    generator = resnet_generator(latent_dim=6, **options)
    discriminator = resnet_discriminator(**options)
    assert generator.output_shape == (None, resolution, resolution, 1)
    assert discriminator.output_shape == (None, 1)
    labels = [np.array([0, 4])] if num_classes else []
    images = generator([np.ones((2, 6), "float32"), *labels]).numpy()
    assert np.abs(images).max() <= 1.0
    assert tuple(discriminator([images, *labels]).shape) == (2, 1)


def test_blocks_have_the_published_widths():
    # Miyato & Koyama's 64 px networks, and Miyato et al.'s 32 px ones.
    for resolution, width, generator_widths, discriminator_widths in (
        (64, 8, [128, 64, 32, 16, 8], [8, 16, 32, 64, 128]),
        (32, 8, [8, 8, 8, 8], [8, 8, 8, 8]),
    ):
        generator = resnet_generator(resolution=resolution, width=width)
        sizes = [4 << index for index in range(len(generator_widths))]
        first, *blocks = [
            generator.get_layer(name).output.shape
            for name in ("reshape", *(f"block_{size}" for size in sizes[1:]))
        ]
        expected = [
            (None, size, size, channels)
            for size, channels in zip(sizes, generator_widths, strict=True)
        ]
        assert [first, *blocks] == expected
        discriminator = resnet_discriminator(resolution=resolution, width=width)
        shapes = [
            discriminator.get_layer(f"block_{index + 1}").output.shape
            for index in range(len(discriminator_widths))
        ]
        heights = {64: [32, 16, 8, 4, 2], 32: [16, 8, 8, 8]}[resolution]
        assert shapes == [
            (None, size, size, channels)
            for size, channels in zip(
                heights, discriminator_widths, strict=True
            )
        ]


@pytest.mark.parametrize("resolution", [32, 64])
@BUILDERS
def test_folding_changes_nothing(build, resolution):
    options = {"resolution": resolution, "num_classes": 4, "width": 8}
    options |= {"attention_resolution": 16}
    folded, plain = (build(folding=fold, **options) for fold in (True, False))
    random = np.random.default_rng(0)
    values = {}
    for weight in folded.weights:
        # Around the initial value, so that no weight is without effect.
        noise = random.normal(0.0, 0.1, weight.shape)
        values[weight.path] = weight.numpy() + np.abs(noise)
        weight.assign(values[weight.path])
    assert {weight.path for weight in plain.weights} == set(values)
    for weight in plain.weights:
        weight.assign(values[weight.path])
    inputs = random.normal(size=(3, *folded.inputs[0].shape[1:]))
    inputs = [inputs.astype("float32"), np.array([0, 3, 1])]
    for training in (False, True):
        expected = plain(inputs, training=training).numpy()
        outputs = folded(inputs, training=training).numpy()
        scale = np.abs(expected).max()
        assert scale > 0.1
        assert_allclose(outputs, expected, atol=1e-5 * scale)


@BUILDERS
def test_labels_matter(build):
    network = build(resolution=32, num_classes=3, width=8)
    random = np.random.default_rng(0)
    for weight in network.trainable_weights:
        weight.assign_add(random.normal(0.0, 0.1, weight.shape))
    inputs = np.ones((3, *network.inputs[0].shape[1:]), "float32")
    outputs = network([inputs, np.array([0, 1, 1])]).numpy()
    assert_allclose(outputs[1], outputs[2], rtol=1e-5, atol=1e-5)
    assert np.abs(outputs[0] - outputs[1]).max() > 1e-3


def test_spectral_normalization_can_be_left_out():
    network = resnet_discriminator(
        resolution=32, width=8, attention_resolution=8, spectral_norm=False
    )
    assert network.non_trainable_weights == []
    assert isinstance(network.get_layer("score"), layers.Dense)


@BUILDERS
def test_a_resolution_that_is_not_there_is_refused(build):
    with pytest.raises(ValueError, match="32, 64, 128.*resolution=48"):
        build(resolution=48)


@BUILDERS
def test_attention_needs_a_feature_map_of_its_size(build):
    with pytest.raises(ValueError, match="attention_resolution=12"):
        build(resolution=32, attention_resolution=12)


def test_multipliers_must_reach_the_resolution():
    with pytest.raises(ValueError, match=r"multipliers=\(1, 1\)"):
        resnet_generator(resolution=32, multipliers=(1, 1))


def test_an_unknown_place_of_spectral_norm_is_refused():
    with pytest.raises(ValueError, match="spectral_norm='generator'"):
        SAGAN.from_settings(resolution=32, spectral_norm="generator")

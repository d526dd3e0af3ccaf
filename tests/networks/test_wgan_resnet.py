"""The ResNets of WGAN-GP: sizes, exact rewritings, normalization."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.networks.wgan_resnet import (
    wgan_resnet_critic,
    wgan_resnet_generator,
)

pytestmark = pytest.mark.once


def parameters(network):
    return sum(np.prod(w.shape, dtype=int) for w in network.trainable_weights)


def randomize(network, values=None):
    """Gives every weight a value of its own, or those of another network."""
    random = np.random.default_rng(0)
    new = {}
    for weight in network.weights:
        if values is None:
            noise = np.abs(random.normal(0.0, 0.1, weight.shape))
            new[weight.path] = weight.numpy() + noise
        else:
            new[weight.path] = values[weight.path].reshape(weight.shape)
        weight.assign(new[weight.path])
    return new


def images(resolution, count=3):
    random = np.random.default_rng(1)
    shape = (count, resolution, resolution, 3)
    return random.uniform(-1.0, 1.0, shape).astype("float32")


def by_hand_128():
    """Parameters of the 128 px networks, layer by layer."""

    def conv(size, inputs, outputs):
        return size * size * inputs * outputs + outputs

    generator = 129 * 16 * 512
    for inputs, outputs in ((512, 512), (512, 256), (256, 128), (128, 64)):
        generator += 2 * inputs + conv(3, inputs, outputs)
        generator += 2 * outputs + conv(3, outputs, outputs)
        generator += conv(1, inputs, outputs)
    generator += 2 * 64 + conv(5, 64, 3)
    critic = conv(5, 3, 128)
    for inputs, outputs in ((128, 256), (256, 512), (512, 1024)):
        critic += 2 * (2 * inputs) + conv(3, inputs, inputs)
        critic += conv(3, inputs, outputs) + conv(1, inputs, outputs)
    critic += 2 * (2 * 2 * 1024 + 2 * conv(3, 1024, 1024))
    return generator, critic + 1025


PUBLISHED = {
    32: (1_204_483, 1_053_825),
    64: (8_540_483, 7_491_841),
    128: by_hand_128(),
}


@pytest.mark.parametrize("resolution", PUBLISHED)
def test_parameters_are_those_published(resolution):
    generator = wgan_resnet_generator(resolution=resolution)
    critic = wgan_resnet_critic(resolution=resolution)
    assert (parameters(generator), parameters(critic)) == PUBLISHED[resolution]
    assert generator.output_shape == (None, resolution, resolution, 3)
    assert critic.output_shape == (None, 1)


def test_the_auxiliary_classifier_adds_a_dense_layer():
    critic = wgan_resnet_critic(resolution=32, num_classes=10)
    assert parameters(critic) == 1_053_825 + 1_290
    assert critic.output_shape == [(None, 1), (None, 10)]
    assert len(critic.inputs) == 1


def test_a_condition_is_a_scale_and_an_offset_by_class_in_the_blocks():
    plain = wgan_resnet_generator(resolution=32)
    conditional = wgan_resnet_generator(resolution=32, num_classes=10)
    # Three blocks of two normalizations; the last one has no labels.
    extra = 3 * 2 * 2 * 128 * (10 - 1)
    assert parameters(conditional) - parameters(plain) == extra


@pytest.mark.parametrize(
    ("resolution", "n", "blocks"),
    [(32, 8, 4), (32, 4, 5), (64, 4, 5), (64, 8, 5)],
)
def test_maps_have_their_resolution(resolution, n, blocks):
    critic = wgan_resnet_critic(
        resolution=resolution, map_resolution=n, width=8, num_classes=3
    )
    assert critic.output_shape == [(None, n, n, 1), (None, 3)]
    scalar = wgan_resnet_critic(resolution=resolution, width=8)
    counts = {
        sum(layer.name.endswith("conv_2") for layer in network.layers)
        + (resolution == 64)
        for network in (critic, scalar)
    }
    assert max(counts) == blocks
    assert critic.get_layer("score").kernel.shape[:2] == (1, 1)


def test_the_mean_of_the_published_trunk_s_map_is_its_score():
    # mean(Y) with Y = w·h + b at each position is w·mean(h) + b.
    scalar = wgan_resnet_critic(resolution=32, width=8)
    mapped = wgan_resnet_critic(resolution=32, width=8, map_resolution=8)
    randomize(mapped, randomize(scalar))
    inputs = images(32)
    expected = scalar(inputs).numpy()[:, 0]
    assert_allclose(mapped(inputs).numpy().mean((1, 2, 3)), expected, rtol=1e-4)


@pytest.mark.parametrize("resolution", [32, 64, 128])
@pytest.mark.parametrize("build", [wgan_resnet_generator, wgan_resnet_critic])
def test_folding_changes_nothing(build, resolution):
    options = {"resolution": resolution, "num_classes": 4, "width": 4}
    folded, plain = (build(folding=fold, **options) for fold in (True, False))
    randomize(plain, randomize(folded))
    if build is wgan_resnet_critic:
        inputs = images(resolution, 2)
    else:
        latents = np.random.default_rng(1).normal(size=(2, 128))
        inputs = [latents.astype("float32"), np.array([0, 3])]
    outputs, expected = (
        network(inputs, training=True) for network in (folded, plain)
    )
    if build is wgan_resnet_critic:
        outputs, expected = outputs[0], expected[0]
    scale = np.abs(expected.numpy()).max()
    assert scale > 0.1
    assert_allclose(outputs.numpy(), expected.numpy(), atol=1e-4 * scale)


def test_a_generated_image_depends_on_its_batch_as_published():
    latents = np.random.default_rng(0).normal(size=(4, 8)).astype("float32")
    for batch_statistics in (True, False):
        network = wgan_resnet_generator(
            resolution=32,
            width=8,
            latent_dim=8,
            batch_statistics=batch_statistics,
        )
        alone, together = network(latents[:2])[0], network(latents)[0]
        distance = np.abs(alone.numpy() - together.numpy()).max()
        assert (distance > 1e-3) == batch_statistics


@pytest.mark.parametrize("resolution", [32, 64, 128])
def test_a_score_does_not_depend_on_the_batch(resolution):
    # What the penalty needs: no batch statistics in the critic.
    critic = wgan_resnet_critic(resolution=resolution, width=4)
    inputs = images(resolution)
    alone = critic(inputs[:1], training=True).numpy()
    together = critic(inputs, training=True).numpy()[:1]
    assert_allclose(alone, together, rtol=1e-4, atol=1e-5)


def test_batch_normalization_has_its_place_in_a_critic_without_penalty():
    def normalizations(**options):
        critic = wgan_resnet_critic(resolution=64, width=4, **options)
        return [
            type(layer).__name__
            for layer in critic.layers
            if "_norm_" in layer.name
        ]

    assert normalizations() == ["GroupNormalization"] * 8
    assert normalizations(normalization="batch") == ["BatchNormalization"] * 8
    assert normalizations(normalization="none") == []


def test_images_are_float32_in_bfloat16():
    import keras

    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = wgan_resnet_generator(resolution=32, width=8)
        critic = wgan_resnet_critic(resolution=64, width=8)
    finally:
        keras.config.set_dtype_policy("float32")
    outputs = generator(np.ones((2, 128), "float32"))
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"
    scores = critic(images(64)).numpy().astype("float32")
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("build", [wgan_resnet_generator, wgan_resnet_critic])
def test_a_resolution_that_is_not_there_is_refused(build):
    with pytest.raises(ValueError, match="32, 64, 128.*resolution=48"):
        build(resolution=48)


@pytest.mark.parametrize(("resolution", "n"), [(32, 16), (128, 4)])
def test_a_map_that_is_not_there_is_refused(resolution, n):
    with pytest.raises(ValueError, match=f"map_resolution={n}"):
        wgan_resnet_critic(resolution=resolution, map_resolution=n)


def test_an_unknown_normalization_is_refused():
    with pytest.raises(ValueError, match="normalization='group'"):
        wgan_resnet_critic(resolution=64, normalization="group")

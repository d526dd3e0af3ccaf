"""The networks of ProGAN: counts, fading, and the parts of a stage."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.layers import FadeIn
from keras_gans.networks.progan import (
    discriminator_at,
    generator_at,
    progan_discriminator,
    progan_generator,
    stage_widths,
    stages,
)
from tests.networks import progan_oracle as oracle

pytestmark = pytest.mark.once

SIZES = [4, 8, 16]
SHARES = {8: 1.0, 16: 0.25}
SMALL = {"resolution": 16, "channels": 2, "max_channels": 6}


def published_width(size):
    """The released code's channels, by the logarithm of the size."""
    return min(8192 // 2 ** (int(np.log2(size)) - 1), 512)


def generator_parameters(resolution, latent_dim=512):
    """Table 2: a dense layer, convolutions of 3x3, and 1x1 to images."""
    count, before = 0, latent_dim
    for size in 2 ** np.arange(2, int(np.log2(resolution)) + 1):
        width = published_width(size)
        first = 16 if size == 4 else 9
        count += first * before * width + width
        count += 9 * width * width + width
        count += 3 * width + 3
        before = width
    return count


def discriminator_parameters(resolution):
    count = 0
    for size in 2 ** np.arange(3, int(np.log2(resolution)) + 1):
        width, after = published_width(size), published_width(size // 2)
        count += 9 * width * width + width + 9 * width * after + after
        count += 3 * width + width
    count += 3 * 512 + 512
    count += 9 * 513 * 512 + 512
    return count + 16 * 512 * 512 + 512 + 512 + 1


@pytest.fixture(scope="module")
def networks():
    """Both networks with biases and shares that are not 0."""
    keras.utils.set_random_seed(0)
    generator = progan_generator(**SMALL, latent_dim=5)
    discriminator = progan_discriminator(**SMALL, group_size=2)
    random = np.random.default_rng(0)
    for network in (generator, discriminator):
        for weight in network.weights:
            if weight.name == "bias":
                weight.assign(random.normal(size=weight.shape))
        set_shares(network, SHARES)
    return generator, discriminator


def set_shares(network, shares):
    for size, share in shares.items():
        network.get_layer(f"fade_{size}").share.assign(share)


def images_of(size, count=4):
    shape = (count, size, size, 2)
    return np.random.default_rng(1).uniform(-1, 1, shape).astype("float32")


def latents_of(count=3):
    return np.random.default_rng(2).normal(size=(count, 5)).astype("float32")


def parameters(network):
    return sum(np.prod(w.shape, dtype=int) for w in network.trainable_weights)


@pytest.mark.parametrize("resolution", [8, 32, 128, 1024])
def test_parameters_are_those_of_table_2(resolution):
    generator = progan_generator(resolution=resolution)
    discriminator = progan_discriminator(resolution=resolution)
    counts = parameters(generator), parameters(discriminator)
    assert counts == (
        generator_parameters(resolution),
        discriminator_parameters(resolution),
    )
    if resolution == 1024:
        # 23.1 million each, as the paper says.
        assert counts == (23_079_115, 23_087_249)
    assert generator.output_shape == discriminator.input_shape
    assert discriminator.output_shape == (None, 1)
    # One share is not trained for each stage but the first.
    fades = len(stages(generator)) - 1
    for network in (generator, discriminator):
        assert len(network.non_trainable_weights) == fades


def test_channels_halve_beyond_32_pixels():
    widths = stage_widths(1024)
    assert widths == {size: published_width(size) for size in widths}
    assert list(widths) == [4, 8, 16, 32, 64, 128, 256, 512, 1024]


def test_images_are_those_of_the_formula(networks):
    generator, _ = networks
    weights, latents = oracle.weights_of(generator), latents_of()
    expected = oracle.generated(weights, latents, SIZES, SHARES)
    assert_allclose(generator(latents).numpy(), expected, rtol=1e-4, atol=1e-5)
    for count, size in enumerate(SIZES, start=1):
        expected = oracle.generated(weights, latents, SIZES[:count], SHARES)
        images = generator_at(generator, size)(latents).numpy()
        assert images.shape == (3, size, size, 2)
        assert_allclose(images, expected, rtol=1e-4, atol=1e-5)


def test_scores_are_those_of_the_formula(networks):
    _, discriminator = networks
    weights = oracle.weights_of(discriminator)
    for count, size in enumerate(SIZES, start=1):
        images, sizes = images_of(size), SIZES[:count]
        expected = oracle.scored(weights, images, sizes, SHARES, 2)
        part = discriminator_at(discriminator, size)
        scores = part(images).numpy()
        assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)
        if size == SIZES[-1]:
            assert_array_equal(discriminator(images).numpy(), scores)
        used = {id(weight) for weight in part.weights}
        assert used <= {id(weight) for weight in discriminator.weights}
        assert (len(used) == len(discriminator.weights)) == (size == 16)


def without(weights, *names):
    """Returns the weights with other numbers in some layers."""
    return {
        key: value + 1.0 if key[0] in names else value
        for key, value in weights.items()
    }


def test_a_share_of_1_is_a_network_without_the_old_path(networks):
    generator, discriminator = networks
    latents, images = latents_of(), images_of(8)
    full = {8: 1.0, 16: 1.0}
    # What the old path is made of may be anything.
    weights = without(oracle.weights_of(generator), "to_image_4")
    expected = oracle.generated(weights, latents, SIZES[:2], full)
    part = generator_at(generator, 8)
    assert_allclose(part(latents).numpy(), expected, rtol=1e-4, atol=1e-5)
    weights = without(oracle.weights_of(discriminator), "from_image_4")
    expected = oracle.scored(weights, images, SIZES[:2], full, 2)
    part = discriminator_at(discriminator, 8)
    assert_allclose(part(images).numpy(), expected, rtol=1e-4, atol=1e-5)


def test_a_share_of_0_is_the_lower_stage(networks):
    generator, discriminator = networks
    latents, images = latents_of(), images_of(16)
    none = {8: 0.0, 16: 0.0}
    for network in (generator, discriminator):
        set_shares(network, none)
    small = generator_at(generator, 4)(latents).numpy()
    repeated = small.repeat(4, axis=1).repeat(4, axis=2)
    assert_array_equal(generator(latents).numpy(), repeated)
    means = oracle.halve(oracle.halve(images.astype("float64")))
    lowest = discriminator_at(discriminator, 4)
    expected = lowest(means.astype("float32")).numpy()
    assert_allclose(discriminator(images).numpy(), expected, rtol=1e-4)
    for network in (generator, discriminator):
        set_shares(network, SHARES)


def test_copies_of_networks_whose_parts_are_in_use_are_the_networks(networks):
    for network, inputs in zip(
        networks, (latents_of(4), images_of(16)), strict=True
    ):
        copy = keras.models.clone_model(network)
        copy.set_weights(network.get_weights())
        assert_array_equal(copy(inputs).numpy(), network(inputs).numpy())
        assert [w.path for w in copy.weights] == [
            w.path for w in network.weights
        ]


def test_images_of_two_sides_grow_too():
    generator = progan_generator(resolution=(8, 16), max_channels=4)
    discriminator = progan_discriminator(resolution=(8, 16), max_channels=4)
    assert stages(generator) == stages(discriminator) == [4, 8]
    assert generator_at(generator, 4).output_shape == (None, 4, 8, 3)
    assert discriminator_at(discriminator, 4).input_shape == (None, 4, 8, 3)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"resolution": 24}, "ProGAN double .* power of two.*resolution=24"),
        ({"resolution": 4}, "power of two of 8 or more.*resolution=4"),
        ({"resolution": 64, "max_channels": 3}, "multiple of 2.*channels=3"),
        ({"resolution": 8, "max_channels": 0}, "positive multiple of 1"),
    ],
)
def test_sizes_and_widths_that_cannot_be_are_refused(settings, words):
    for build in (progan_generator, progan_discriminator):
        with pytest.raises(ValueError, match=words):
            build(**settings)


def test_what_fades_has_one_shape():
    with pytest.raises(ValueError, match="two tensors of one shape"):
        FadeIn().build([(2, 4), (2, 5)])

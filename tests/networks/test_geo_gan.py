"""Geometric GAN's DCGAN: sizes, published parameter counts, soft margin."""

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose

from keras_gans.networks.geo_gan import (
    geo_gan_discriminator,
    geo_gan_generator,
)


def parameters(network):
    return sum(np.prod(w.shape, dtype=int) for w in network.trainable_weights)


@pytest.mark.once
def test_parameters_are_those_of_the_64_pixel_dcgan():
    # The counts printed for this network with 64 filters and 100 latents.
    generator = geo_gan_generator(resolution=64, width=64)
    discriminator = geo_gan_discriminator(resolution=64, width=64)
    assert parameters(generator) == 3_576_704
    assert parameters(discriminator) == 2_765_568


@pytest.mark.once
@pytest.mark.parametrize(
    ("resolution", "widths"), [(32, [4, 8, 16]), (64, [4, 8, 16, 32])]
)
def test_widths_double_towards_the_smallest_map(resolution, widths):
    generator = geo_gan_generator(resolution=resolution, width=4)
    discriminator = geo_gan_discriminator(resolution=resolution, width=4)
    sizes = [resolution >> (index + 1) for index in range(len(widths))]
    assert sizes[-1] == 4
    for size, width in zip(sizes, widths, strict=True):
        shape = (None, size, size, width)
        assert generator.get_layer(f"relu_{size}").output.shape == shape
        assert discriminator.get_layer(f"relu_{size}").output.shape == shape
    names = {layer.name for layer in discriminator.layers}
    assert f"bn_{sizes[0]}" not in names
    assert {f"bn_{size}" for size in sizes[1:]} <= names


@pytest.mark.once
def test_images_are_in_range_and_scores_one_an_image():
    generator = geo_gan_generator(resolution=32, channels=1, width=4)
    discriminator = geo_gan_discriminator(resolution=32, channels=1, width=4)
    latents = np.random.default_rng(0).normal(size=(3, 100)).astype("float32")
    images = keras.ops.convert_to_numpy(generator(latents, training=True))
    assert images.shape == (3, 32, 32, 1)
    assert 0.0 < np.abs(images).max() <= 1.0
    scores = keras.ops.convert_to_numpy(discriminator(images, training=True))
    assert scores.shape == (3, 1)
    assert np.isfinite(scores).all()


@pytest.mark.once
def test_no_layer_has_a_bias_and_kernels_are_small():
    for network in (
        geo_gan_generator(resolution=32, width=16),
        geo_gan_discriminator(resolution=32, width=16),
    ):
        kernels = [w for w in network.trainable_weights if w.name == "kernel"]
        others = {w.name for w in network.trainable_weights} - {"kernel"}
        assert others == {"gamma", "beta"}
        assert len(kernels) == 4
        for kernel in kernels:
            assert_allclose(kernel.numpy().std(), 0.02, rtol=0.2)


def test_the_soft_margin_is_on_the_last_layer_alone():
    # Equation 11 with C = 1 and a batch of 64: ‖v‖² / (2·64).
    network = geo_gan_discriminator(
        resolution=32, width=4, weight_decay=1.0 / 64.0
    )
    [kernel] = network.get_layer("score").weights
    vector = keras.ops.convert_to_numpy(kernel).astype("float64")
    [loss] = network.losses
    loss = keras.ops.convert_to_numpy(loss)
    assert_allclose(loss, np.sum(vector**2) / 128.0, rtol=1e-5)
    assert geo_gan_discriminator(resolution=32, width=4).losses == []


@pytest.mark.once
def test_bfloat16_networks_give_float32_images():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = geo_gan_generator(resolution=16, width=4)
        discriminator = geo_gan_discriminator(resolution=16, width=4)
    finally:
        keras.config.set_dtype_policy("float32")
    images = generator(np.ones((2, 100), "float32"))
    assert images.dtype == "float32"
    assert np.isfinite(discriminator(images).numpy().astype("float32")).all()


@pytest.mark.once
@pytest.mark.parametrize("build", [geo_gan_generator, geo_gan_discriminator])
@pytest.mark.parametrize("resolution", [8, 48])
def test_a_resolution_that_is_not_there_is_refused(build, resolution):
    with pytest.raises(ValueError, match=f"resolution={resolution}"):
        build(resolution=resolution)

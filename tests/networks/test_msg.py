"""The networks of MSG-GAN: sizes, flow of gradients, exact rewriting."""

import keras
import numpy as np
import pytest
from keras import ops
from numpy.testing import assert_allclose

from keras_gans import backend
from keras_gans.networks.msg import msg_discriminator, msg_generator, widths

pytestmark = pytest.mark.once

# Of the released code, counted layer by layer.
PUBLISHED = {
    32: (20_719_628, 17_184_001),
    256: (23_044_309, 18_733_185),
    1024: (23_079_115, 18_756_321),
}
# In and out of the discriminator's blocks and of the layers from the images.
BLOCKS = {
    1024: (16, 16),
    512: (32, 32),
    256: (64, 64),
    128: (128, 128),
    64: (256, 256),
    32: (512, 256),
    16: (512, 256),
    8: (512, 256),
}
FROM_IMAGES = {1024: 16, 512: 16, 256: 32, 128: 64, 64: 128}
BUILDERS = pytest.mark.parametrize("build", [msg_generator, msg_discriminator])


def parameters(network):
    return sum(np.prod(w.shape, dtype=int) for w in network.trainable_weights)


def images_of(network, count=3):
    """Random images as the network takes them."""
    random = np.random.default_rng(0)
    return [
        random.uniform(-1, 1, (count, *tensor.shape[1:])).astype("float32")
        for tensor in network.inputs
    ]


@pytest.mark.parametrize("resolution", PUBLISHED)
def test_parameters_are_those_of_the_released_code(resolution):
    generator = msg_generator(resolution=resolution)
    discriminator = msg_discriminator(resolution=resolution)
    counts = parameters(generator), parameters(discriminator)
    assert counts == PUBLISHED[resolution]
    sizes = [4 << k for k in range(resolution.bit_length() - 2)]
    assert sizes[-1] == resolution
    shapes = [(None, size, size, 3) for size in sizes]
    assert generator.output_shape == shapes
    assert [tensor.shape for tensor in discriminator.inputs] == shapes
    assert generator.input_shape == (None, 512)
    assert discriminator.output_shape == (None, 1)
    for layer in (*generator.layers, *discriminator.layers):
        # The gain is √2 wherever there are weights.
        assert not layer.weights or layer.gain == 2**0.5


def test_channels_halve_beyond_32_pixels():
    assert widths(1024) == {
        **dict.fromkeys((4, 8, 16, 32), 512),
        **{64: 256, 128: 128, 256: 64, 512: 32, 1024: 16},
    }


@pytest.mark.parametrize("combine", ["concat", "add"])
def test_blocks_take_and_give_the_published_channels(combine):
    # An eighth of every width, and so of the published numbers.
    network = msg_discriminator(
        resolution=1024, max_channels=64, combine=combine
    )
    whole = 1 if combine == "concat" else 2
    for size, (inputs, outputs) in BLOCKS.items():
        first = network.get_layer(f"block_{size}_conv_1").kernel
        second = network.get_layer(f"block_{size}_conv_2").kernel
        assert first.shape == (3, 3, inputs // 8, inputs // 8)
        assert second.shape == (3, 3, inputs // 8, outputs * whole // 8)
        pooled = network.get_layer(f"block_{size}_pool").output.shape
        assert pooled[1:3] == (size // 2, size // 2)
    for size in (4, *BLOCKS):
        channels = FROM_IMAGES.get(size, 256) * (1 if size == 1024 else whole)
        layer = network.get_layer(f"from_image_{size}")
        assert layer.kernel.shape == (1, 1, 3, channels // 8)
    final = network.get_layer("block_4_conv_1").kernel
    assert final.shape == (3, 3, 65, 64)


def test_the_images_of_a_scale_come_before_the_features_from_above():
    network = msg_discriminator(resolution=16, max_channels=4)
    from_image, features = network.get_layer("combine_8").input
    assert from_image.shape == features.shape == (None, 8, 8, 2)
    assert "from_image_8" in from_image._keras_history.operation.name
    assert "block_16_pool" in features._keras_history.operation.name


def test_the_score_pulls_at_the_images_of_every_scale():
    network = msg_discriminator(resolution=16, max_channels=8, channels=1)
    images = list(map(ops.convert_to_tensor, images_of(network)))
    gradients = backend.input_gradients(network, images, network.variables)
    assert len(gradients) == 3
    for gradient, image in zip(gradients, images, strict=True):
        assert gradient.shape == image.shape
        gradient = ops.convert_to_numpy(gradient)
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 1e-4


@pytest.mark.parametrize("combine", ["concat", "add"])
def test_the_input_gradient_is_the_difference_quotient(combine):
    network = msg_discriminator(
        resolution=8, max_channels=8, channels=1, combine=combine
    )
    images = images_of(network)
    random = np.random.default_rng(1)
    gradients = backend.input_gradients(
        network, list(map(ops.convert_to_tensor, images)), network.variables
    )
    for index, gradient in enumerate(gradients):
        direction = random.normal(size=images[index].shape)
        direction /= np.linalg.norm(direction)
        scores = []
        for step in (0.05, -0.05):
            moved = list(images)
            moved[index] = (images[index] + step * direction).astype("float32")
            scores.append(float(ops.sum(network(moved))))
        slope = float(np.sum(ops.convert_to_numpy(gradient) * direction))
        quotient = (scores[0] - scores[1]) / 0.1
        assert_allclose(quotient, slope, rtol=0.05, atol=0.01)


def test_folding_changes_nothing():
    folded, plain = (
        msg_generator(
            resolution=16, latent_dim=6, max_channels=8, folding=folding
        )
        for folding in (True, False)
    )
    random = np.random.default_rng(0)
    values = [random.normal(size=w.shape) for w in folded.weights]
    for network in (folded, plain):
        network.set_weights(values)
    latents = random.normal(size=(3, 6)).astype("float32")
    for ours, theirs in zip(folded(latents), plain(latents), strict=True):
        scale = np.abs(theirs.numpy()).max()
        assert scale > 0.1
        assert_allclose(ours.numpy(), theirs.numpy(), atol=1e-5 * scale)


def test_features_have_unit_mean_square_wherever_an_image_is_made():
    network = msg_generator(resolution=16, latent_dim=6, max_channels=8)
    norms = [network.get_layer(f"block_{s}_norm_2").output for s in (4, 8, 16)]
    latents = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    for features in keras.Model(network.input, norms)(latents):
        squares = np.mean(np.square(features.numpy()), axis=-1)
        assert_allclose(squares, 1.0, rtol=1e-3)


def test_images_and_gradients_are_finite_in_bfloat16():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = msg_generator(resolution=8, latent_dim=6, max_channels=4)
        discriminator = msg_discriminator(resolution=8, max_channels=4)
    finally:
        keras.config.set_dtype_policy("float32")
    latents = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")

    def score():
        images = generator(latents)
        dtypes = [keras.backend.standardize_dtype(i.dtype) for i in images]
        assert dtypes == ["float32", "float32"]
        return ops.mean(ops.cast(discriminator(images), "float32"))

    _, gradients = backend.value_and_gradients(
        score,
        generator.trainable_variables,
        [*generator.variables, *discriminator.variables],
    )
    for gradient in gradients:
        gradient = ops.convert_to_numpy(ops.cast(gradient, "float32"))
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0


@BUILDERS
@pytest.mark.parametrize("resolution", [0, 4, 7, 48])
def test_a_resolution_that_is_no_power_of_two_is_refused(build, resolution):
    with pytest.raises(ValueError, match=f"resolution={resolution}"):
        build(resolution=resolution)


@BUILDERS
@pytest.mark.parametrize(("resolution", "channels"), [(32, 7), (128, 12)])
def test_channels_that_do_not_halve_are_refused(build, resolution, channels):
    with pytest.raises(ValueError, match=f"max_channels={channels}"):
        build(resolution=resolution, max_channels=channels)


def test_an_unknown_combination_is_refused():
    with pytest.raises(ValueError, match="concat.*combine='product'"):
        msg_discriminator(resolution=8, combine="product")

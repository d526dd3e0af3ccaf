"""The networks of AC-GAN: published sizes, noise, heads, errors."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.networks.ac_gan import (
    ac_gan_discriminator,
    ac_gan_generator,
    class_probabilities,
)


def parameters(network):
    return sum(np.prod(w.shape, dtype=int) for w in network.trainable_weights)


def random_images(count, resolution=32):
    random = np.random.default_rng(0)
    shape = (count, resolution, resolution, 3)
    return random.uniform(-1.0, 1.0, shape).astype("float32")


@pytest.mark.once
@pytest.mark.parametrize(
    ("resolution", "width", "generator", "discriminator"),
    [(128, 64, 16_531_971, 3_016_555), (32, 96, 2_994_051, 1_664_875)],
)
def test_parameters_are_those_published(
    resolution, width, generator, discriminator
):
    options = {"resolution": resolution, "num_classes": 10}
    assert parameters(ac_gan_generator(width=width, **options)) == generator
    assert parameters(ac_gan_discriminator(**options)) == discriminator


@pytest.mark.once
def test_feature_maps_are_those_of_the_appendix():
    for resolution, width, shapes in (
        (128, 64, [(8, 768), (16, 384), (32, 256), (64, 192)]),
        (64, 64, [(4, 768), (8, 384), (16, 256), (32, 192)]),
        (32, 96, [(4, 384), (8, 192), (16, 96)]),
    ):
        generator = ac_gan_generator(resolution=resolution, width=width)
        names = ["reshape"] + [f"relu_{i}" for i in range(1, len(shapes))]
        assert [generator.get_layer(name).output.shape for name in names] == [
            (None, size, size, filters) for size, filters in shapes
        ]
        assert generator.output_shape == (None, resolution, resolution, 3)
        discriminator = ac_gan_discriminator(resolution=resolution)
        assert [
            discriminator.get_layer(f"relu_{index}").output.shape[1:]
            for index in range(1, 7)
        ] == [
            (resolution // divisor, resolution // divisor, filters)
            for divisor, filters in zip(
                (2, 2, 4, 4, 8, 8), (16, 32, 64, 128, 256, 512), strict=True
            )
        ]


@pytest.mark.once
def test_normalization_dropout_and_slopes_are_where_they_are_printed():
    discriminator = ac_gan_discriminator(resolution=32, num_classes=10)
    names = [layer.name for layer in discriminator.layers]
    blocks = [names[index : index + 4] for index in range(4, 24, 4)]
    assert names[:4] == ["images", "conv_1", "relu_1", "dropout_1"]
    assert blocks == [
        [f"{kind}_{index}" for kind in ("conv", "bn", "relu", "dropout")]
        for index in range(2, 7)
    ]
    for layer in discriminator.layers:
        if isinstance(layer, layers.Dropout):
            assert layer.rate == 0.5
        if isinstance(layer, layers.LeakyReLU):
            assert layer.negative_slope == 0.2
    generator = ac_gan_generator(resolution=32, width=4)
    names = [layer.name for layer in generator.layers]
    assert [name for name in names if "bn" in name] == ["bn_1", "bn_2"]


@pytest.mark.once
def test_weights_start_normal_with_deviation_one_fiftieth():
    networks = (
        ac_gan_generator(resolution=32, num_classes=10, width=16),
        ac_gan_discriminator(resolution=32, num_classes=10, width=8),
    )
    kernels = [w for n in networks for w in n.weights if w.name == "kernel"]
    assert len(kernels) == 4 + 6 + 2
    for kernel in kernels:
        values = ops.convert_to_numpy(kernel).ravel()
        error = 5 * 0.02 / np.sqrt(values.size)
        assert abs(values.mean()) < error
        assert abs(values.std() - 0.02) < error
    first = [ops.convert_to_numpy(kernel).ravel()[:20] for kernel in kernels]
    assert len({values.tobytes() for values in first}) == len(first)
    biases = [w for n in networks for w in n.weights if w.name == "bias"]
    assert not any(ops.convert_to_numpy(bias).any() for bias in biases)


def test_a_label_selects_one_row_of_the_first_kernel():
    # Only the dense layer sees the label, as 100 + 10 inputs: changing the
    # label from a to b adds the difference of two rows of the kernel.
    generator = ac_gan_generator(
        resolution=32, num_classes=10, latent_dim=6, width=2
    )
    dense = generator.get_layer("dense")
    hidden = keras.Model(generator.inputs, dense.output)
    latents = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
    labels = np.array([0, 7, 9], "int32")
    kernel, bias = map(ops.convert_to_numpy, dense.weights)
    expected = latents.astype("float64") @ kernel[:6] + kernel[6 + labels]
    received = ops.convert_to_numpy(hidden([latents, labels]))
    assert_allclose(received, expected + bias, atol=1e-6)


def test_a_transposed_convolution_scatters_its_kernel():
    # What 'same' means is the same on every backend: output 2i + k - 1 gets
    # input i times tap k, for taps 0 to 4.
    generator = ac_gan_generator(resolution=32, latent_dim=2, width=1)
    layer = generator.get_layer("deconv_1")
    random = np.random.default_rng(0)
    inputs = random.normal(size=(1, 4, 4, 4)).astype("float32")
    kernel = ops.convert_to_numpy(layer.kernel).astype("float64")
    full = np.zeros((1, 11, 11, 2))
    for i in range(4):
        for j in range(4):
            patch = np.einsum("nc,hwoc->nhwo", inputs[:, i, j], kernel)
            full[:, 2 * i : 2 * i + 5, 2 * j : 2 * j + 5] += patch
    received = ops.convert_to_numpy(layer(inputs))
    assert_allclose(received, full[:, 1:9, 1:9], atol=1e-6)


@pytest.mark.parametrize(
    "num_classes", [pytest.param(0, marks=pytest.mark.once), 5]
)
def test_networks_fit_together_in_bfloat16(num_classes):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        options = {"resolution": 32, "channels": 1, "num_classes": num_classes}
        generator = ac_gan_generator(latent_dim=6, width=4, **options)
        discriminator = ac_gan_discriminator(
            width=2, activation_noise=0.1, **options
        )
    finally:
        keras.config.set_dtype_policy("float32")
    inputs = latents = np.ones((2, 6), "float32")
    if num_classes:
        inputs = [latents, np.array([0, 4], "int32")]
    images = generator.predict(inputs, verbose=0)
    assert images.dtype == "float32" and np.abs(images).max() <= 1.0
    outputs = discriminator.predict(images, verbose=0)
    outputs = outputs if num_classes else [outputs]
    assert [output.shape for output in outputs] == (
        [(2, 1), (2, 5)] if num_classes else [(2, 1)]
    )
    assert all(np.isfinite(output).all() for output in outputs)


def test_activation_noise_has_its_deviation_in_training_only():
    discriminator = ac_gan_discriminator(
        resolution=32, width=2, activation_noise=0.2, dropout=0.0
    )
    names = [f"noise_{index}" for index in range(7)]
    assert [
        layer.name
        for layer in discriminator.layers
        if isinstance(layer, layers.GaussianNoise)
    ] == names
    images = random_images(4)
    noise = discriminator.get_layer("noise_0")
    difference = ops.convert_to_numpy(noise(images, training=True)) - images
    assert abs(difference.std() - 0.2) < 0.01
    assert abs(difference.mean()) < 0.01
    scores = [ops.convert_to_numpy(discriminator(images)) for _ in range(2)]
    assert_array_equal(*scores)
    quiet = ac_gan_discriminator(resolution=32, width=2, dropout=0.0)
    kinds = layers.GaussianNoise, layers.Dropout
    assert not any(isinstance(layer, kinds) for layer in quiet.layers)


def test_class_probabilities_are_a_sigmoid_and_a_softmax():
    discriminator = ac_gan_discriminator(resolution=32, num_classes=4, width=2)
    images = random_images(3)
    # At the start both are all but uniform.
    for name, output in zip(
        ("score", "class_logits"), discriminator(images), strict=True
    ):
        kernel = discriminator.get_layer(name).kernel
        scale = 3.0 / np.abs(ops.convert_to_numpy(output)).max()
        kernel.assign(ops.multiply(kernel, scale))
    scores, logits = (
        ops.convert_to_numpy(output).astype("float64")
        for output in discriminator(images)
    )
    real, classes = class_probabilities(discriminator)(images)
    assert_allclose(
        ops.convert_to_numpy(real), 1 / (1 + np.exp(-scores)), rtol=1e-4
    )
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert_allclose(
        ops.convert_to_numpy(classes),
        powers / powers.sum(axis=1, keepdims=True),
        rtol=1e-4,
        atol=1e-7,
    )


@pytest.mark.once
def test_class_probabilities_need_a_classifier():
    with pytest.raises(ValueError, match="num_classes of at least 1"):
        class_probabilities(ac_gan_discriminator(resolution=32, width=2))


@pytest.mark.once
@pytest.mark.parametrize("build", [ac_gan_generator, ac_gan_discriminator])
def test_a_resolution_that_is_not_there_is_refused(build):
    with pytest.raises(ValueError, match="32, 64, 128.*resolution=48"):
        build(resolution=48)


@pytest.mark.once
def test_multipliers_must_divide_the_resolution():
    with pytest.raises(ValueError, match="resolution=32, multipliers"):
        ac_gan_generator(resolution=32, multipliers=(1,) * 6)
    small = ac_gan_generator(resolution=32, multipliers=(3, 1), width=2)
    assert small.get_layer("reshape").output.shape == (None, 8, 8, 6)
    assert small.output_shape == (None, 32, 32, 3)

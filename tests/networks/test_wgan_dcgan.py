"""The DCGANs of WGAN-GP's experiments: sizes, kernels, ranges."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from numpy.testing import assert_allclose

from keras_gans.layers import Conv2D
from keras_gans.networks.wgan_dcgan import (
    wgan_dcgan_critic,
    wgan_dcgan_generator,
    wgan_mlp_generator,
)


def parameters(network):
    return sum(np.prod(w.shape, dtype=int) for w in network.trainable_weights)


def kernels(network):
    return [
        ops.convert_to_numpy(layer.kernel)
        for layer in network.layers
        if hasattr(layer, "kernel")
    ]


def generator_parameters(widths, channels, normalized, gate=1, units=False):
    """Dense, then 5x5 deconvolutions; γ and β by channel or by unit."""
    first = gate * widths[0]
    total = 129 * 16 * first
    if normalized:
        total += 2 * first * (16 if units else 1)
    for inputs, outputs in zip(widths, widths[1:], strict=False):
        total += 25 * inputs * gate * outputs + gate * outputs
        total += 2 * gate * outputs * normalized
    return total + 25 * widths[-1] * channels + channels


def critic_parameters(widths, channels, normalized, gate=1):
    total = 25 * channels * gate * widths[0] + gate * widths[0]
    for inputs, outputs in zip(widths, widths[1:], strict=False):
        total += 25 * inputs * gate * outputs + gate * outputs
        total += 2 * gate * outputs * normalized
    return total + 16 * widths[-1] + 1


@pytest.mark.once
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"resolution": 64}, ([512, 256, 128, 64], 3, True)),
        (
            {"resolution": 64, "normalization": "none"},
            ([512, 256, 128, 64], 3, False),
        ),
        (
            {
                "resolution": 64,
                "normalization": "none",
                "constant_width": True,
            },
            ([64, 64, 64, 64], 3, False),
        ),
        (
            {"resolution": 64, "activation": "gated"},
            ([512, 256, 128, 64], 3, True, 2),
        ),
        ({"resolution": 32}, ([512, 256, 128], 3, True, 1, True)),
        (
            {"resolution": 28, "channels": 1, "normalization": "none"},
            ([256, 128, 64], 1, False),
        ),
    ],
)
def test_generators_have_the_published_layers(options, expected):
    network = wgan_dcgan_generator(**options)
    assert parameters(network) == generator_parameters(*expected)
    resolution, channels = options["resolution"], options.get("channels", 3)
    assert network.output_shape == (None, resolution, resolution, channels)


@pytest.mark.once
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"resolution": 64, "normalization": "layer"},
            ([64, 128, 256, 512], 3, True),
        ),
        (
            {"resolution": 64, "normalization": "batch"},
            ([64, 128, 256, 512], 3, True),
        ),
        ({"resolution": 64}, ([64, 128, 256, 512], 3, False)),
        (
            {"resolution": 64, "normalization": "layer", "activation": "gated"},
            ([64, 128, 256, 512], 3, True, 2),
        ),
        ({"resolution": 32}, ([128, 256, 512], 3, False)),
        ({"resolution": 28, "channels": 1}, ([64, 128, 256], 1, False)),
    ],
)
def test_critics_have_the_published_layers(options, expected):
    network = wgan_dcgan_critic(**options)
    assert parameters(network) == critic_parameters(*expected)
    assert network.output_shape == (None, 1)


@pytest.mark.once
def test_the_mlp_has_four_hidden_layers_of_512():
    network = wgan_mlp_generator()
    hidden = 129 * 512 + 3 * 513 * 512
    assert parameters(network) == hidden + 513 * 64 * 64 * 3
    assert network.output_shape == (None, 64, 64, 3)


@pytest.mark.once
def test_kernels_have_the_deviation_asked_for():
    options = {"resolution": 64, "width": 16, "deviation": 0.02}
    for network in (
        wgan_dcgan_generator(**options),
        wgan_dcgan_critic(**options),
    ):
        for kernel in kernels(network):
            assert np.abs(kernel).max() <= 0.02 * 3**0.5 + 1e-7
            assert kernel.std() == pytest.approx(0.02, rel=0.05)


@pytest.mark.once
def test_strided_kernels_are_he_s_with_a_quarter_of_the_far_fan():
    generator = wgan_dcgan_generator(resolution=32, width=16)
    critic = wgan_dcgan_critic(resolution=32, width=16)
    # Either 64 to 32 channels upward or 32 to 64 downward, 5x5, stride 2.
    expected = (4 / (25 * 64 / 4 + 25 * 32)) ** 0.5
    assert kernels(generator)[1].std() == pytest.approx(expected, rel=0.05)
    expected = (4 / (25 * 32 + 25 * 64 / 4)) ** 0.5
    assert kernels(critic)[2].std() == pytest.approx(expected, rel=0.05)


def deconvolution(inputs, kernel):
    """Output 2i + k - 1 gathers x_i w_k, in float64, cropped to twice x."""
    count, size = inputs.shape[:2]
    full = np.zeros((count, 2 * size + 3, 2 * size + 3, kernel.shape[2]))
    for row, column in np.ndindex(5, 5):
        part = np.einsum("nhwi,oi->nhwo", inputs, kernel[row, column])
        rows = slice(row, row + 2 * size, 2)
        columns = slice(column, column + 2 * size, 2)
        full[:, rows, columns] += part
    return full[:, 1 : 2 * size + 1, 1 : 2 * size + 1]


def test_deconvolutions_are_the_same_on_every_backend():
    generator = wgan_dcgan_generator(
        resolution=28, width=2, channels=1, normalization="none", latent_dim=3
    )
    latents = np.random.default_rng(0).normal(size=(2, 3))
    dense, *deconvolutions = kernels(generator)
    features = (latents @ dense).reshape(2, 4, 4, 8)
    for index, kernel in enumerate(deconvolutions):
        features = np.maximum(features, 0.0)
        if index == 1:
            features = features[:, :7, :7]
        features = deconvolution(features, kernel)
    expected = 2.0 / (1.0 + np.exp(-features)) - 1.0
    outputs = ops.convert_to_numpy(generator(latents.astype("float32")))
    assert outputs.shape == (2, 28, 28, 1)
    assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.once
def test_the_mnist_critic_sees_images_in_0_to_1():
    critic = wgan_dcgan_critic(resolution=28, channels=1, width=4)
    # Black is 0 there, and without biases yet so is its score.
    black = np.full((1, 28, 28, 1), -1.0, "float32")
    assert np.abs(critic(black).numpy()).max() == 0.0
    white = critic(-black).numpy()
    # Piecewise linear without biases: half as bright, half the score.
    assert_allclose(critic(0.0 * black).numpy(), white / 2.0, rtol=1e-5)
    assert np.abs(white).max() > 1e-3


@pytest.mark.once
def test_activations_are_those_of_the_variant():
    for activation, kind in (
        ("gated", "GatedActivation"),
        ("tanh", "Activation"),
        ("relu", "ReLU"),
    ):
        options = {"resolution": 64, "width": 4, "activation": activation}
        for network, slope in (
            (wgan_dcgan_generator(**options), 0.0),
            (wgan_dcgan_critic(**options), 0.2),
        ):
            found = [
                layer
                for layer in network.layers
                if layer.name.endswith("_activation")
            ]
            assert [type(layer).__name__ for layer in found] == [kind] * 4
            if activation == "relu":
                assert {layer.negative_slope for layer in found} == {slope}
            if activation == "tanh":
                assert {layer.activation for layer in found} == {
                    keras.activations.tanh
                }


@pytest.mark.once
def test_a_critic_s_first_convolution_is_not_normalized():
    critic = wgan_dcgan_critic(resolution=64, width=4, normalization="layer")
    kinds = [type(layer) for layer in critic.layers]
    assert kinds[1:4] == [
        Conv2D,
        layers.ReLU,
        Conv2D,
    ]
    assert kinds.count(layers.GroupNormalization) == 3


@pytest.mark.once
@pytest.mark.parametrize("build", [wgan_dcgan_generator, wgan_dcgan_critic])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resolution": 48}, "28, 32, 64.*resolution=48"),
        ({"resolution": 64, "activation": "elu"}, "activation='elu'"),
        ({"resolution": 64, "normalization": "x"}, "normalization='x'"),
    ],
)
def test_what_is_not_there_is_refused(build, options, message):
    with pytest.raises(ValueError, match=message):
        build(**options)

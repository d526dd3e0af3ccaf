"""The ResNets of SNGAN and SAGAN for 32, 64 and 128 pixels.

Reference: [Miyato & Koyama, 2018](https://arxiv.org/abs/1802.05637),
Appendix A; [Zhang et al., 2019](https://arxiv.org/abs/1805.08318), and the
released code of both, pfnet-research/sngan_projection (`gen_models`,
`dis_models`) and brain-research/self-attention-gan.
"""

import math

import keras
from keras import layers

from keras_gans import checks
from keras_gans.layers import (
    BatchNormalization,
    ClassProjection,
    ResidualControl,
    SelfAttention,
)
from keras_gans.networks.conditioning import Conditioning
from keras_gans.networks.frame import Frame
from keras_gans.networks.resnet_blocks import RELEASES, Blocks
from keras_gans.networks.resnet_checks import check_attention, check_map

# Stage widths as multiples of the base width, as published. A generator's
# first is that of its 4x4 input, and every further stage doubles the size.
GENERATOR_MULTIPLIERS = {
    32: (1, 1, 1, 1),
    64: (16, 8, 4, 2, 1),
    128: (16, 16, 8, 4, 2, 1),
}
DISCRIMINATOR_MULTIPLIERS = {
    32: (1, 1, 1, 1),
    64: (1, 2, 4, 8, 16),
    128: (1, 2, 4, 8, 16, 16),
}
# How many of a discriminator's first stages halve the size.
DISCRIMINATOR_HALVINGS = {32: 2, 64: 5, 128: 5}


def resnet_generator(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    latent_dim: int = 128,
    num_classes: int = 0,
    width: int = 64,
    multipliers: tuple[int, ...] = (),
    attention_resolution: int = 0,
    attention_variant: str = "code",
    spectral_norm: bool = True,
    release: str = "sagan",
    folding: bool = True,
    momentum: float = 0.999,
    final_momentum: float = 0.9999,
    shared_embedding: int = 0,
    skip_z: bool = False,
    name: str = "generator",
) -> keras.Model:
    """Builds the ResNet generator of SNGAN and SAGAN.

    Dense to 4x4, residual blocks that double the size, then BN-ReLU-conv3x3
    and tanh. With classes, every block's batch normalization is conditional.

    Args:
        resolution: 32, 64 or 128, or height and width, of which the shorter
            one is such: the input is 4x8 for 32x64.
        channels: Image channels.
        latent_dim: Length of the latent vectors.
        num_classes: Classes, or 0 for an unconditional generator.
        width: Base width; 64 as published at 64 and 128 pixels, 256 at 32.
        multipliers: Widths of the 4x4 input and of each block in units of
            `width`; empty for the published ones.
        attention_resolution: Shorter side of the feature map with
            self-attention, or 0 for none.
        attention_variant: `code` or `paper`, see `SelfAttention`; or
            `residual`, a `ResidualControl` in its place.
        spectral_norm: Whether kernels are spectrally normalized.
        release: Whose released code the details follow, `sagan` or `sngan`:
            the latter's 3x3 kernels in blocks start √2 times as large as
            Glorot's, its batch normalization has ε = 2e-5, not 1e-5.
        folding: Whether resampling convolutions use their exact, cheaper
            form.
        momentum: Moving-average decay of the blocks' batch normalization.
        final_momentum: That of the last batch normalization.
        shared_embedding: See `Conditioning`, as for the next one: BigGAN's
            trunk, with 0 and False for SAGAN's.
        skip_z: Whether each block gets a chunk of the latents.
        name: Name of the model.

    Returns:
        A model from `latents` (N, latent_dim) float, and `labels` (N,) int32
        with classes, to images in [-1, 1], (N, resolution, resolution,
        channels) float32.

    Raises:
        ValueError: For a resolution that the architecture has not, an
            attention resolution that no block has, or a conditioning that
            does not fit.
    """
    frame = Frame.of(resolution)
    multipliers = _multipliers(frame.side, multipliers, GENERATOR_MULTIPLIERS)
    sizes = [8 << index for index in range(len(multipliers) - 1)]
    if sizes[-1:] != [frame.side]:
        raise ValueError(
            f"A generator for {frame.side} pixels needs a multiplier for its "
            "4x4 input and one for each doubling. Received: "
            f"multipliers={multipliers}."
        )
    check_attention(attention_resolution, sizes, "generator")
    conditioning = Conditioning(
        num_classes=num_classes,
        shared_embedding=shared_embedding,
        skip_z=skip_z,
    )
    blocks = Blocks(
        num_classes=num_classes,
        by_vector=conditioning.by_vector,
        spectral_norm=spectral_norm,
        folding=folding,
        momentum=momentum,
        release=release,
    )
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    filters = width * multipliers[0]
    inputs, conditions = conditioning(latents, labels, len(sizes))
    first = (*frame.map(4), filters)
    dense = layers.Dense(math.prod(first), name="dense")
    features = blocks.normalized(dense)(inputs)
    features = layers.Reshape(first, name="reshape")(features)
    for size, multiplier, condition in zip(
        sizes, multipliers[1:], conditions, strict=True
    ):
        features = blocks.generator_block(
            features, condition, width * multiplier, f"block_{size}"
        )
        if size == attention_resolution:
            features = _attention(attention_variant, spectral_norm)(features)
    features = BatchNormalization(
        final_momentum, RELEASES[release], name="final_bn"
    )(features)
    features = layers.ReLU(name="final_relu")(features)
    features = blocks.conv(channels, 3, "to_image", dtype="float32")(features)
    images = layers.Activation("tanh", dtype="float32", name="images")(features)
    inputs = [latents, labels] if num_classes else latents
    return keras.Model(inputs, images, name=name)


def resnet_discriminator(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    num_classes: int = 0,
    width: int = 64,
    multipliers: tuple[int, ...] = (),
    attention_resolution: int = 0,
    attention_variant: str = "code",
    spectral_norm: bool = True,
    hidden_channels: str = "out",
    release: str = "sagan",
    map_resolution: int = 0,
    folding: bool = True,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the ResNet discriminator of SNGAN and SAGAN.

    Residual blocks, ReLU, the sum h over positions, and the score w·h + b;
    with classes, plus the projection ⟨V_y, h⟩.

    With `map_resolution` n, a map Y of n x n scores instead, as for the local
    gradient amplifier: the last feature map, of S x S, is averaged over
    windows of (S / n)² positions, multiplied by S², and a 1x1 convolution
    with the parameters of w and b follows. At 32 pixels and n = 4 these are
    2x2 windows and the factor 64. The mean of Y is the score w·h + b.

    Args:
        resolution: 32, 64 or 128, or height and width, see the generator.
        channels: Image channels.
        num_classes: Classes, or 0 for an unconditional discriminator.
        width: Base width; 64 as published at 64 and 128 pixels, 128 at 32.
        multipliers: Widths of the blocks in units of `width`; empty for the
            published ones.
        attention_resolution: Shorter side of the feature map with
            self-attention, after the first block of that size, or 0 for none.
        attention_variant: `code` or `paper`, see `SelfAttention`; or
            `residual`, a `ResidualControl` in its place.
        spectral_norm: Whether kernels are spectrally normalized.
        hidden_channels: Channels between the two convolutions of a block:
            `out`, those of its output, as SAGAN's; or `in`, those of its
            input, as SNGAN's.
        release: Whose released code the details follow, `sagan` or `sngan`:
            the latter's 3x3 kernels in blocks start √2 times as large as
            Glorot's, its score has no bias b at 32 pixels.
        map_resolution: Height n of a map of scores; 0 for one score an
            image.
        folding: Whether resampling convolutions use their exact, cheaper
            form.
        name: Name of the model.

    Returns:
        A model from `images` (N, resolution, resolution, channels), and
        `labels` (N,) int32 with classes, to raw scores (N, 1), or to a map
        of them (N, n, n, 1).

    Raises:
        ValueError: For a resolution that the architecture has not, an
            attention resolution that no block has, or a map resolution that
            does not divide the last feature map's or is given with classes.
    """
    frame = Frame.of(resolution)
    multipliers = _multipliers(
        frame.side, multipliers, DISCRIMINATOR_MULTIPLIERS
    )
    halvings = DISCRIMINATOR_HALVINGS[frame.side]
    sizes = [
        frame.side >> min(index, halvings)
        for index in range(1, len(multipliers) + 1)
    ]
    check_attention(attention_resolution, sizes, "discriminator")
    check_map(map_resolution, sizes[-1], num_classes)
    checks.one_of("hidden_channels", hidden_channels, ("out", "in"))
    blocks = Blocks(
        spectral_norm=spectral_norm, folding=folding, release=release
    )
    bias = (release, frame.side) != ("sngan", 32)
    images = keras.Input((*frame.shape, channels), name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    features = images
    for index, (size, multiplier) in enumerate(
        zip(sizes, multipliers, strict=True)
    ):
        filters, block = width * multiplier, f"block_{index + 1}"
        if index == 0:
            features = blocks.first_discriminator_block(
                features, filters, block
            )
        else:
            hidden = filters
            if hidden_channels == "in":
                hidden = features.shape[-1]
            features = blocks.discriminator_block(
                features, hidden, filters, index < halvings, block
            )
        if sizes.index(size) == index and size == attention_resolution:
            features = _attention(attention_variant, spectral_norm)(features)
    features = layers.ReLU(name="final_relu")(features)
    if map_resolution:
        scores = _score_map(blocks, features, map_resolution, bias)
        return keras.Model(images, scores, name=name)
    pooled = _SumPooling(name="sum")(features)
    score = layers.Dense(1, use_bias=bias, name="score")
    scores = blocks.normalized(score)(pooled)
    if not num_classes:
        return keras.Model(images, scores, name=name)
    projection = ClassProjection(num_classes, spectral_norm, name="projection")
    scores = layers.Add(name="scores")([scores, projection(pooled, labels)])
    return keras.Model([images, labels], scores, name=name)


@keras.saving.register_keras_serializable(package="keras_gans")
class _SumPooling(keras.layers.Layer):
    """Sums features over height and width: (N, H, W, C) to (N, C)."""

    def call(self, inputs):
        return keras.ops.sum(inputs, axis=(1, 2))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])


def _score_map(blocks, features, resolution, bias):
    """Returns scores whose mean is that of the summed features."""
    height, width = features.shape[1:3]
    window = min(height, width) // resolution
    if window > 1:
        features = layers.AveragePooling2D(window, name="map_pool")(features)
    scale = layers.Rescaling(float(height * width), name="map_scale")
    features = scale(features)
    return blocks.conv(1, 1, "score", use_bias=bias)(features)


def _attention(variant, spectral_norm):
    if variant == "residual":
        return ResidualControl(spectral_norm, name="residual_control")
    return SelfAttention(variant, spectral_norm, name="attention")


def _multipliers(resolution, multipliers, published):
    checks.one_of("resolution", resolution, published)
    return tuple(multipliers) or published[resolution]

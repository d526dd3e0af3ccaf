"""The networks of R3GAN for 8 pixels and more.

Residual blocks without normalization, three convolutions each of which the
middle one is grouped; bilinear resampling between the stages.

Reference: [Huang et al., 2024](https://arxiv.org/abs/2501.05441), §4, and the
released code, brownvc/R3GAN.
"""

import math
from typing import Any

import keras
from keras import layers

from keras_gans import checks
from keras_gans.layers import (
    BasisPooling,
    BilinearDownsample2D,
    BilinearUpsample2D,
    Conv2D,
    LatentBasis,
)
from keras_gans.layers.spatial_basis import normal
from keras_gans.networks.frame import Frame

SLOPE = 0.2
# Keeps the variance of what a leaky ReLU of that slope is given.
GAIN = math.sqrt(2 / (1 + SLOPE**2))


def stage_widths(
    resolution: int, width: int, multipliers: tuple[int, ...] = ()
) -> dict[int, int]:
    """Returns the channels of the stages by their size, smallest first.

    Args:
        resolution: Of the images in pixels, 4·2^k with k of 1 or more.
        width: Base width.
        multipliers: Widths of the stages in units of it, from that of 4
            pixels on; empty for stages that are equally wide.

    Raises:
        ValueError: For a resolution that is none of these, or as many
            multipliers as there are no stages.

    Example:
    >>> stage_widths(32, 8, (4, 2, 2, 1))
    {4: 32, 8: 16, 16: 16, 32: 8}
    """
    doublings = resolution.bit_length() - 3
    if doublings < 1 or resolution != 4 << doublings:
        raise ValueError(
            "The stages of R3GAN double from 4 pixels to `resolution`, which "
            "must be a power of two of 8 or more. Received: "
            f"resolution={resolution}."
        )
    sizes = [4 << doubling for doubling in range(doublings + 1)]
    multipliers = tuple(multipliers) or (1,) * len(sizes)
    if len(multipliers) != len(sizes):
        raise ValueError(
            f"Images of {resolution} pixels have a stage for each of "
            f"{', '.join(map(str, sizes))} pixels, and each has a multiplier. "
            f"Received: multipliers={multipliers}."
        )
    return {
        size: width * multiplier
        for size, multiplier in zip(sizes, multipliers, strict=True)
    }


def r3gan_generator(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    latent_dim: int = 64,
    num_classes: int = 0,
    width: int = 768,
    multipliers: tuple[int, ...] = (),
    blocks: int = 2,
    expansion: int = 2,
    group_size: int = 16,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator of R3GAN.

    The latents, and with classes a learned vector of the class besides, weigh
    learned 4x4 maps; then at each size `blocks` residual blocks, and between
    sizes a 1x1 convolution, where the width changes, and bilinear upsampling.
    With LR the leaky ReLU of slope 0.2 a block is

        x + conv1x1(LR(conv3x3(LR(conv1x1(x)))))

    `expansion` times as wide inside; the 3x3 convolution is in groups of
    `group_size` channels, and the last has no bias and starts at 0. The other
    two start as N(0, g²/fan_in), of g = √(2 / 1.04) L^(-1/4) with the L blocks
    of the network (Fixup). The images are a 1x1 convolution, linear, so that
    they may leave [-1, 1].

    Args:
        resolution: Of the images in pixels: 8, 16, 32, ...; or height and
            width, of which the shorter one is such.
        channels: Image channels.
        latent_dim: Length of the latents, N(0, I), and of a class's vector.
        num_classes: Classes, or 0 for an unconditional generator.
        width: Base width; 768 as published for CIFAR-10.
        multipliers: See `stage_widths`.
        blocks: Residual blocks of a stage.
        expansion: Width within a block in units of the stage's.
        group_size: Channels of a group; published cardinalities are the width
            within a block over it.
        name: Name of the model.

    Returns:
        A model from `latents` (N, latent_dim), and `labels` (N,) int32 with
        classes, to images (N, resolution, resolution, channels) float32.

    Raises:
        ValueError: For a resolution, or a width, that cannot be.
    """
    frame = Frame.of(resolution)
    widths = stage_widths(frame.side, width, multipliers)
    stages = _Stages(widths, blocks, expansion, group_size)
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    features = latents
    if num_classes:
        vectors = layers.Embedding(
            num_classes,
            latent_dim,
            embeddings_initializer=normal(1 / math.sqrt(num_classes)),
            name="class_vectors",
        )(labels)
        features = layers.Concatenate(name="conditions")([latents, vectors])
    basis = LatentBasis(widths[4], frame.map(4), name="stage_4_basis")
    features = basis(features)
    for size, filters in widths.items():
        if size > 4:
            features = _widened(features, filters, f"stage_{size}_widen")
            features = BilinearUpsample2D(name=f"stage_{size}_up")(features)
        features = stages.stage(features, size)
    # Images are float32 under every dtype policy.
    images = _conv_1x1(channels, "images", dtype="float32")(features)
    inputs = [latents, labels] if num_classes else latents
    return keras.Model(inputs, images, name=name)


def r3gan_discriminator(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    num_classes: int = 0,
    width: int = 768,
    multipliers: tuple[int, ...] = (),
    blocks: int = 2,
    expansion: int = 2,
    group_size: int = 16,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator of R3GAN, the generator's mirror image.

    A 1x1 convolution of the images, then at each size residual blocks, see
    `r3gan_generator`, and between sizes bilinear downsampling and a 1x1
    convolution, where the width changes. The last 4x4 features are weighed by
    learned maps and summed to h, and the score is w·h; with classes it is
    ⟨e_y, W h⟩ of as long a learned vector e_y of the class. There are no
    biases but in the blocks.

    Args:
        resolution: Of the images in pixels: 8, 16, 32, ...; or height and
            width, of which the shorter one is such.
        channels: Image channels.
        num_classes: Classes, or 0 for an unconditional discriminator.
        width: Base width; 768 as published for CIFAR-10.
        multipliers: Widths of the stages, from that of 4 pixels on, which
            is the last here; see `stage_widths`.
        blocks: Residual blocks of a stage.
        expansion: Width within a block in units of the stage's.
        group_size: Channels of a group.
        name: Name of the model.

    Returns:
        A model from `images` (N, resolution, resolution, channels), and
        `labels` (N,) int32 with classes, to raw scores (N, 1).

    Raises:
        ValueError: For a resolution, or a width, that cannot be.
    """
    frame = Frame.of(resolution)
    widths = stage_widths(frame.side, width, multipliers)
    stages = _Stages(widths, blocks, expansion, group_size)
    images = keras.Input((*frame.shape, channels), name="images")
    features = _conv_1x1(widths[frame.side], "from_images")(images)
    for size in reversed(widths):
        features = stages.stage(features, size)
        if size > 4:
            features = BilinearDownsample2D(name=f"stage_{size}_down")(features)
            filters = widths[size // 2]
            features = _widened(features, filters, f"stage_{size}_widen")
    features = BasisPooling(name="stage_4_basis")(features)
    if not num_classes:
        scores = _dense(1, "scores")(features)
        return keras.Model(images, scores, name=name)
    length = widths[4]
    labels = keras.Input((), dtype="int32", name="labels")
    vectors = layers.Embedding(
        num_classes,
        length,
        embeddings_initializer=normal(1 / math.sqrt(num_classes * length)),
        name="class_vectors",
    )(labels)
    features = _dense(length, "projected")(features)
    scores = layers.Dot(1, name="scores")([features, vectors])
    return keras.Model([images, labels], scores, name=name)


class _Stages:
    """Makes the residual blocks of one network."""

    def __init__(self, widths, blocks, expansion, group_size):
        self.blocks = checks.integer("blocks", blocks)
        self.expansion = checks.integer("expansion", expansion)
        self.group_size = checks.integer("group_size", group_size)
        for size, width in widths.items():
            if width * expansion % group_size:
                raise ValueError(
                    "The width within a block is a multiple of `group_size`. "
                    f"Received: a width of {width} at {size} pixels, "
                    f"expansion={expansion}, group_size={group_size}."
                )
        # Each block adds to the variance at the start of training.
        self.gain = GAIN * (blocks * len(widths)) ** -0.25

    def stage(self, features: Any, size: int) -> Any:
        """Returns features after the blocks of a stage."""
        for index in range(self.blocks):
            block = f"stage_{size}_block_{index + 1}"
            features = self._block(features, block)
        return features

    def _block(self, inputs, name):
        filters = inputs.shape[-1]
        inside = filters * self.expansion
        features = Conv2D(
            inside,
            1,
            kernel_initializer=_scaled(self.gain),
            name=f"{name}_conv_1",
        )(inputs)
        features = layers.LeakyReLU(SLOPE, name=f"{name}_lrelu_1")(features)
        features = Conv2D(
            inside,
            3,
            padding="same",
            groups=inside // self.group_size,
            kernel_initializer=_scaled(self.gain),
            name=f"{name}_conv_2",
        )(features)
        features = layers.LeakyReLU(SLOPE, name=f"{name}_lrelu_2")(features)
        features = Conv2D(
            filters,
            1,
            use_bias=False,
            kernel_initializer="zeros",
            name=f"{name}_conv_3",
        )(features)
        return layers.Add(name=name)([inputs, features])


def _widened(features, filters, name):
    """Returns features of so many channels, themselves if they have them."""
    if features.shape[-1] == filters:
        return features
    return _conv_1x1(filters, name)(features)


def _conv_1x1(filters, name, **options):
    return Conv2D(
        filters,
        1,
        use_bias=False,
        kernel_initializer=_scaled(1.0),
        name=name,
        **options,
    )


def _dense(units, name):
    return layers.Dense(
        units, use_bias=False, kernel_initializer=_scaled(1.0), name=name
    )


def _scaled(gain):
    """Returns the initializer N(0, gain² / fan_in)."""
    return keras.initializers.VarianceScaling(
        gain**2, mode="fan_in", distribution="untruncated_normal"
    )

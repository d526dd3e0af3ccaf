"""The ResNets of WGAN-GP for 32, 64 and 128 pixels.

Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
sections 5.2 to 5.4 and Appendix F, and the code: gan_cifar_resnet.py and
gan_64x64.py of igul222/improved_wgan_training, wgan_imagenet128.py of
igul222/nn.
"""

import math

import keras
from keras import layers

from keras_gans import checks
from keras_gans.layers import Upsample2D
from keras_gans.networks.frame import Frame
from keras_gans.networks.wgan_blocks import ARCHITECTURES, Blocks
from keras_gans.networks.wgan_layers import (
    Normalization,
    conv,
    dense,
    glorot,
    he,
)


def wgan_resnet_generator(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    latent_dim: int = 128,
    num_classes: int = 0,
    width: int | None = None,
    batch_statistics: bool = True,
    folding: bool = True,
    name: str = "generator",
) -> keras.Model:
    """Builds the ResNet generator of WGAN-GP.

    Dense to 4x4, residual blocks that double the size, then BN-ReLU-conv and
    tanh. At 128 pixels the blocks end at 64 and the last convolution is 5x5
    after another upsampling. With classes, every block's batch normalization
    is conditional and the last one is not, as in the released code. The
    first convolution of a block follows the upsampling, also as in the code;
    Appendix F says the second.

    Args:
        resolution: 32 (CIFAR-10), 64 (`GoodGenerator` of the code) or 128; or
            height and width, of which the shorter one is such.
        channels: Image channels.
        latent_dim: Length of the latent vectors.
        num_classes: Classes, or 0 for an unconditional generator.
        width: Base width: that of the stages at 32 pixels, of the last one
            otherwise. None for the published 128, 64 and 64.
        batch_statistics: Whether batch normalization uses the batch's
            moments in sampling too, as published; False uses moving
            averages, for which images do not depend on each other.
        folding: Whether resampling convolutions use their exact, cheaper
            form.
        name: Name of the model.

    Returns:
        A model from `latents` (N, latent_dim) float, and `labels` (N,) int32
        with classes, to images in [-1, 1], (N, resolution, resolution,
        channels) float32.

    Raises:
        ValueError: For a resolution that the architecture has not.
    """
    frame = Frame.of(resolution)
    architecture = _architecture(frame.side)
    blocks = Blocks(
        architecture=architecture,
        normalization=Normalization("batch", batch_statistics, num_classes),
        folding=folding,
        gain=architecture.upsampling_gain,
    )
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    width = width or architecture.generator_width
    first, *rest = (width * multiple for multiple in architecture.generator)
    shape = (*frame.map(4), first)
    features = dense(math.prod(shape), "dense")(latents)
    features = layers.Reshape(shape, name="reshape")(features)
    for index, filters in enumerate(rest):
        features = blocks.generator_block(
            features,
            labels if num_classes else None,
            filters,
            f"block_{8 << index}",
        )
    features = blocks.normalize(features, None, "final_norm")
    features = layers.ReLU(name="final_relu")(features)
    features = _to_image(features, frame.side, channels)
    images = layers.Activation("tanh", dtype="float32", name="images")(features)
    inputs = [latents, labels] if num_classes else latents
    return keras.Model(inputs, images, name=name)


def wgan_resnet_critic(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    num_classes: int = 0,
    width: int | None = None,
    normalization: str = "",
    map_resolution: int = 0,
    folding: bool = True,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the ResNet critic of WGAN-GP.

    At 32 pixels a first block without activation, a halving and two plain
    blocks, ReLU and the mean over positions; at 64 a 3x3 convolution, four
    halving blocks, and all 4x4 features; at 128 a strided 5x5 convolution,
    three halving and two plain blocks, and the mean over positions.

    With a `map_resolution` n, a 1x1 convolution scores each of n x n
    positions instead, for losses on decomposed scores: at 32 pixels 8 is the
    published trunk and 4 has one more halving block; at 64 pixels 4 is the
    published trunk and 8 has a last block that does not halve.

    Args:
        resolution: 32, 64 or 128, or height and width, see the generator.
        channels: Image channels.
        num_classes: Classes of an auxiliary classifier on the features that
            are scored (their mean with a map); 0 for none.
        width: Base width, that of the first layer. None for the published
            128, 64 and 128.
        normalization: `none`, `layer` or `batch`; empty for the published
            `none` at 32 and `layer` at 64 and 128 pixels. Batch
            normalization does not go with a gradient penalty.
        map_resolution: 4 or 8 for a map of scores, 0 for one score an image.
        folding: Whether resampling convolutions use their exact, cheaper
            form.
        name: Name of the model.

    Returns:
        A model from `images` (N, resolution, resolution, channels) to raw
        scores (N, 1) or (N, n, n, 1); with classes, to a list of these and
        class logits (N, num_classes).

    Raises:
        ValueError: For a resolution, normalization or map that the
            architecture has not.
    """
    frame = Frame.of(resolution)
    resolution = frame.side
    architecture = _architecture(resolution)
    normalization = Normalization(normalization or architecture.normalization)
    _check_map(resolution, map_resolution)
    blocks = Blocks(
        architecture=architecture, normalization=normalization, folding=folding
    )
    images = keras.Input((*frame.shape, channels), name="images")
    width = width or architecture.critic_width
    first, *rest = (width * multiple for multiple in architecture.critic)
    halvings = architecture.critic_halvings
    if (resolution, map_resolution) == (64, 8):
        halvings -= 1
    halves = [index < halvings for index in range(len(rest))]
    if (resolution, map_resolution) == (32, 4):
        rest, halves = [*rest, rest[-1]], [*halves, True]
    features = _first_critic_layer(blocks, images, resolution, first)
    for index, filters in enumerate(rest):
        hidden, name_ = features.shape[-1], f"block_{index + 2}"
        features = blocks.discriminator_block(
            features, hidden, filters, halves[index], name_
        )
    if resolution == 32:
        features = layers.ReLU(name="final_relu")(features)
    if map_resolution or resolution != 64:
        pooled = layers.GlobalAveragePooling2D(name="mean")(features)
    else:
        pooled = layers.Flatten(name="flatten")(features)
    if map_resolution:
        scores = conv(1, 1, glorot(), "score")(features)
    else:
        scores = dense(1, "score")(pooled)
    if not num_classes:
        return keras.Model(images, scores, name=name)
    logits = dense(num_classes, "class_logits")(pooled)
    return keras.Model(images, [scores, logits], name=name)


def _to_image(features, resolution, channels):
    initializer, size = glorot() if resolution == 32 else he(), 3
    if resolution == 128:
        features = Upsample2D(name="final_up")(features)
        initializer, size = glorot(gain=0.5), 5
    # Images are float32 under every dtype policy.
    to_image = conv(channels, size, initializer, "to_image", dtype="float32")
    return to_image(features)


def _first_critic_layer(blocks, images, resolution, filters):
    if resolution == 32:
        return blocks.first_discriminator_block(images, filters, "block_1")
    if resolution == 64:
        return conv(filters, 3, glorot(), "from_image")(images)
    return conv(filters, 5, he(2), "from_image", strides=2)(images)


def _architecture(resolution):
    return ARCHITECTURES[checks.one_of("resolution", resolution, ARCHITECTURES)]


def _check_map(resolution, map_resolution):
    allowed = (0,) if resolution == 128 else (0, 4, 8)
    if map_resolution not in allowed:
        raise ValueError(
            f"At {resolution} pixels `map_resolution` must be one of "
            f"{', '.join(map(str, allowed))}. Received: "
            f"map_resolution={map_resolution}."
        )

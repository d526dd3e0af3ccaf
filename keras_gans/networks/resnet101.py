"""The 101-layer bottleneck ResNets of WGAN-GP, 64 pixels.

Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
section 5.2, and the released gan_64x64.py (`ResnetGenerator`).
"""

import keras
from keras import layers

from keras_gans.layers.depth_to_space import DepthToSpace
from keras_gans.networks.wgan_layers import (
    Normalization,
    conv,
    dense,
    doubling,
    glorot,
    he,
)

# Of each stage from 4x4 to 64x64: its width in units of the base width, in
# halves, and the plain blocks it has.
STAGES = ((16, 6), (8, 6), (4, 6), (2, 6), (1, 5))
RESOLUTION = 64
RESIDUAL_SCALE = 0.3
OUTPUT_SCALE = 0.2


def resnet101_generator(
    *,
    resolution: int = RESOLUTION,
    channels: int = 3,
    latent_dim: int = 128,
    width: int | None = None,
    batch_statistics: bool = True,
    name: str = "generator",
) -> keras.Model:
    """Builds the 101-layer ResNet generator.

    Dense to 4x4; 6, 6, 6, 6 and 5 bottleneck blocks at 4, 8, 16, 32 and 64
    pixels with an upsampling block between stages; a 1x1 convolution, and
    tanh(x / 5). Weighted layers: 33 blocks of 3, the first and the last.

    Args:
        resolution: 64.
        channels: Image channels.
        latent_dim: Length of the latent vectors.
        width: Even base width; stages have 8, 4, 2, 1 and 1/2 of it. None for
            the published 64.
        batch_statistics: Whether batch normalization uses the batch's
            moments in sampling too, as published.
        name: Name of the model.

    Returns:
        A model from `latents` (N, latent_dim) float to images in [-1, 1],
        (N, 64, 64, channels) float32.

    Raises:
        ValueError: For another resolution, or a `width` that is not a
            positive multiple of 4.
    """
    (first, plain), *rest = _stages(resolution, width)
    normalize = Normalization("batch", batch_statistics)
    latents = keras.Input((latent_dim,), name="latents")
    features = dense(16 * first, "dense")(latents)
    features = layers.Reshape((4, 4, first), name="reshape")(features)
    features = _plain_blocks(features, first, plain, normalize)
    for filters, plain in rest:
        size = 2 * features.shape[1]
        features = _block(features, filters, f"up_{size}", normalize, "up")
        features = _plain_blocks(features, filters, plain, normalize)
    # What becomes an image is float32 under every dtype policy.
    exact = {"dtype": "float32"}
    features = conv(channels, 1, glorot(), "to_image", **exact)(features)
    scale = layers.Rescaling(OUTPUT_SCALE, name="output_scale", **exact)
    features = scale(features)
    images = layers.Activation("tanh", dtype="float32", name="images")(features)
    return keras.Model(latents, images, name=name)


def resnet101_critic(
    *,
    resolution: int = RESOLUTION,
    channels: int = 3,
    width: int | None = None,
    normalization: str = "layer",
    name: str = "discriminator",
) -> keras.Model:
    """Builds the 101-layer ResNet critic, which mirrors the generator.

    Args:
        resolution: 64.
        channels: Image channels.
        width: Even base width, see `resnet101_generator`.
        normalization: `layer`, `batch` or `none`. Batch normalization does
            not go with a gradient penalty.
        name: Name of the model.

    Returns:
        A model from `images` (N, 64, 64, channels) to raw scores (N, 1),
        a linear function of the 4x4 features divided by 5.

    Raises:
        ValueError: For an unknown normalization, another resolution, or a
            `width` that is not a positive multiple of 4.
    """
    normalize = Normalization(normalization)
    (first, plain), *rest = reversed(_stages(resolution, width))
    images = keras.Input((RESOLUTION, RESOLUTION, channels), name="images")
    features = conv(first, 1, glorot(), "from_image")(images)
    features = _plain_blocks(features, first, plain, normalize)
    for filters, plain in rest:
        size = features.shape[1] // 2
        block = f"down_{size}"
        features = _block(features, filters, block, normalize, "down")
        features = _plain_blocks(features, filters, plain, normalize)
    features = layers.Flatten(name="flatten")(features)
    scores = dense(1, "score")(features)
    scores = layers.Rescaling(OUTPUT_SCALE, name="score_scale")(scores)
    return keras.Model(images, scores, name=name)


def _plain_blocks(features, filters, count, normalize):
    size = features.shape[1]
    for index in range(count):
        name = f"block_{size}_{index + 1}"
        features = _block(features, filters, name, normalize)
    return features


def _block(inputs, filters, name, normalize, resample=""):
    """Returns shortcut + 0.3 · f(inputs).

    f is ReLU-conv1x1-ReLU-conv3x3-ReLU-conv1x1-norm, of half the input's,
    half the output's and the output's width. The 3x3 convolution resamples:
    `up` by a transposed convolution of stride 2, `down` by stride 2.
    """
    features = layers.ReLU(name=f"{name}_relu_1")(inputs)
    features = conv(inputs.shape[-1] // 2, 1, he(), f"{name}_conv_1")(features)
    features = layers.ReLU(name=f"{name}_relu_2")(features)
    features = _resampling_conv(filters // 2, resample, f"{name}_conv_2")(
        features
    )
    features = layers.ReLU(name=f"{name}_relu_3")(features)
    # Normalization follows, whose offset is the bias.
    features = conv(filters, 1, he(), f"{name}_conv_3", use_bias=False)(
        features
    )
    features = normalize(features, f"{name}_norm")
    features = layers.Rescaling(RESIDUAL_SCALE, name=f"{name}_scale")(features)
    shortcut = _shortcut(inputs, filters, resample, f"{name}_shortcut")
    return layers.Add(name=name)([features, shortcut])


def _shortcut(inputs, filters, resample, name):
    if resample == "up":
        # Sub-pixel: four times the channels, then 2x2 pixels of them.
        features = conv(4 * filters, 1, glorot(), name)(inputs)
        return DepthToSpace(name=f"{name}_pixels")(features)
    if resample == "down":
        return conv(filters, 1, glorot(2), name, strides=2)(inputs)
    return inputs


def _resampling_conv(filters, resample, name):
    if resample == "up":
        return doubling(filters, 3, he(2, transposed=True), name)
    if resample == "down":
        return conv(filters, 3, he(2), name, strides=2)
    return conv(filters, 3, he(), name)


def _stages(resolution, width):
    if resolution != RESOLUTION:
        raise ValueError(
            f"The 101-layer ResNets are for {RESOLUTION} pixels. Received: "
            f"resolution={resolution}."
        )
    width = 64 if width is None else width
    if width < 4 or width % 4:
        raise ValueError(
            "The bottlenecks have a quarter of `width` at the least, so it "
            f"must be a positive multiple of 4. Received: width={width}."
        )
    return [(width * halves // 2, plain) for halves, plain in STAGES]

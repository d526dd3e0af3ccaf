"""The networks of MSG-GAN (early version) for 8 to 1,024 pixels.

The generator gives an image at every scale, and the discriminator takes them
all: each but the largest joins the features of its own size.

Reference: [Karnewar & Iyengar, 2019](https://arxiv.org/abs/1903.06048v1), §2
and §3, and the released code of that time, akanimax/BMSG-GAN at b0db8fc.
"""

import keras
from keras import layers

from keras_gans import checks
from keras_gans.layers import AveragePool2D, MinibatchStdDev
from keras_gans.layers.equalized import (
    EqualizedConv2D,
    EqualizedLatentMap,
    EqualizedUpsampleConv2D,
)
from keras_gans.layers.pixel_normalization import PixelNormalization
from keras_gans.networks.frame import Frame

# The largest feature map of full width; each doubling beyond it halves that.
FULL_WIDTH = 32
# How the discriminator joins r'(o) and its own features y, and which share of
# the joined channels each of the two has (1 / the number here).
COMBINATIONS = {"concat": (layers.Concatenate, 2), "add": (layers.Add, 1)}


def scales(resolution: int, networks: str = "MSG-GAN") -> list[int]:
    """Returns the sizes of a model's images in pixels, smallest first.

    Args:
        resolution: The largest one.
        networks: Whose they are.

    Raises:
        ValueError: When the resolution is not 4·2^k with k of 1 or more.

    Example:
    >>> scales(32)
    [4, 8, 16, 32]
    """
    doublings = resolution.bit_length() - 3
    if doublings < 1 or resolution != 4 << doublings:
        raise ValueError(
            f"The images of {networks} double from 4 pixels to `resolution`, "
            "which must be a power of two of 8 or more. Received: "
            f"resolution={resolution}."
        )
    return [4 << doubling for doubling in range(doublings + 1)]


_SPLIT = " and the discriminator splits them in two"


def widths(
    resolution: int,
    max_channels: int = 512,
    networks: str = "MSG-GAN",
    parts: int = 2,
) -> dict[int, int]:
    """Returns the channels of the feature maps of each size.

        w(s) = max_channels · min(1, 32 / s),

    with 512 the published 512 at 4 to 32 pixels, 256 at 64, 16 at 1,024.

    Args:
        resolution: Of the largest images in pixels.
        max_channels: Channels at up to 32 pixels.
        networks: Whose they are, for errors.
        parts: Of which each width is a multiple; the discriminator of MSG-GAN
            splits its channels in two.

    Raises:
        ValueError: When a width would be no multiple of `parts`, or for a
            resolution that `scales` refuses.

    Example:
    >>> widths(64, 16)
    {4: 16, 8: 16, 16: 16, 32: 16, 64: 8}
    """
    sizes = scales(resolution, networks)
    unit = parts * max(1, resolution // FULL_WIDTH)
    if max_channels < unit or max_channels % unit:
        raise ValueError(
            f"With {resolution} pixels `max_channels` must be a positive "
            f"multiple of {unit}, for the channels halve from {FULL_WIDTH} "
            f"pixels on{_SPLIT if parts > 1 else ''}. Received: "
            f"max_channels={max_channels}."
        )
    return {
        size: max_channels * FULL_WIDTH // max(size, FULL_WIDTH)
        for size in sizes
    }


def msg_generator(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    latent_dim: int = 512,
    max_channels: int = 512,
    folding: bool = True,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator of MSG-GAN: one image of each scale.

    With LR the leaky ReLU of slope 0.2 and PN the pixel normalization, the
    4x4 features are latents-to-4x4, LR, conv3x3, LR, PN, and every further
    scale is up x2, conv3x3, LR, PN, conv3x3, LR, PN. The image of a scale is
    r(g) of its features g, a 1x1 convolution. It is linear, without tanh, so
    that images may leave [-1, 1]. Every layer has an equalized learning rate.

    Args:
        resolution: Of the largest image in pixels: 8, 16, ... 1,024; or
            height and width, of which the shorter one is such.
        channels: Image channels.
        latent_dim: Length of the latent vectors, N(0, I).
        max_channels: Channels at up to 32 pixels, see `widths`; 512 as
            published.
        folding: Whether upsampling convolutions use their exact, cheaper
            form.
        name: Name of the model.

    Returns:
        A model from `latents` (N, latent_dim) to a list of float32 images,
        (N, 4, 4, channels) to (N, resolution, resolution, channels).

    Raises:
        ValueError: For a resolution or a width that cannot be.
    """
    frame = Frame.of(resolution)
    filters = widths(frame.side, max_channels)
    latents = keras.Input((latent_dim,), name="latents")
    features = EqualizedLatentMap(
        filters[4], frame.map(4), name="block_4_latents"
    )(latents)
    features = _activate(features, "block_4_1")
    images = []
    for size, width in filters.items():
        block = f"block_{size}"
        if size > 4:
            features = EqualizedUpsampleConv2D(
                width, folding=folding, name=f"{block}_conv_1"
            )(features)
            features = _activate(features, f"{block}_1")
            features = PixelNormalization(name=f"{block}_norm_1")(features)
        features = _convolve(features, width, 3, block, 2)
        features = PixelNormalization(name=f"{block}_norm_2")(features)
        image = EqualizedConv2D(
            channels, 1, name=f"to_image_{size}", dtype="float32"
        )(features)
        # Images are float32 under every dtype policy.
        images.append(
            layers.Activation("linear", dtype="float32", name=f"images_{size}")(
                image
            )
        )
    return keras.Model(latents, images, name=name)


def msg_discriminator(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    max_channels: int = 512,
    combine: str = "concat",
    group_size: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator of MSG-GAN: images of all scales to a score.

    From the largest scale down, with r' a 1x1 convolution without activation
    and d conv3x3, LR, conv3x3, LR, 2x2 average pooling (equations 6 and 7),

        y = d(r'(o_top)),    y ← d(combine(r'(o), y)) for each smaller o.

    At 4x4, the minibatch deviation joins as one channel, then conv3x3, LR,
    conv4x4 'valid', LR, and the score by a 1x1 convolution. Nothing can be
    folded: the leaky ReLU stands between convolution and pooling.

    The published `combine` is the concatenation [r'(o); y] (equation 9), to
    which each gives half of the channels; the paper leaves others open. With
    `add`, r'(o) + y, each has as many channels as the block takes.

    Args:
        resolution: Of the largest image in pixels: 8, 16, ... 1,024; or
            height and width, of which the shorter one is such.
        channels: Image channels.
        max_channels: Channels at up to 32 pixels, see `widths`; 512 as
            published.
        combine: `concat` or `add`.
        group_size: Images over which `MinibatchStdDev` takes a deviation;
            None, as published, for the whole batch.
        name: Name of the model.

    Returns:
        A model from the list of `images_4` (N, 4, 4, channels) to the largest
        images, smallest first, to raw scores (N, 1).

    Raises:
        ValueError: For a resolution, width or `combine` that cannot be.
    """
    checks.one_of("combine", combine, COMBINATIONS)
    join, parts = COMBINATIONS[combine]
    frame = Frame.of(resolution)
    filters = widths(frame.side, max_channels)
    images = [
        keras.Input((*frame.map(size), channels), name=f"images_{size}")
        for size in filters
    ]
    features = None
    for size, inputs in reversed(list(zip(filters, images, strict=True))):
        width = filters[size]
        own = width if features is None else width // parts
        image = EqualizedConv2D(own, 1, name=f"from_image_{size}")(inputs)
        if features is None:
            features = image
        else:
            features = join(name=f"combine_{size}")([image, features])
        if size > 4:
            features = _halving_block(
                features, width, filters[size // 2] // parts, f"block_{size}"
            )
    scores = _final_block(features, filters[4], group_size)
    return keras.Model(images, scores, name=name)


def _halving_block(features, width, outputs, name):
    features = _convolve(features, width, 3, name, 1)
    features = _convolve(features, outputs, 3, name, 2)
    return AveragePool2D(name=f"{name}_pool")(features)


def _final_block(features, width, group_size):
    features = MinibatchStdDev(group_size, name="minibatch_stddev")(features)
    features = _convolve(features, width, 3, "block_4", 1)
    features = _convolve(
        features, width, features.shape[1:3], "block_4", 2, "valid"
    )
    scores = EqualizedConv2D(1, 1, name="score")(features)
    return layers.Flatten(name="scores")(scores)


def _convolve(features, filters, size, block, index, padding="same"):
    name = f"{block}_conv_{index}"
    features = EqualizedConv2D(filters, size, padding, name=name)(features)
    return _activate(features, f"{block}_{index}")


def _activate(features, name):
    return layers.LeakyReLU(negative_slope=0.2, name=f"{name}_lrelu")(features)

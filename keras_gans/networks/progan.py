"""The networks of ProGAN for 8 to 1,024 pixels, which grow in training.

Both are whole from the start; `generator_at` and `discriminator_at` are the
parts of them that a stage of training uses.

Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), §2, §4 and
Table 2, and the released code, tkarras/progressive_growing_of_gans.
"""

import re
from collections.abc import Callable

import keras
from keras import layers

from keras_gans.layers import (
    AveragePool2D,
    FadeIn,
    MinibatchStdDev,
    PixelNormalization,
    Upsample2D,
)
from keras_gans.layers.equalized import (
    GAIN,
    EqualizedConv2D,
    EqualizedLatentMap,
    EqualizedUpsampleConv2D,
)
from keras_gans.networks.frame import Frame
from keras_gans.networks.msg import widths as widths_of

# The layers that make images of a size, or take them.
_IMAGE = re.compile(r"(?:to|from)_image_(\d+)")
# Returns the layer of a name, made by a function from names if need be.
_Layers = Callable[[str, Callable[[str], layers.Layer]], layers.Layer]


def stage_widths(resolution: int, max_channels: int = 512) -> dict[int, int]:
    """Returns the channels of the stages by their size, smallest first.

        w(s) = max_channels · min(1, 32 / s),

    with 512 the published 512 at 4 to 32 pixels, 256 at 64, 16 at 1,024.

    Raises:
        ValueError: When a width would not be whole, or for a resolution that
            is not 4·2^k with k of 1 or more.

    Example:
    >>> stage_widths(64, 16)
    {4: 16, 8: 16, 16: 16, 32: 16, 64: 8}
    """
    return widths_of(resolution, max_channels, "ProGAN", parts=1)


def progan_generator(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    latent_dim: int = 512,
    max_channels: int = 512,
    folding: bool = True,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator of ProGAN.

    With LR the leaky ReLU of slope 0.2 and PN the pixel normalization, the
    4x4 features are PN, latents-to-4x4, LR, PN, conv3x3, LR, PN, and those of
    every further stage up x2, conv3x3, LR, PN, conv3x3, LR, PN. With r_k the
    1x1 convolution that makes an image of the features g_k of stage k,

        o_0 = r_0(g_0),    o_k = (1 - α_k) up(o_{k-1}) + α_k r_k(g_k),

    of which the last one is the output: an image of a stage that is not
    reached, α_k = 0, is the last one of before, its pixels repeated. Images
    are linear, so that they may leave [-1, 1]. Every layer has an equalized
    learning rate.

    Args:
        resolution: Of the images in pixels: 8, 16, ... 1,024; or height and
            width, of which the shorter one is such.
        channels: Image channels.
        latent_dim: Length of the latent vectors, N(0, I).
        max_channels: Channels at up to 32 pixels, see `stage_widths`; 512 as
            published.
        folding: Whether upsampling convolutions use their exact, cheaper
            form.
        name: Name of the model.

    Returns:
        A model from `latents` (N, latent_dim) to float32 images (N,
        resolution, resolution, channels). The α_k are the weights `share` of
        its layers `fade_8`, `fade_16` and so on, 0 at first.

    Raises:
        ValueError: For a resolution or a width that cannot be.
    """
    frame = Frame.of(resolution)
    widths = stage_widths(frame.side, max_channels)
    latents = keras.Input((latent_dim,), name="latents")
    features = PixelNormalization(name="latents_norm")(latents)
    features = EqualizedLatentMap(
        # As of the transposed convolution of a 4x4 kernel.
        widths[4],
        frame.map(4),
        gain=GAIN / 4,
        name="block_4_latents",
    )(features)
    features = _normalized(features, "block_4_1")
    image = None
    for size, width in widths.items():
        block = f"block_{size}"
        if size > 4:
            features = EqualizedUpsampleConv2D(
                width, folding=folding, name=f"{block}_conv_1"
            )(features)
            features = _normalized(features, f"{block}_1")
        features = EqualizedConv2D(width, 3, name=f"{block}_conv_2")(features)
        features = _normalized(features, f"{block}_2")
        # Images are float32 under every dtype policy.
        new = EqualizedConv2D(
            channels, 1, gain=1.0, name=f"to_image_{size}", dtype="float32"
        )(features)
        if image is not None:
            old = Upsample2D(name=f"up_{size}", dtype="float32")(image)
            new = FadeIn(name=f"fade_{size}", dtype="float32")([old, new])
        image = new
    return keras.Model(latents, image, name=name)


def progan_discriminator(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    max_channels: int = 512,
    group_size: int | None = None,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator of ProGAN.

    With r'_k a 1x1 convolution and LR, and d_k conv3x3, LR, conv3x3, LR, 2x2
    average pooling, an image x_K of the last stage, and x_{k-1} the 2x2 means
    of x_k, has the features

        h_K = r'_K(x_K),
        h_{k-1} = (1 - α_k) r'_{k-1}(x_{k-1}) + α_k d_k(h_k).

    At 4x4, the minibatch deviation joins h_0 as one channel, then conv3x3,
    LR, conv4x4 'valid', LR, and the score by a 1x1 convolution. Every layer
    has an equalized learning rate. Nothing can be folded: the leaky ReLU
    stands between convolution and pooling.

    Args:
        resolution: Of the images in pixels: 8, 16, ... 1,024; or height and
            width, of which the shorter one is such.
        channels: Image channels.
        max_channels: Channels at up to 32 pixels, see `stage_widths`; 512 as
            published.
        group_size: Images over which `MinibatchStdDev` takes a deviation;
            None for the whole batch, as in the paper. The released code has 4.
        name: Name of the model.

    Returns:
        A model from `images` (N, resolution, resolution, channels) to raw
        scores (N, 1). The α_k are the weights `share` of its layers `fade_8`
        and so on, 0 at first.

    Raises:
        ValueError: For a resolution or width that cannot be.
    """
    frame = Frame.of(resolution)
    widths = stage_widths(frame.side, max_channels)
    made = {}

    def layer(name, make):
        if name not in made:
            made[name] = make(name)
        return made[name]

    images = keras.Input((*frame.shape, channels), name="images")
    scores = _scores(images, widths, layer, group_size)
    return keras.Model(images, scores, name=name)


def stages(network: keras.Model) -> list[int]:
    """Returns the sizes of a network's stages in pixels, smallest first.

    Of the shorter side. They are read from the names of its layers.
    """
    matches = (_IMAGE.fullmatch(layer.name) for layer in network.layers)
    return sorted(int(match.group(1)) for match in matches if match)


def generator_at(generator: keras.Model, size: int) -> keras.Model:
    """Returns the part of a generator that makes the image of a stage.

    Args:
        generator: Of `progan_generator`, whose layers and weights it shares.
        size: Size of the stage in pixels.
    """
    name = "to_image_4" if size == 4 else f"fade_{size}"
    image = generator.get_layer(name).output
    return keras.Model(generator.input, image, name=f"generator_{size}")


def discriminator_at(discriminator: keras.Model, size: int) -> keras.Model:
    """Returns the part of a discriminator that scores images of a stage.

    Args:
        discriminator: Of `progan_discriminator`, whose layers and weights it
            shares.
        size: Size of the stage in pixels.
    """
    height, width, channels = discriminator.input_shape[1:]
    largest = min(height, width)
    images = keras.Input(
        (height * size // largest, width * size // largest, channels)
    )
    widths = {
        each: discriminator.get_layer(f"from_image_{each}").filters
        for each in stages(discriminator)
        if each <= size
    }
    scores = _scores(
        images, widths, lambda name, make: discriminator.get_layer(name)
    )
    return keras.Model(images, scores, name=f"discriminator_{size}")


def _scores(
    images: keras.KerasTensor,
    widths: dict[int, int],
    layer: _Layers,
    group_size: int | None = None,
) -> keras.KerasTensor:
    """Returns the scores of images of the largest of the stages."""

    def convolve(features, name, filters, size, padding="same"):
        features = layer(
            name,
            lambda name: EqualizedConv2D(filters, size, padding, name=name),
        )(features)
        return layer(f"{name}_lrelu", _leaky)(features)

    def pooled(features, name):
        return layer(name, lambda name: AveragePool2D(name=name))(features)

    sizes = sorted(widths, reverse=True)
    features = convolve(images, f"from_image_{sizes[0]}", widths[sizes[0]], 1)
    for size, smaller in zip(sizes[:-1], sizes[1:], strict=True):
        block = f"block_{size}"
        features = convolve(features, f"{block}_conv_1", widths[size], 3)
        features = convolve(features, f"{block}_conv_2", widths[smaller], 3)
        new = pooled(features, f"{block}_pool")
        images = pooled(images, f"down_{size}")
        old = convolve(images, f"from_image_{smaller}", widths[smaller], 1)
        fade = layer(f"fade_{size}", lambda name: FadeIn(name=name))
        features = fade([old, new])
    features = layer(
        "minibatch_stddev", lambda name: MinibatchStdDev(group_size, name=name)
    )(features)
    width, whole = widths[sizes[-1]], features.shape[1:3]
    features = convolve(features, "block_4_conv_1", width, 3)
    features = convolve(features, "block_4_conv_2", width, whole, "valid")
    score = layer(
        "score", lambda name: EqualizedConv2D(1, 1, gain=1.0, name=name)
    )
    flat = layer("scores", lambda name: layers.Flatten(name=name))
    return flat(score(features))


def _leaky(name):
    return layers.LeakyReLU(negative_slope=0.2, name=name)


def _normalized(features, name):
    features = _leaky(f"{name}_lrelu")(features)
    return PixelNormalization(name=f"{name}_norm")(features)

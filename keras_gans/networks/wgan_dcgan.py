"""The convolutional and fully connected networks of WGAN-GP's experiments.

Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
section 5.2 and Figures 2, 3 and 5, the released gan_64x64.py, gan_cifar.py and
gan_mnist.py; and for the baseline
[Radford et al., 2016](https://arxiv.org/abs/1511.06434).
"""

import dataclasses

import keras
from keras import layers

from keras_gans import checks
from keras_gans.layers.gated import GatedActivation
from keras_gans.networks.wgan_layers import (
    Normalization,
    conv,
    doubling,
    glorot,
    he,
    uniform,
)

# Base width, and stage widths in units of it from the 4x4 features on.
SIZES = {28: (64, (4, 2, 1)), 32: (128, (4, 2, 1)), 64: (64, (8, 4, 2, 1))}
ACTIVATIONS = ("relu", "tanh", "gated")
KERNEL = 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Maker:
    """Makes the layers of one network with its common options."""

    activation: str
    normalization: Normalization
    deviation: float
    slope: float = 0.0

    def __post_init__(self):
        checks.one_of("activation", self.activation, ACTIVATIONS)

    def filters(self, count):
        """Returns the filters of a layer whose activation has `count`."""
        return 2 * count if self.activation == "gated" else count

    def kernel(self, initializer):
        """Returns the initializer, or that of the network's deviation."""
        return uniform(self.deviation) if self.deviation else initializer

    def dense(self, units, name):
        return layers.Dense(
            units, kernel_initializer=self.kernel(glorot()), name=name
        )

    def downsample(self, features, count, name):
        kernel, filters = self.kernel(he(2)), self.filters(count)
        return conv(filters, KERNEL, kernel, name, strides=2)(features)

    def upsample(self, features, filters, name, **options):
        kernel = self.kernel(he(2, transposed=True))
        return doubling(filters, KERNEL, kernel, name, **options)(features)

    def normalize(self, features, name):
        return self.normalization(features, f"{name}_norm")

    def activate(self, features, name):
        name = f"{name}_activation"
        if self.activation == "gated":
            return GatedActivation(name=name)(features)
        if self.activation == "tanh":
            return layers.Activation("tanh", name=name)(features)
        return layers.ReLU(negative_slope=self.slope, name=name)(features)


def wgan_dcgan_generator(
    *,
    resolution: int,
    channels: int = 3,
    latent_dim: int = 128,
    width: int | None = None,
    constant_width: bool = False,
    activation: str = "relu",
    normalization: str = "batch",
    deviation: float = 0.0,
    batch_statistics: bool = True,
    name: str = "generator",
) -> keras.Model:
    """Builds a DCGAN generator: dense to 4x4, then 5x5 stride-2 deconvolutions.

    Every layer but the last is followed by batch normalization, if any, and
    the activation. The last has tanh; at 28 pixels (MNIST) it has σ, here
    rescaled from [0, 1] to [-1, 1] as 2σ - 1, and the 8x8 features are
    cropped to 7x7. At 28 and 32 pixels the dense layer's outputs are
    normalized one by one, at 64 pixels channel by channel, as in the
    released code.

    Args:
        resolution: 28, 32 or 64.
        channels: Image channels.
        latent_dim: Length of the latent vectors.
        width: Width of the last hidden stage, before which widths double.
            None for the published 64, 128 and 64.
        constant_width: Whether every stage has that width.
        activation: `relu`, `tanh` or `gated`; the last doubles the filters,
            see `GatedActivation`.
        normalization: `batch` or `none`.
        deviation: Standard deviation of all initial kernels, 0.02 in the
            code's 64 px DCGANs with pointwise activations, or 0 for He's and
            Glorot's.
        batch_statistics: Whether batch normalization uses the batch's
            moments in sampling too, as published.
        name: Name of the model.

    Returns:
        A model from `latents` (N, latent_dim) float to images in [-1, 1],
        (N, resolution, resolution, channels) float32.

    Raises:
        ValueError: For a value that the architecture has not.
    """
    checks.one_of("resolution", resolution, SIZES)
    default, multipliers = SIZES[resolution]
    width = width or default
    make = _Maker(
        activation=activation,
        normalization=Normalization(normalization, batch_statistics),
        deviation=deviation,
    )
    if constant_width:
        multipliers = (1,) * len(multipliers)
    first, *rest = (width * multiple for multiple in multipliers)
    latents = keras.Input((latent_dim,), name="latents")
    filters = make.filters(first)
    features = make.dense(16 * filters, "dense")(latents)
    shape = (4, 4, filters)
    if resolution != 64:
        # Per unit: batch normalization of a single pixel's channels.
        features = layers.Reshape((1, 1, 16 * filters), name="units")(features)
        features = make.normalize(features, "dense")
    features = layers.Reshape(shape, name="reshape")(features)
    if resolution == 64:
        features = make.normalize(features, "dense")
    features = make.activate(features, "dense")
    for index, count in enumerate(rest):
        layer = f"deconv_{index + 1}"
        features = make.upsample(features, make.filters(count), layer)
        features = make.normalize(features, layer)
        features = make.activate(features, layer)
        if resolution == 28 and index == 0:
            features = layers.Cropping2D(((0, 1), (0, 1)), name="crop")(
                features
            )
    features = make.upsample(features, channels, "to_image", dtype="float32")
    return keras.Model(latents, _images(features, resolution), name=name)


def wgan_dcgan_critic(
    *,
    resolution: int,
    channels: int = 3,
    width: int | None = None,
    activation: str = "relu",
    normalization: str = "none",
    deviation: float = 0.0,
    name: str = "discriminator",
) -> keras.Model:
    """Builds a DCGAN critic: 5x5 stride-2 convolutions to 4x4, then dense.

    Every convolution is followed by normalization, but for the first, and by
    the activation. At 28 pixels (MNIST) images are first rescaled from
    [-1, 1] to [0, 1], the range of the published experiment.

    Args:
        resolution: 28, 32 or 64.
        channels: Image channels.
        width: Width of the first stage, after which widths double. None for
            the published 64, 128 and 64.
        activation: `relu` for LeakyReLU of slope 0.2, `tanh` or `gated`.
        normalization: `layer`, `batch` or `none`. Batch normalization does
            not go with a gradient penalty.
        deviation: As in `wgan_dcgan_generator`.
        name: Name of the model.

    Returns:
        A model from `images` (N, resolution, resolution, channels) to raw
        scores (N, 1).

    Raises:
        ValueError: For a value that the architecture has not.
    """
    checks.one_of("resolution", resolution, SIZES)
    default, multipliers = SIZES[resolution]
    width = width or default
    make = _Maker(
        activation=activation,
        normalization=Normalization(normalization),
        deviation=deviation,
        slope=0.2,
    )
    images = keras.Input((resolution, resolution, channels), name="images")
    features = images
    if resolution == 28:
        features = layers.Rescaling(0.5, 0.5, name="to_unit_range")(features)
    for index, multiple in enumerate(reversed(multipliers)):
        layer = f"conv_{index + 1}"
        features = make.downsample(features, width * multiple, layer)
        if index:
            features = make.normalize(features, layer)
        features = make.activate(features, layer)
    features = layers.Flatten(name="flatten")(features)
    scores = make.dense(1, "score")(features)
    return keras.Model(images, scores, name=name)


def wgan_mlp_generator(
    *,
    resolution: int = 64,
    channels: int = 3,
    latent_dim: int = 128,
    width: int | None = None,
    depth: int = 4,
    name: str = "generator",
) -> keras.Model:
    """Builds the fully connected generator: ReLU layers, then dense and tanh.

    Args:
        resolution: Height and width of the images.
        channels: Image channels.
        latent_dim: Length of the latent vectors.
        width: Units of a hidden layer, None for the published 512.
        depth: Hidden layers.
        name: Name of the model.

    Returns:
        A model from `latents` (N, latent_dim) float to images in [-1, 1],
        (N, resolution, resolution, channels) float32.
    """
    latents = keras.Input((latent_dim,), name="latents")
    features = latents
    for index in range(depth):
        features = layers.Dense(
            width or 512,
            "relu",
            kernel_initializer="he_uniform",
            name=f"dense_{index + 1}",
        )(features)
    features = layers.Dense(
        resolution**2 * channels, kernel_initializer=glorot(), name="to_image"
    )(features)
    features = layers.Reshape(
        (resolution, resolution, channels), name="reshape"
    )(features)
    return keras.Model(latents, _images(features, resolution), name=name)


def _images(features, resolution):
    if resolution != 28:
        return layers.Activation("tanh", dtype="float32", name="images")(
            features
        )
    unit = layers.Activation("sigmoid", dtype="float32", name="sigmoid")
    rescale = layers.Rescaling(2.0, -1.0, dtype="float32", name="images")
    return rescale(unit(features))

"""The convolutional networks of AC-GAN for 32, 64 and 128 pixels.

Reference: [Odena et al., 2017](https://arxiv.org/abs/1610.09585),
Appendix A.
"""

import math

import keras
from keras import layers, ops

from keras_gans import checks
from keras_gans.layers import BatchNormalization, Conv2D, NormalToUniform
from keras_gans.layers.configured import ConfiguredLayer
from keras_gans.networks.frame import Frame
from keras_gans.networks.wgan_layers import doubling

# Widths of the generator's first feature map and of its hidden transposed
# convolutions, in units of the base width: 64, and 96 at 32 pixels.
GENERATOR_MULTIPLIERS = {32: (4, 2, 1), 64: (12, 6, 4, 3), 128: (12, 6, 4, 3)}
RESOLUTIONS = tuple(GENERATOR_MULTIPLIERS)
LATENT_DISTRIBUTIONS = ("normal", "uniform")
# Width in units of the base width, and stride, of the discriminator's
# convolutions, the same at every resolution.
DISCRIMINATOR_STAGES = ((1, 2), (2, 1), (4, 2), (8, 1), (16, 2), (32, 1))


def ac_gan_generator(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    latent_dim: int = 100,
    latent_distribution: str = "normal",
    num_classes: int = 0,
    width: int = 64,
    multipliers: tuple[int, ...] = (),
    momentum: float = 0.99,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator of AC-GAN.

    Dense and ReLU, then 5x5 transposed convolutions of stride 2: all but the
    last with batch normalization and ReLU, the last with tanh. A label enters
    as a one-hot vector beside the latents. Kernels start from N(0, 0.02²).

    The appendix prints a dense layer of 768 units and four doublings, which
    do not make 128 pixels. Here the dense layer gives a feature map of 8x8
    (4x4 at 64 and 32 pixels) with as many channels as are printed, 768 (384
    at 32 pixels).

    Args:
        resolution: 32, 64 or 128; or height and width, of which the shorter
            one is such.
        channels: Image channels.
        latent_dim: Length of the latent vectors, without the label.
        latent_distribution: `normal`, or `uniform` in (-1, 1), to which the
            generator maps its normal latents itself.
        num_classes: Classes, or 0 for an unconditional generator.
        width: Base width; 64 as published at 64 and 128 pixels, 96 at 32.
        multipliers: Widths of the first feature map and of each hidden
            transposed convolution in units of `width`; each doubles the size
            once. Empty for the published ones.
        momentum: Moving-average decay of the batch normalization; the paper
            does not say it.
        name: Name of the model.

    Returns:
        A model from `latents` (N, latent_dim) float, and `labels` (N,) int32
        with classes, to images in [-1, 1], (N, resolution, resolution,
        channels) float32.

    Raises:
        ValueError: For a resolution that the architecture has not, or one
            that is no multiple of 2^len(multipliers).

    Example:
    >>> ac_gan_generator(resolution=64, num_classes=3, width=2).output_shape
    (None, 64, 64, 3)
    """
    side = min(checks.sides(resolution))
    checks.one_of("resolution", side, RESOLUTIONS)
    checks.one_of(
        "latent_distribution", latent_distribution, LATENT_DISTRIBUTIONS
    )
    multipliers = tuple(multipliers) or GENERATOR_MULTIPLIERS[side]
    size, remainder = divmod(side, 2 ** len(multipliers))
    if remainder or not size:
        raise ValueError(
            "Each multiplier doubles the size once, so the resolution must be "
            "a multiple of 2^len(multipliers). Received: resolution="
            f"{resolution}, multipliers={multipliers}. Give fewer multipliers."
        )
    height_and_width = Frame.of(resolution, size).map(size)
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    features = latents
    if latent_distribution == "uniform":
        features = NormalToUniform(name="uniform")(features)
    if num_classes:
        one_hot = _OneHot(num_classes, name="one_hot")(labels)
        features = layers.Concatenate(name="condition")([features, one_hot])
    first, *hidden = [width * multiplier for multiplier in multipliers]
    features = layers.Dense(
        math.prod(height_and_width) * first,
        kernel_initializer=_normal(),
        name="dense",
    )(features)
    features = layers.ReLU(name="dense_relu")(features)
    features = layers.Reshape((*height_and_width, first), name="reshape")(
        features
    )
    for index, filters in enumerate(hidden, 1):
        features = doubling(filters, 5, _normal(), f"deconv_{index}")(features)
        features = BatchNormalization(momentum, name=f"bn_{index}")(features)
        features = layers.ReLU(name=f"relu_{index}")(features)
    to_image = doubling(channels, 5, _normal(), "to_image", dtype="float32")
    features = to_image(features)
    images = layers.Activation("tanh", dtype="float32", name="images")(features)
    inputs = [latents, labels] if num_classes else latents
    return keras.Model(inputs, images, name=name)


def ac_gan_discriminator(
    *,
    resolution: int | tuple[int, int],
    channels: int = 3,
    num_classes: int = 0,
    width: int = 16,
    dropout: float = 0.5,
    activation_noise: float = 0.0,
    momentum: float = 0.99,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator of AC-GAN.

    Six 3x3 convolutions of 16 to 512 filters and strides 2, 1, 2, 1, 2, 1,
    each followed by batch normalization (but for the first), LeakyReLU with
    slope 0.2 and dropout; then one linear layer for the source of an image
    and one for its class. The paper calls the latter two a soft-sigmoid of
    num_classes + 1 units; here they are logits, whose probabilities
    `class_probabilities` gives.

    Args:
        resolution: 32, 64 or 128; or height and width, of which the shorter
            one is such.
        channels: Image channels.
        num_classes: Classes K, or 0 for a discriminator without a classifier.
        width: Base width; 16 as published.
        dropout: Float in [0, 1), share of features dropped after each
            convolution.
        activation_noise: Float in [0, 1], standard deviation σ of the
            Gaussian noise that is added in training. The paper does not say
            where: here on the images and on the output of every convolution
            block.
        momentum: Moving-average decay of the batch normalization; the paper
            does not say it.
        name: Name of the model.

    Returns:
        A model from `images` (N, resolution, resolution, channels) to
        `[scores, class_logits]`, (N, 1) and (N, K): the logit of being real
        and those of the classes; with num_classes=0, to scores alone.

    Raises:
        ValueError: For a resolution that the architecture has not.

    Example:
    >>> ac_gan_discriminator(resolution=32, num_classes=10).output_shape
    [(None, 1), (None, 10)]
    """
    # The generator asks for more.
    frame = Frame.of(resolution, 8)
    checks.one_of("resolution", frame.side, RESOLUTIONS)
    images = keras.Input((*frame.shape, channels), name="images")
    features = _noisy(images, activation_noise, "noise_0")
    for index, (multiplier, strides) in enumerate(DISCRIMINATOR_STAGES, 1):
        features = Conv2D(
            width * multiplier,
            3,
            strides,
            padding="same",
            kernel_initializer=_normal(),
            name=f"conv_{index}",
        )(features)
        if index > 1:
            features = BatchNormalization(momentum, name=f"bn_{index}")(
                features
            )
        features = layers.LeakyReLU(negative_slope=0.2, name=f"relu_{index}")(
            features
        )
        if dropout:
            features = layers.Dropout(dropout, name=f"dropout_{index}")(
                features
            )
        features = _noisy(features, activation_noise, f"noise_{index}")
    features = layers.Flatten(name="flatten")(features)
    outputs = layers.Dense(1, kernel_initializer=_normal(), name="score")(
        features
    )
    if num_classes:
        class_logits = layers.Dense(
            num_classes, kernel_initializer=_normal(), name="class_logits"
        )(features)
        outputs = [outputs, class_logits]
    return keras.Model(images, outputs, name=name)


def class_probabilities(discriminator: keras.Model) -> keras.Model:
    """Returns the soft-sigmoid outputs of an auxiliary-classifier network.

        P(real | x) = σ(s(x)),    P(c | x) = softmax_c(l(x)),

    with the scores s and the class logits l of the discriminator.

    Args:
        discriminator: A model from images to `[scores, class_logits]`.

    Returns:
        A model from images to `[real, classes]`, float32 of shape (N, 1) and
        (N, K), that shares the discriminator's weights.

    Raises:
        ValueError: When the discriminator has no class logits.

    Example:
    >>> discriminator = ac_gan_discriminator(resolution=32, num_classes=10)
    >>> class_probabilities(discriminator).output_shape
    [(None, 1), (None, 10)]
    """
    if len(discriminator.outputs) != 2:
        raise ValueError(
            "Class probabilities need a discriminator with two outputs, "
            "scores and class logits. Received: outputs "
            f"{[tensor.name for tensor in discriminator.outputs]}. Build it "
            "with num_classes of at least 1."
        )
    scores, class_logits = discriminator.outputs
    real = layers.Activation("sigmoid", dtype="float32", name="real")(scores)
    classes = layers.Activation("softmax", dtype="float32", name="classes")(
        class_logits
    )
    return keras.Model(discriminator.input, [real, classes])


@keras.saving.register_keras_serializable(package="keras_gans")
class _OneHot(ConfiguredLayer):
    """Encodes labels (N,) as rows of the identity, (N, num_classes)."""

    settings = ("num_classes",)

    def __init__(self, num_classes, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes

    def call(self, labels):
        return ops.one_hot(labels, self.num_classes, dtype=self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.num_classes)


def _normal():
    # An instance for each layer: one that is shared repeats its numbers.
    return keras.initializers.RandomNormal(stddev=0.02)


def _noisy(features, stddev, name):
    if not stddev:
        return features
    return layers.GaussianNoise(stddev, name=name)(features)

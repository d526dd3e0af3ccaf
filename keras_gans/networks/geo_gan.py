"""The DCGAN of geometric GAN.

Reference: [Lim & Ye, 2017](https://arxiv.org/abs/1705.02894), and its
released code lim0606/pytorch-geometric-gan, models/dcgan.py.
"""

import keras
from keras import layers

from keras_gans.layers import BatchNormalization, Conv2D, Conv2DTranspose


def geo_gan_generator(
    *,
    resolution: int,
    channels: int = 3,
    latent_dim: int = 100,
    width: int = 128,
    momentum: float = 0.9,
    name: str = "generator",
) -> keras.Model:
    """Builds the generator of geometric GAN.

    Dense to 4x4 and transposed 4x4 convolutions of stride 2, each followed
    by batch normalization and ReLU but for the last, which ends in tanh. No
    layer has a bias; kernels are drawn from N(0, 0.02²).

    The published code starts the normalizations' scales at N(1, 0.02²); here
    they start at 1.

    Args:
        resolution: Pixels, 4·2^n with n of 2 or more.
        channels: Image channels.
        latent_dim: Length of the latent vectors; 100 in the released code.
        width: Filters of the last hidden layer, which double towards the
            4x4 input; the released code's default is 64.
        momentum: Decay of the moving statistics.
        name: Name of the model.

    Returns:
        A model from `latents` (N, latent_dim) float to images in [-1, 1],
        (N, resolution, resolution, channels) float32.

    Raises:
        ValueError: For a resolution that the architecture has not.
    """
    doublings = _doublings(resolution)
    filters = width << (doublings - 1)
    latents = keras.Input((latent_dim,), name="latents")
    features = layers.Dense(
        16 * filters,
        use_bias=False,
        kernel_initializer=_normal(),
        name="dense",
    )(latents)
    features = layers.Reshape((4, 4, filters), name="reshape")(features)
    for index in range(doublings):
        size = 4 << index
        features = BatchNormalization(momentum=momentum, name=f"bn_{size}")(
            features
        )
        features = layers.ReLU(name=f"relu_{size}")(features)
        last = index == doublings - 1
        filters = channels if last else filters // 2
        features = Conv2DTranspose(
            filters,
            name=f"conv_{2 * size}",
            dtype="float32" if last else None,
            **_convolution(),
        )(features)
    images = layers.Activation("tanh", dtype="float32", name="images")(features)
    return keras.Model(latents, images, name=name)


def geo_gan_discriminator(
    *,
    resolution: int,
    channels: int = 3,
    width: int = 128,
    weight_decay: float = 0.0,
    momentum: float = 0.9,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the discriminator of geometric GAN.

    4x4 convolutions of stride 2 down to 4x4, with LeakyReLU of slope 0.2
    and, after all but the first, batch normalization; then a 4x4 convolution
    v to one score. No layer has a bias.

    The soft margin of equation 11 of the LGA paper, ‖v‖² / (2Cn) with the
    batch size n, is an L2 penalty on v alone. Its gradient v / (Cn) is what
    the released code gets from a weight decay of 1 / (Cn) in the optimizer.

    Args:
        resolution: Pixels, 4·2^n with n of 2 or more.
        channels: Image channels.
        width: Filters of the first layer, which double layer by layer; the
            released code's default is 64.
        weight_decay: Non-negative float w, adds w ‖v‖² / 2 to the losses of
            the model.
        momentum: Decay of the moving statistics.
        name: Name of the model.

    Returns:
        A model from `images` (N, resolution, resolution, channels) to raw
        scores (N, 1). Its last layer with weights is named `score`.

    Raises:
        ValueError: For a resolution that the architecture has not.
    """
    images = keras.Input((resolution, resolution, channels), name="images")
    features = images
    for index in range(_doublings(resolution)):
        size = resolution >> (index + 1)
        features = Conv2D(
            width << index, name=f"conv_{size}", **_convolution()
        )(features)
        if index:
            features = BatchNormalization(momentum=momentum, name=f"bn_{size}")(
                features
            )
        features = layers.LeakyReLU(negative_slope=0.2, name=f"relu_{size}")(
            features
        )
    scores = Conv2D(
        1,
        4,
        use_bias=False,
        kernel_initializer=_normal(),
        kernel_regularizer=keras.regularizers.L2(weight_decay / 2.0)
        if weight_decay
        else None,
        name="score",
    )(features)
    scores = layers.Flatten(name="scores")(scores)
    return keras.Model(images, scores, name=name)


def _convolution():
    return {
        "kernel_size": 4,
        "strides": 2,
        "padding": "same",
        "use_bias": False,
        "kernel_initializer": _normal(),
    }


def _normal():
    return keras.initializers.RandomNormal(0.0, 0.02)


def _doublings(resolution):
    doublings = resolution.bit_length() - 3
    if doublings < 2 or resolution != 4 << doublings:
        raise ValueError(
            "Geometric GAN's networks exist for 16, 32, 64, 128, ... pixels. "
            f"Received: resolution={resolution}."
        )
    return doublings

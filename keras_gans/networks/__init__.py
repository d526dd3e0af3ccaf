"""Generators and discriminators, one architecture family a module."""

from keras_gans.networks.ac_gan import (
    ac_gan_discriminator,
    ac_gan_generator,
    class_probabilities,
)
from keras_gans.networks.char_resnet import char_discriminator, char_generator
from keras_gans.networks.geo_gan import geo_gan_discriminator, geo_gan_generator
from keras_gans.networks.mlp import mlp_discriminator, mlp_generator
from keras_gans.networks.msg import msg_discriminator, msg_generator
from keras_gans.networks.progan import progan_discriminator, progan_generator
from keras_gans.networks.projected import projected_discriminator
from keras_gans.networks.r3gan import r3gan_discriminator, r3gan_generator
from keras_gans.networks.resnet import resnet_discriminator, resnet_generator
from keras_gans.networks.wgan_gp import wgan_gp_critic, wgan_gp_generator
from keras_gans.networks.wgan_resnet import (
    wgan_resnet_critic,
    wgan_resnet_generator,
)

__all__ = [
    "ac_gan_discriminator",
    "ac_gan_generator",
    "char_discriminator",
    "char_generator",
    "class_probabilities",
    "geo_gan_discriminator",
    "geo_gan_generator",
    "mlp_discriminator",
    "mlp_generator",
    "msg_discriminator",
    "msg_generator",
    "progan_discriminator",
    "progan_generator",
    "projected_discriminator",
    "r3gan_discriminator",
    "r3gan_generator",
    "resnet_discriminator",
    "resnet_generator",
    "wgan_gp_critic",
    "wgan_gp_generator",
    "wgan_resnet_critic",
    "wgan_resnet_generator",
]

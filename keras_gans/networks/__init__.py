"""Generators and discriminators, one architecture family a module."""

from keras_gans.networks.resnet import (
    resnet_discriminator,
    resnet_generator,
)

__all__ = ["resnet_discriminator", "resnet_generator"]

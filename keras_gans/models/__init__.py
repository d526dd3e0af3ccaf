"""GANs: the base class, then one paper a module."""

from keras_gans.models.gan import GAN
from keras_gans.models.sagan import SAGAN

__all__ = ["GAN", "SAGAN"]

"""GANs: the base class, then one paper a module."""

from keras_gans.models.ac_gan import ACGAN
from keras_gans.models.auxiliary import AuxiliaryClassifierGAN
from keras_gans.models.gan import GAN
from keras_gans.models.lga import LGAGAN
from keras_gans.models.msg_gan import MSGGAN
from keras_gans.models.progan import ProGAN
from keras_gans.models.r3gan import R3GAN
from keras_gans.models.sagan import SAGAN
from keras_gans.models.truncation import truncated
from keras_gans.models.wgan_gp import WGANGP

__all__ = [
    "ACGAN",
    "AuxiliaryClassifierGAN",
    "GAN",
    "LGAGAN",
    "MSGGAN",
    "ProGAN",
    "R3GAN",
    "SAGAN",
    "WGANGP",
    "truncated",
]

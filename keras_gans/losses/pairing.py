"""Relativistic pairing: each real image against one generated image."""

from typing import Any

import keras
from keras import ops

from keras_gans.losses.adversarial import (
    AdversarialLoss,
    as_float32,
    mean_over_images,
)
from keras_gans.losses.relativistic import required


@keras.saving.register_keras_serializable(package="keras_gans")
class RelativisticPairing(AdversarialLoss):
    """RpGAN: the scores of pairs, as they lie in the batch.

    With x_i and z_i the real images and the latents of a batch,

        L_D = E_i[softplus(-(D(x_i) - D(G(z_i))))]
        L_G = E_i[softplus(-(D(G(z_i)) - D(x_i)))].

    The loss of R3GAN. Of m times as many generated images, each block of the
    real ones' number is paired with them.

    Reference:
    [Jolicoeur-Martineau, 2018](https://arxiv.org/abs/1807.00734), §4.1;
    [Huang et al., 2024](https://arxiv.org/abs/2501.05441), equation 2.
    """

    relativistic = True

    def discriminator(self, real: Any, fake: Any) -> Any:
        return ops.mean(ops.softplus(_differences(real, fake)))

    def generator(
        self, fake: Any, real: Any = None, weights: Any = None
    ) -> Any:
        costs = ops.softplus(-_differences(required(real), fake))
        return mean_over_images(costs, weights)


def _differences(real, fake):
    """Returns D(G(z_i)) - D(x_i), in the shape of the generated ones'."""
    real, fake = as_float32(real), as_float32(fake)
    blocks = ops.reshape(fake, (-1, *ops.shape(real)))
    return ops.reshape(blocks - real, ops.shape(fake))

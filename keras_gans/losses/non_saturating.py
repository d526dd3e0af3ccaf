"""The non-saturating logistic game."""

import keras
from keras import ops

from keras_gans.losses.adversarial import AdversarialLoss, as_float32


@keras.saving.register_keras_serializable(package="keras_gans")
class NonSaturating(AdversarialLoss):
    """Goodfellow et al. (2014), §3, on logits.

    L_D = E[softplus(-D(x))] + E[softplus(D(G(z)))]
    L_G = E[softplus(-D(G(z)))]

    Reference: [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661).
    """

    def discriminator(self, real, fake):
        real, fake = as_float32(real), as_float32(fake)
        return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))

    def generator(self, fake):
        return ops.mean(ops.softplus(-as_float32(fake)))

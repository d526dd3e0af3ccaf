"""The logistic games: non-saturating, halved as in DCGAN, and saturating."""

from typing import Any

import keras
from keras import ops

from keras_gans.losses.adversarial import (
    AdversarialLoss,
    as_float32,
    mean_over_images,
)


@keras.saving.register_keras_serializable(package="keras_gans")
class NonSaturating(AdversarialLoss):
    """Goodfellow et al. (2014), §3, on logits.

    L_D = E[softplus(-D(x))] + E[softplus(D(G(z)))]
    L_G = E[softplus(-D(G(z)))]

    Reference: [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661).
    """

    def discriminator(self, real: Any, fake: Any) -> Any:
        real, fake = as_float32(real), as_float32(fake)
        return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))

    def generator(
        self, fake: Any, real: Any = None, weights: Any = None
    ) -> Any:
        costs = ops.softplus(-as_float32(fake))
        return mean_over_images(costs, weights)


@keras.saving.register_keras_serializable(package="keras_gans")
class DCGAN(NonSaturating):
    """The non-saturating game with L_D halved.

    L_D = (E[softplus(-D(x))] + E[softplus(D(G(z)))]) / 2
    L_G = E[softplus(-D(G(z)))]

    Adam does not see the factor but for its ε.

    Reference: the code of
    [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028), mode "dcgan".
    """

    def discriminator(self, real: Any, fake: Any) -> Any:
        return super().discriminator(real, fake) / 2.0


@keras.saving.register_keras_serializable(package="keras_gans")
class Saturating(NonSaturating):
    """The minimax game; Goodfellow et al. (2014), equation 1, on logits.

    L_D = E[softplus(-D(x))] + E[softplus(D(G(z)))]
    L_G = -E[softplus(D(G(z)))]

    L_G is E[log(1 - P(real | G(z)))], whose gradient vanishes where the
    discriminator is sure.

    Reference: [Goodfellow et al., 2014](https://arxiv.org/abs/1406.2661).
    """

    def generator(
        self, fake: Any, real: Any = None, weights: Any = None
    ) -> Any:
        costs = ops.softplus(as_float32(fake))
        return -mean_over_images(costs, weights)

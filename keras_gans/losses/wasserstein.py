"""The Wasserstein game."""

from typing import Any

import keras
from keras import ops

from keras_gans.losses.adversarial import (
    AdversarialLoss,
    as_float32,
    mean_over_images,
)


@keras.saving.register_keras_serializable(package="keras_gans")
class Wasserstein(AdversarialLoss):
    """WGAN and WGAN-GP; Gulrajani et al., equations 2 and 3.

    L_D = E[D(G(z))] - E[D(x)]
    L_G = -E[D(G(z))]

    -L_D estimates the Wasserstein distance if D is held 1-Lipschitz: by a
    `GradientPenalty`, or up to a factor by weight clipping.

    Reference: [Arjovsky et al., 2017](https://arxiv.org/abs/1701.07875);
    [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028).
    """

    def discriminator(self, real: Any, fake: Any) -> Any:
        return ops.mean(as_float32(fake)) - ops.mean(as_float32(real))

    def generator(
        self, fake: Any, real: Any = None, weights: Any = None
    ) -> Any:
        return -mean_over_images(as_float32(fake), weights)

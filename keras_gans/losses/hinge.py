"""The hinge game."""

from typing import Any

import keras
from keras import ops

from keras_gans.losses.adversarial import (
    AdversarialLoss,
    as_float32,
    mean_over_images,
)


@keras.saving.register_keras_serializable(package="keras_gans")
class Hinge(AdversarialLoss):
    """Hinge loss; SAGAN, equation 4.

    L_D = E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]
    L_G = -E[D(G(z))]

    Reference: [Zhang et al., 2019](https://arxiv.org/abs/1805.08318);
    [Lim & Ye, 2017](https://arxiv.org/abs/1705.02894).
    """

    def discriminator(self, real: Any, fake: Any) -> Any:
        real, fake = as_float32(real), as_float32(fake)
        return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))

    def generator(
        self, fake: Any, real: Any = None, weights: Any = None
    ) -> Any:
        return -mean_over_images(as_float32(fake), weights)

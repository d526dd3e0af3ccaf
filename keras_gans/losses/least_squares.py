"""The least-squares game."""

from typing import Any

import keras
from keras import ops

from keras_gans.losses.adversarial import (
    AdversarialLoss,
    as_float32,
    mean_over_images,
)


@keras.saving.register_keras_serializable(package="keras_gans")
class LeastSquares(AdversarialLoss):
    """LSGAN with targets 1 for real and 0 for generated images.

    L_D = (E[(D(x) - 1)²] + E[D(G(z))²]) / 2
    L_G = E[(D(G(z)) - 1)²]

    Equation 9 of the paper has L_G halved as well; this is the form of the
    code of Gulrajani et al., 2017. RMSprop and Adam do not see the factor.

    Reference: [Mao et al., 2017](https://arxiv.org/abs/1611.04076).
    """

    def discriminator(self, real: Any, fake: Any) -> Any:
        real, fake = as_float32(real), as_float32(fake)
        errors = ops.mean(ops.square(real - 1.0)) + ops.mean(ops.square(fake))
        return errors / 2.0

    def generator(
        self, fake: Any, real: Any = None, weights: Any = None
    ) -> Any:
        errors = ops.square(as_float32(fake) - 1.0)
        return mean_over_images(errors, weights)

"""The squared hinge, a loss of one's own."""

from typing import Any

import keras
from keras import ops

from keras_gans import losses
from keras_gans.losses.adversarial import AdversarialLoss, as_float32


@keras.saving.register_keras_serializable(package="tiny")
class SquaredHinge(AdversarialLoss):
    """Hinge losses, squared.

    L_D = E[max(0, 1 - D(x))²] + E[max(0, 1 + D(G(z)))²]
    L_G = -E[D(G(z))]
    """

    def discriminator(self, real: Any, fake: Any) -> Any:
        real, fake = as_float32(real), as_float32(fake)
        return ops.mean(ops.square(ops.relu(1 - real))) + ops.mean(
            ops.square(ops.relu(1 + fake))
        )

    def generator(self, fake: Any, real: Any = None) -> Any:
        return -ops.mean(as_float32(fake))


losses.NAMES["squared_hinge"] = SquaredHinge

"""The weight clipping of WGAN."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class WeightClipping(keras.constraints.Constraint):
    """Clips weights to [-c, c]; Arjovsky et al., Algorithm 1, line 7.

    A Keras constraint: optimizers apply it after each update.

    Args:
        limit: Positive float c; 0.01 in the paper.

    Raises:
        ValueError: When `limit` is not positive.

    Reference: [Arjovsky et al., 2017](https://arxiv.org/abs/1701.07875).
    """

    def __init__(self, limit: float = 0.01):
        if limit <= 0:
            raise ValueError(
                f"Weights are clipped to a positive limit. Received: {limit}."
            )
        self.limit = limit

    def __call__(self, weights: Any) -> Any:
        return ops.clip(weights, -self.limit, self.limit)

    def get_config(self) -> dict[str, Any]:
        return {"limit": self.limit}

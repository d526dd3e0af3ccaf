"""BigGAN's orthogonal regularization of a generator's kernels."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="keras_gans")
class OrthogonalRegularization(keras.regularizers.Regularizer):
    """Pulls the filters of a kernel apart, and leaves their norms alone.

    For a kernel as a matrix W with one column for each filter (equation 3),

        R(W) = β ‖WᵀW ⊙ (1 - I)‖²_F,

    where 1 is all ones: the squared inner products of all ordered pairs of
    filters. Float32. The gradient is 4 β W (WᵀW ⊙ (1 - I)); the released
    code adds half of it, which is β = 5e-5 here.

    A Keras regularizer, for `kernel_regularizer` of a layer;
    `orthogonal_regularization` of a `GAN` gives it to every kernel of the
    generator.

    Args:
        weight: Non-negative float β; 1e-4 in the paper.
        axis: Axis of the filters: -1, or -2 of transposed convolutions.

    Raises:
        ValueError: For a negative weight.

    Example:
    >>> float(OrthogonalRegularization(0.5)(keras.ops.ones((3, 2))))
    9.0

    Reference: [Brock et al., 2018](https://arxiv.org/abs/1809.11096), §3.1;
    its released code ajbrock/BigGAN-PyTorch (`utils.py`).
    """

    def __init__(self, weight: float = 1e-4, axis: int = -1):
        if not weight >= 0:
            raise ValueError(
                "Orthogonal regularization has a weight of 0 or more. "
                f"Received: {weight}."
            )
        self.weight = weight
        self.axis = axis

    def __call__(self, kernel: Any) -> Any:
        kernel = ops.moveaxis(ops.cast(kernel, "float32"), self.axis, -1)
        filters = kernel.shape[-1]
        matrix = ops.reshape(kernel, (-1, filters))
        products = ops.matmul(ops.transpose(matrix), matrix)
        others = products * (1.0 - ops.eye(filters, dtype="float32"))
        return self.weight * ops.sum(ops.square(others))

    def get_config(self) -> dict[str, Any]:
        return {"weight": self.weight, "axis": self.axis}

"""Spectral normalization of a layer's kernel."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from keras_gans import checks

_thread = threading.local()


@contextlib.contextmanager
def normalized_once() -> Iterator[None]:
    """Lets each layer normalize its kernel once, at its first call within.

    Further calls use the same kernel, as if all inputs were of one batch. A
    context within another is part of that one.
    """
    outer = getattr(_thread, "kernels", None)
    _thread.kernels = {} if outer is None else outer
    try:
        yield
    finally:
        _thread.kernels = outer


@keras.saving.register_keras_serializable(package="keras_gans")
class SpectralNormalization(keras.layers.Wrapper):
    """Runs a layer with the kernel W / σ(W), σ its largest singular value.

    W is the kernel as a matrix with one column for each output channel. One
    power iteration a training step follows the leading singular vectors,

        v = u Wᵀ / ‖u Wᵀ‖,   u ← v W / ‖v W‖,   σ = v W uᵀ,

    with u and v taken as constants, so that gradients flow through σ. The raw
    W stays the layer's variable, and W / σ is used at inference as well as in
    training. σ is computed in float32 under every dtype policy.

    `keras.layers.SpectralNormalization` differs: it overwrites the stored
    kernel and drops σ from the gradient on two backends.

    Args:
        layer: A `Conv1D`, `Conv2D`, `Conv3D`, their transposed forms, `Dense`
            or `Embedding` layer, or any layer with a `kernel` or `embeddings`
            variable whose last axis is the output (next to last for
            transposed convolutions).
        power_iterations: Positive int, iterations a call.
        epsilon: Positive float, added to norms before dividing.

    Call arguments:
        inputs: What the wrapped layer takes.
        training: Whether to keep the new u; a layer that is not `trainable`
            keeps the old one.

    Raises:
        ValueError: When the layer has no kernel, or `power_iterations < 1`.

    Example:
    >>> layer = SpectralNormalization(keras.layers.Dense(3))
    >>> tuple(layer(keras.ops.ones((2, 4))).shape)
    (2, 3)

    Reference: [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), §2.1
    and Appendix A.
    """

    def __init__(
        self,
        layer: keras.layers.Layer,
        power_iterations: int = 1,
        epsilon: float = 1e-12,
        **kwargs,
    ):
        # The wrapper itself works in float32; the wrapped layer keeps its
        # own policy and casts the inputs and the normalized kernel.
        kwargs.update(dtype="float32", autocast=False)
        super().__init__(layer, **kwargs)
        self.power_iterations = checks.integer(
            "power_iterations", power_iterations
        )
        self.epsilon = epsilon

    def build(self, input_shape: tuple | None = None) -> None:
        super().build(input_shape)
        kernel = self._kernel()
        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, kernel.shape[self._output_axis()]),
            initializer="random_normal",
            trainable=False,
            dtype="float32",
            aggregation="only_first_replica",
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        kernel, known = self._kernel(), getattr(_thread, "kernels", None)
        normalized = None if known is None else known.get(id(self))
        if normalized is None:
            value = ops.cast(kernel, "float32")
            sigma, vector_u = self._sigma(value)
            if training and self.trainable:
                self.vector_u.assign(vector_u)
            normalized = value / sigma
            if known is not None:
                known[id(self)] = normalized
        mapping = [(variable, variable) for variable in self.layer.variables]
        mapping.append((kernel, normalized))
        with keras.StatelessScope(state_mapping=mapping):
            return self.layer(inputs)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return self.layer.compute_output_shape(input_shape)

    def sigma(self) -> Any:
        """Returns σ(W), the estimate that a call divides by (scalar)."""
        return self._sigma(ops.cast(self._kernel(), "float32"))[0]

    def normalized_kernel(self) -> Any:
        """Returns W / σ(W), the kernel that a call uses, in float32."""
        value = ops.cast(self._kernel(), "float32")
        return value / self._sigma(value)[0]

    def _sigma(self, kernel):
        axis = self._output_axis()
        matrix = ops.reshape(
            ops.moveaxis(kernel, axis, -1), (-1, kernel.shape[axis])
        )
        constant = ops.stop_gradient(matrix)
        vector_u = ops.convert_to_tensor(self.vector_u)
        for _ in range(self.power_iterations):
            vector_v = self._unit(ops.matmul(vector_u, ops.transpose(constant)))
            vector_u = self._unit(ops.matmul(vector_v, constant))
        sigma = ops.matmul(
            ops.matmul(vector_v, matrix), ops.transpose(vector_u)
        )
        return ops.reshape(sigma, ()), vector_u

    def _unit(self, vector):
        return vector / (ops.norm(vector) + self.epsilon)

    def _kernel(self):
        for name in ("kernel", "embeddings"):
            kernel = getattr(self.layer, name, None)
            if kernel is not None:
                return kernel
        raise ValueError(
            "Spectral normalization needs a layer with a `kernel` or "
            "`embeddings` variable (a convolution, Dense or Embedding). "
            f"Received: layer={self.layer!r}."
        )

    def _output_axis(self):
        transposed = isinstance(
            self.layer,
            (
                keras.layers.Conv1DTranspose,
                keras.layers.Conv2DTranspose,
                keras.layers.Conv3DTranspose,
            ),
        )
        return len(self._kernel().shape) - (2 if transposed else 1)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("dtype", None)
        config.update(
            power_iterations=self.power_iterations, epsilon=self.epsilon
        )
        return config


def spectrally_normalized(
    layer: keras.layers.Layer, wanted: bool = True
) -> keras.layers.Layer:
    """Returns the layer, within a `SpectralNormalization` if `wanted`."""
    if not wanted:
        return layer
    return SpectralNormalization(layer, name=f"{layer.name}_sn")

"""Orthogonal regularization of all kernels of a generator."""

import keras

from keras_gans.models.network_checks import layers_of
from keras_gans.penalties import OrthogonalRegularization

_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)


def regularize_kernels(network: keras.Model, weight: float) -> None:
    """Gives every kernel of a network an `OrthogonalRegularization`.

    Kernels of dense and convolutional layers alike, as stored: raw ones where
    layers are spectrally normalized. Tables of classes have none.

    Args:
        network: Functional model.
        weight: Non-negative float β; 0 leaves the network as it is.

    Raises:
        ValueError: For a negative weight, or a kernel with a regularizer
            already.
    """
    # Also where the network has been in a GAN before.
    regularizers = {
        axis: OrthogonalRegularization(weight, axis) for axis in (-1, -2)
    }
    for layer in layers_of(network) if weight else ():
        kernel = getattr(layer, "kernel", None)
        if kernel is None or len(kernel.shape) < 2:
            continue
        present = kernel.regularizer
        if not isinstance(present, OrthogonalRegularization | None):
            raise ValueError(
                "Orthogonal regularization is the one regularizer of a "
                f"kernel. Received: layer {layer.name!r} of the generator, "
                f"with {type(present).__name__}. Leave one of them out."
            )
        axis = -2 if isinstance(layer, _TRANSPOSED) else -1
        kernel.regularizer = regularizers[axis]

"""Networks whose features are computed again when gradients need them."""

from functools import partial
from typing import Any

import keras

from keras_gans import backend
from keras_gans.networks.segments import segments


class Rematerialized:
    """Stands for a network in training, with less memory and more time.

    Of the network's features only those are kept for the backward pass that
    one segment passes on to the next; the rest is computed again, a segment
    at a time. With a backward pass of twice a forward pass' work, an update
    takes 4/3 of the time. Outputs, gradients, random draws and what buffers
    become are those of the network.

    TensorFlow saves nothing in eager mode, under XLA or for second
    derivatives; JAX little on CPUs, where XLA merges both computations.

    Args:
        network: Functional or Sequential model, whose weights it uses.

    Call arguments:
        inputs: What the network takes: a tensor, or a list of tensors.
        training: As of the network.

    Example:
    >>> inputs = keras.Input((2,))
    >>> network = keras.Model(inputs, keras.layers.Dense(3)(inputs))
    >>> tuple(Rematerialized(network)(keras.ops.ones((4, 2))).shape)
    (4, 3)

    Reference: [Chen et al., 2016](https://arxiv.org/abs/1604.06174).
    """

    def __init__(self, network: keras.Model):
        self._segments = segments(network)

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        tensors = dict(
            zip(self._segments.inputs, keras.tree.flatten(inputs), strict=True)
        )
        for piece in self._segments.pieces:
            outputs = backend.rematerialized(
                partial(_call, piece.model, training),
                [tensors[name] for name in piece.inputs],
                piece.model.variables,
            )
            tensors.update(zip(piece.outputs, outputs, strict=True))
        outputs = [tensors[name] for name in self._segments.outputs]
        return outputs if len(outputs) > 1 else outputs[0]


def _call(model, training, *inputs):
    return keras.tree.flatten(model(list(inputs), training=training))

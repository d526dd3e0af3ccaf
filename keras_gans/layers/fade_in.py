"""What is new in a network that grows, faded in."""

from typing import Any

import keras
from keras import ops

from keras_gans.layers.configured import ConfiguredLayer


@keras.saving.register_keras_serializable(package="keras_gans")
class FadeIn(ConfiguredLayer):
    """Mixes what a network gave before it grew with what it gives now.

        out = (1 - α) old + α new

    with a share α that training sets and that is saved with the weights; it
    is not trained. At 0, as it starts, the output is the old one, and at 1
    the new one, to the bit.

    Input shape: a list of old and new, two tensors of one shape.
    Output shape: that shape.

    Raises:
        ValueError: When there are not two, or their shapes differ.

    Example:
    >>> fade = FadeIn()
    >>> old, new = keras.ops.zeros((1, 2)), keras.ops.ones((1, 2))
    >>> before = fade([old, new])
    >>> _ = fade.share.assign(0.25)
    >>> [float(keras.ops.mean(x)) for x in (before, fade([old, new]))]
    [0.0, 0.25]

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196), §2 and
    Figure 2.
    """

    def build(self, input_shape: Any) -> None:
        shapes = [tuple(shape) for shape in input_shape]
        if len(shapes) != 2 or shapes[0] != shapes[1]:
            raise ValueError(
                "FadeIn mixes two tensors of one shape, old and new. "
                f"Received: shapes {shapes}."
            )
        self.share = self.add_weight(
            name="share",
            shape=(),
            initializer="zeros",
            trainable=False,
            dtype="float32",
            autocast=False,
            aggregation="only_first_replica",
        )

    def call(self, inputs: Any) -> Any:
        old, new = inputs
        share = ops.convert_to_tensor(self.share)
        left = ops.cast(1.0 - share, new.dtype)
        return left * old + ops.cast(share, new.dtype) * new

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return tuple(input_shape[1])

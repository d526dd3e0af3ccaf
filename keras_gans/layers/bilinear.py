"""Resampling by bilinear interpolation, on zeros beyond the edges.

Repeating pixels and the means of 2x2 neighbours, taken twice, are

    [1, 1] * [1, 2, 1] = [1, 3, 3, 1],

bilinear interpolation between the middles of pixels. All parts are linear
operations that backends have a fast form of, with derivatives of any order.
"""

from typing import Any

import keras

from keras_gans import backend
from keras_gans.layers.resampling import NHWCLayer, scaled


def _smoothed(images):
    """Returns images convolved by [1, 2, 1] / 4 along both axes."""
    return backend.box_filter(backend.box_filter(images, "full"), "valid")


@keras.saving.register_keras_serializable(package="keras_gans")
class BilinearUpsample2D(NHWCLayer):
    """Doubles height and width by bilinear interpolation.

    Along each axis, with x = 0 beyond the edges,

        y[2i] = (x[i - 1] + 3 x[i]) / 4,    y[2i + 1] = (3 x[i] + x[i + 1]) / 4.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, 2 height, 2 width, channels)`.

    Raises:
        ValueError: When Keras's image data format is `channels_first`.

    Example:
    >>> BilinearUpsample2D().compute_output_shape((2, 4, 4, 3))
    (2, 8, 8, 3)
    """

    def call(self, inputs: Any) -> Any:
        return _smoothed(backend.upsample(inputs))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return scaled(input_shape, 2, input_shape[-1])


@keras.saving.register_keras_serializable(package="keras_gans")
class BilinearDownsample2D(NHWCLayer):
    """Halves height and width behind the filter of `BilinearUpsample2D`.

    Along each axis, with x = 0 beyond the edges,

        y[i] = (x[2i - 1] + 3 x[2i] + 3 x[2i + 1] + x[2i + 2]) / 8.

    An odd last row or column is left out.

    Input shape: `(batch, height, width, channels)`.
    Output shape: `(batch, height // 2, width // 2, channels)`.

    Raises:
        ValueError: When Keras's image data format is `channels_first`.

    Example:
    >>> BilinearDownsample2D().compute_output_shape((2, 4, 4, 3))
    (2, 2, 2, 3)
    """

    def call(self, inputs: Any) -> Any:
        return backend.average_pool(_smoothed(inputs))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return scaled(input_shape, 0.5, input_shape[-1])

"""Images at other places: an affine transformation with little aliasing."""

import functools
from typing import Any

import numpy as np
from keras import ops

from keras_gans import backend

# The low-pass filter of the Daubechies wavelet sym6, of sum 1; its squares sum
# to 1/2 and it is orthogonal to itself two places further. Source: Daubechies,
# Ten Lectures on Wavelets, 1992, table 6.3.
SYM6 = (
    0.0108923501633,
    0.0024683061859,
    -0.0834316077058,
    -0.0341615607932,
    0.3472289864784,
    0.556946391964,
    0.2389521856661,
    -0.0513624849309,
    -0.0148918756492,
    0.0316252813299,
    0.0012499610464,
    -0.0055159337547,
)
# The place of the filter that lies on a pixel, near its centre of mass.
_BEFORE = 5
_AFTER = len(SYM6) - 1 - _BEFORE


def warped(image: Any, linear: Any, offsets: Any) -> Any:
    """Returns images whose pixel at x shows what was at A x + t.

    x = (horizontal, vertical) is in pixels from the middle of the image, to
    the right and down. As in the released code of Karras et al. the image is
    enlarged twofold by the wavelet's low-pass filter, interpolated there
    linearly, and reduced by the transposed filter, which gives the image
    itself back for A = 1, t = 0 and holds aliasing down. Around the image lies
    its mirror image, the pixels of the border not repeated; there, without
    end, while that code ends after one of them. It mirrors the enlarged image,
    which is exact but for the filter's slight asymmetry.

    Args:
        image: `(batch, height, width, channels)`.
        linear: A, `(batch, 2, 2)`.
        offsets: t, `(batch, 2)`, in pixels.
    """
    _, height, width, channels = image.shape
    fine = along_both(*_filters(height, width, mirrored=True), image)
    sizes = fine.shape[1:3]
    fine = backend.interpolate(fine, *_sources(sizes, linear, offsets))
    fine = ops.reshape(fine, (-1, *sizes, channels))
    return along_both(*_filters(height, width, mirrored=False), fine)


def along_both(rows: Any, columns: Any, image: Any) -> Any:
    """Returns R x Cᵀ for each channel x of the images.

    The products are of whole rows and columns, their channels side by side,
    which costs less than looking up pixels at places that are computed.

    Args:
        rows: R, `(new height, height)`, or one for each image.
        columns: C, `(new width, width)`, likewise.
        image: `(batch, height, width, channels)`.
    """
    for matrix in (rows, columns):
        _, height, width, channels = image.shape
        image = ops.reshape(image, (-1, height, width * channels))
        image = ops.matmul(matrix, image)
        image = ops.reshape(image, (-1, matrix.shape[-2], width, channels))
        image = ops.transpose(image, (0, 2, 1, 3))
    return image


def _filters(height, width, mirrored):
    """Returns what enlarges rows and columns twofold, or reduces them again."""
    matrices = [_matrix(size, mirrored) for size in (height, width)]
    if mirrored:
        return [2.0 * matrix for matrix in matrices]
    return [matrix.T for matrix in matrices]


@functools.lru_cache(64)
def _matrix(size, mirrored):
    """Returns the filter's weight at each place for each pixel.

    There are two places for each pixel, from 5 before the first to 6 behind
    the last one, (2·size + 10, size) weights: the pixels themselves find all
    of the filter there. Mirrored, those beyond the border count too, for what
    they mirror.
    """
    matrix = np.zeros((2 * size - 1 + len(SYM6) - 1, size), "float32")
    reach = len(SYM6)
    for pixel in range(-reach, size + reach):
        for tap, weight in enumerate(SYM6):
            place = 2 * pixel + tap
            within = mirrored or 0 <= pixel < size
            if within and 0 <= place < len(matrix):
                matrix[place, _mirrored_index(pixel, size)] += weight
    return matrix


def _mirrored_index(index, size):
    period = max(2 * (size - 1), 1)
    index %= period
    return min(index, period - index) if size > 1 else 0


def _sources(sizes, linear, offsets):
    """Returns where each place of the fine images comes from.

    Rows and columns, `(batch, places)`, in places of the fine image.
    """
    # Of a fine image the middle of the picture lies at this place.
    middles = [_BEFORE + (size - len(SYM6)) / 2 for size in sizes]
    rows, columns = (
        np.arange(size, dtype="float32") - middle
        for size, middle in zip(sizes, middles, strict=True)
    )
    x, y = (
        ops.convert_to_tensor(np.ravel(grid))
        for grid in np.meshgrid(columns, rows)
    )

    def source(axis):
        return (
            linear[:, axis, 0, None] * x
            + linear[:, axis, 1, None] * y
            + 2.0 * offsets[:, axis, None]
            + middles[1 - axis]
        )

    return _mirrored(source(1), sizes[0]), _mirrored(source(0), sizes[1])


def _mirrored(places, size):
    """Returns places within a fine axis, those outside mirrored into it.

    The picture's first and last pixels, about which is mirrored, lie some
    places within. Flips and turns lead to whole places: where those of the
    axis end, and the mirrored ones begin, is between them.
    """
    last = max(size - len(SYM6), 1)
    within = ops.clip(places, 0.0, size - 1.0)
    inside = ops.abs(within - places) < 0.5
    # The remainder by 2·last.
    turned = places - _BEFORE
    turned = turned - 2.0 * last * ops.floor(turned / (2.0 * last))
    turned = ops.minimum(turned, 2.0 * last - turned) + _BEFORE
    return ops.where(inside, within, turned)

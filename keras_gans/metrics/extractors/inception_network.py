"""The Inception network of 2015-12-05, by which FID is defined.

Szegedy et al. (2016) with the quirks of the network that Heusel et al. (2017)
took their features from: average pools divide by the pixels inside of the
image, the last block has a maximum pool where the others average, and there
are 1,008 classes.
"""

import keras

from keras_gans.metrics.extractors.base import (
    channel_axis,
    convolution,
    feature_network,
    image_data_format,
)

DIMENSION = 2048
CLASSES = 1008


def build_network() -> keras.Model:
    """Returns the network with zero weights, batch normalization folded in.

    Returns:
        A `keras.Model` from scaled images, float32 `(batch, height, width,
        3)`, each side at least 75 and 299 for FID, to features `(batch,
        2048)`: the mean over the pixels of the last block. Its convolutions
        are named after the published file's modules, as `Mixed_5b-branch1x1`.

    Reference: [Szegedy et al., 2016](https://arxiv.org/abs/1512.00567),
    Table 1; [Heusel et al., 2017](https://arxiv.org/abs/1706.08500), §4.
    """
    images = keras.Input((None, None, 3), dtype="float32")
    x = images
    if image_data_format() == "channels_first":
        x = keras.ops.transpose(x, (0, 3, 1, 2))
    x = _convolution(x, "Conv2d_1a_3x3", 32, 3, strides=2)
    x = _convolution(x, "Conv2d_2a_3x3", 32, 3, padding="valid")
    x = _convolution(x, "Conv2d_2b_3x3", 64, 3)
    x = _reducing_pool(x)
    x = _convolution(x, "Conv2d_3b_1x1", 80, 1)
    x = _convolution(x, "Conv2d_4a_3x3", 192, 3, padding="valid")
    x = _reducing_pool(x)
    x = _block_a(x, "Mixed_5b", 32)
    x = _block_a(x, "Mixed_5c", 64)
    x = _block_a(x, "Mixed_5d", 64)
    x = _block_b(x, "Mixed_6a")
    x = _block_c(x, "Mixed_6b", 128)
    x = _block_c(x, "Mixed_6c", 160)
    x = _block_c(x, "Mixed_6d", 160)
    x = _block_c(x, "Mixed_6e", 192)
    x = _block_d(x, "Mixed_7a")
    x = _block_e(x, "Mixed_7b", _average_pool)
    x = _block_e(x, "Mixed_7c", _maximum_pool)
    return feature_network(images, x, "fid_inception")


def _block_a(x, name, pool_channels):
    """Kernels of up to 5 x 5, at 35 x 35 pixels."""
    return _joined(
        _chain(x, name, ("branch1x1", 64, 1)),
        _chain(x, name, ("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5)),
        _chain(
            x,
            name,
            ("branch3x3dbl_1", 64, 1),
            ("branch3x3dbl_2", 96, 3),
            ("branch3x3dbl_3", 96, 3),
        ),
        _chain(_average_pool(x), name, ("branch_pool", pool_channels, 1)),
    )


def _block_b(x, name):
    """Halves 35 x 35 pixels to 17 x 17."""
    return _joined(
        _chain(x, name, ("branch3x3", 384, 3, 2)),
        _chain(
            x,
            name,
            ("branch3x3dbl_1", 64, 1),
            ("branch3x3dbl_2", 96, 3),
            ("branch3x3dbl_3", 96, 3, 2),
        ),
        _reducing_pool(x),
    )


def _block_c(x, name, channels):
    """Kernels of 7 x 7 in two factors, at 17 x 17 pixels."""
    return _joined(
        _chain(x, name, ("branch1x1", 192, 1)),
        _chain(
            x,
            name,
            ("branch7x7_1", channels, 1),
            ("branch7x7_2", channels, (1, 7)),
            ("branch7x7_3", 192, (7, 1)),
        ),
        _chain(
            x,
            name,
            ("branch7x7dbl_1", channels, 1),
            ("branch7x7dbl_2", channels, (7, 1)),
            ("branch7x7dbl_3", channels, (1, 7)),
            ("branch7x7dbl_4", channels, (7, 1)),
            ("branch7x7dbl_5", 192, (1, 7)),
        ),
        _chain(_average_pool(x), name, ("branch_pool", 192, 1)),
    )


def _block_d(x, name):
    """Halves 17 x 17 pixels to 8 x 8."""
    return _joined(
        _chain(x, name, ("branch3x3_1", 192, 1), ("branch3x3_2", 320, 3, 2)),
        _chain(
            x,
            name,
            ("branch7x7x3_1", 192, 1),
            ("branch7x7x3_2", 192, (1, 7)),
            ("branch7x7x3_3", 192, (7, 1)),
            ("branch7x7x3_4", 192, 3, 2),
        ),
        _reducing_pool(x),
    )


def _block_e(x, name, pool):
    """Branches that part again, at 8 x 8 pixels."""
    single = _chain(x, name, ("branch3x3_1", 384, 1))
    double = _chain(
        x, name, ("branch3x3dbl_1", 448, 1), ("branch3x3dbl_2", 384, 3)
    )
    return _joined(
        _chain(x, name, ("branch1x1", 320, 1)),
        _chain(single, name, ("branch3x3_2a", 384, (1, 3))),
        _chain(single, name, ("branch3x3_2b", 384, (3, 1))),
        _chain(double, name, ("branch3x3dbl_3a", 384, (1, 3))),
        _chain(double, name, ("branch3x3dbl_3b", 384, (3, 1))),
        _chain(pool(x), name, ("branch_pool", 192, 1)),
    )


def _chain(x, block, *convolutions):
    for name, channels, kernel_size, *strides in convolutions:
        x = _convolution(x, f"{block}-{name}", channels, kernel_size, *strides)
    return x


def _convolution(x, name, channels, kernel_size, strides=1, padding=None):
    # What reduces the image does so without padding.
    padding = padding or ("same" if strides == 1 else "valid")
    options = {"strides": strides, "padding": padding, "activation": "relu"}
    return convolution(x, name, channels, kernel_size, **options)


def _average_pool(x):
    # Like TensorFlow, Keras divides by the pixels that are not padding.
    return keras.ops.average_pool(x, 3, 1, "same", image_data_format())


def _maximum_pool(x):
    return keras.ops.max_pool(x, 3, 1, "same", image_data_format())


def _reducing_pool(x):
    return keras.ops.max_pool(x, 3, 2, "valid", image_data_format())


def _joined(*branches):
    return keras.ops.concatenate(branches, channel_axis())

"""One-dimensional ResNets: the character model of WGAN-GP."""

import keras
from keras import layers

from keras_gans import checks

# Weight of a block's convolutions beside its shortcut.
_RESIDUAL = 0.3


def char_generator(
    *,
    vocabulary: int,
    length: int = 32,
    latent_dim: int = 128,
    width: int = 512,
    blocks: int = 5,
    kernel_size: int = 5,
) -> keras.Model:
    """Builds the generator of the character model.

    A dense layer to `length` positions of `width` channels, residual blocks

        h ← h + 0.3 · conv(relu(conv(relu(h)))),

    a convolution of one tap to the vocabulary, and the softmax at each
    position; no normalization. Convolutions start uniform with standard
    deviation √(4 / (fan_in + fan_out)), the dense layer Glorot-uniform,
    biases at zero, as in the released code.

    Args:
        vocabulary: Symbols V, at least 2.
        length: Characters of a line.
        latent_dim: Length of the latent vectors.
        width: Channels.
        blocks: Residual blocks.
        kernel_size: Odd number of taps of the blocks' convolutions.

    Returns:
        A model from latents `(N, latent_dim)` to the probabilities of each
        position's symbols, `(N, length, vocabulary)`, float32 under every
        dtype policy.

    Raises:
        ValueError: When a size is out of range.

    Example:
    >>> char_generator(vocabulary=82, width=8, blocks=1).output_shape
    (None, 32, 82)

    Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
    §5.5; the released code's language experiment.
    """
    _check(vocabulary, kernel_size, length, width, blocks)
    checks.integer("latent_dim", latent_dim)
    latents = keras.Input((latent_dim,), name="latents")
    x = layers.Dense(length * width, name="project")(latents)
    x = layers.Reshape((length, width))(x)
    for index in range(blocks):
        x = _block(x, width, kernel_size, f"block_{index + 1}")
    x = _convolution(vocabulary, 1, "logits")(x)
    x = layers.Softmax(dtype="float32", name="probabilities")(x)
    return keras.Model(latents, x, name="generator")


def char_discriminator(
    *,
    vocabulary: int,
    length: int = 32,
    width: int = 512,
    blocks: int = 5,
    kernel_size: int = 5,
) -> keras.Model:
    """Builds the critic of the character model.

    A convolution of one tap to `width` channels, the generator's residual
    blocks, and a dense layer on all positions; no normalization.

    The arguments are those of `char_generator`.

    Returns:
        A model from probabilities, or one-hot symbols, `(N, length,
        vocabulary)` to scores `(N, 1)`, float32 under every dtype policy.

    Raises:
        ValueError: When a size is out of range.

    Example:
    >>> char_discriminator(vocabulary=82, width=8, blocks=1).output_shape
    (None, 1)

    Reference: see `char_generator`.
    """
    _check(vocabulary, kernel_size, length, width, blocks)
    symbols = keras.Input((length, vocabulary), name="symbols")
    x = _convolution(width, 1, "embed")(symbols)
    for index in range(blocks):
        x = _block(x, width, kernel_size, f"block_{index + 1}")
    x = layers.Flatten()(x)
    x = layers.Dense(1, name="score", dtype="float32")(x)
    return keras.Model(symbols, x, name="discriminator")


def _block(x, width, kernel_size, name):
    residual = x
    for index in (1, 2):
        residual = layers.ReLU(name=f"{name}_relu_{index}")(residual)
        residual = _convolution(width, kernel_size, f"{name}_conv_{index}")(
            residual
        )
    residual = layers.Rescaling(_RESIDUAL, name=f"{name}_scale")(residual)
    return layers.Add(name=name)([x, residual])


def _convolution(filters, kernel_size, name):
    return layers.Conv1D(
        filters,
        kernel_size,
        padding="same",
        kernel_initializer=keras.initializers.VarianceScaling(
            2.0, "fan_avg", "uniform"
        ),
        name=name,
    )


def _check(vocabulary, kernel_size, *sizes):
    checks.integer("vocabulary", vocabulary, minimum=2)
    for name, size in zip(("length", "width", "blocks"), sizes, strict=True):
        checks.integer(name, size)
    if checks.integer("kernel_size", kernel_size) % 2 == 0:
        raise ValueError(
            "Convolutions of the character model are centred, so "
            "`kernel_size` must be odd. Received: "
            f"kernel_size={kernel_size}."
        )

"""Fully connected networks for points, the toy problems of WGAN-GP."""

import keras
from keras import layers


def mlp_generator(
    latent_dim: int = 2, width: int = 512, depth: int = 3, dimensions: int = 2
) -> keras.Model:
    """Builds the generator of the toy problems.

    `depth` times a dense layer and ReLU, then a dense layer. The hidden
    kernels are He-uniform, U(-√(6/n), √(6/n)) for n inputs, the last one
    Glorot-uniform, biases zero, as in the released code.

    Args:
        latent_dim: Length of the latent vectors.
        width: Units of each hidden layer.
        depth: Number of hidden layers, at least 1.
        dimensions: Coordinates of a point.

    Returns:
        A model from latents `(N, latent_dim)` to points `(N, dimensions)`,
        float32 under every dtype policy.

    Raises:
        ValueError: When a size is not positive.

    Example:
    >>> mlp_generator().count_params()
    527874

    Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
    §4.1 and Figure 1; the released code's toy experiment.
    """
    return _mlp("latents", latent_dim, width, depth, dimensions, "generator")


def mlp_discriminator(
    dimensions: int = 2, width: int = 512, depth: int = 3
) -> keras.Model:
    """Builds the critic of the toy problems.

    The layers are those of `mlp_generator`, with one score at the end. A
    critic of 12 layers, `depth=11`, is the one of the paper's study of
    gradient norms; its width is not published. The arguments are those of
    `mlp_generator`.

    Returns:
        A model from points `(N, dimensions)` to scores `(N, 1)`, float32
        under every dtype policy.

    Raises:
        ValueError: When a size is not positive.

    Example:
    >>> mlp_discriminator().count_params()
    527361

    Reference: see `mlp_generator`.
    """
    return _mlp("points", dimensions, width, depth, 1, "discriminator")


def _mlp(input_name, inputs, width, depth, outputs, name):
    if min(inputs, width, depth, outputs) < 1:
        raise ValueError(
            "A fully connected network needs positive sizes. Received: "
            f"{inputs} inputs, width={width}, depth={depth}, {outputs} "
            "outputs."
        )
    first = x = keras.Input((inputs,), name=input_name)
    for index in range(depth):
        x = layers.Dense(
            width,
            activation="relu",
            kernel_initializer="he_uniform",
            name=f"hidden_{index + 1}",
        )(x)
    x = layers.Dense(outputs, name="output", dtype="float32")(x)
    return keras.Model(first, x, name=name)

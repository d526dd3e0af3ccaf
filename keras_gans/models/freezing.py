"""Which layers of a discriminator are not trained."""

import re

import keras

from keras_gans.layers.fixed import is_fixed

# What follows the name of a block in those of its layers.
_WITHIN = re.compile(r"(.+?)_(?:conv|shortcut|norm|bn)(?:_|$)")


def discriminator_blocks(
    discriminator: keras.Model,
) -> dict[str, list[keras.layers.Layer]]:
    """Returns the layers with weights in blocks, from the images on.

    A block is what `name_conv_1`, `name_shortcut`, `name_norm_1` and the like
    have in common, with the layer `from_image_32` of images that
    `block_32` takes. Any other layer is a block by itself, but for one with
    vectors alone, such as a normalization, which belongs to the block before.
    What nothing trains, as the features of a projected discriminator, is in
    none.

    Args:
        discriminator: Functional or Sequential model; around a subclassed
            one, that one's layers count.

    Returns:
        Layers by the name of their block, in order.
    """
    blocks, last = {}, None
    for layer in _layers(discriminator):
        name = _block_of(layer.name)
        vectors = all(len(weight.shape) < 2 for weight in layer.weights)
        if vectors and name not in blocks and last is not None:
            name = last
        blocks.setdefault(name, []).append(layer)
        last = name
    return blocks


def freeze(discriminator: keras.Model, count: int) -> None:
    """Stops the training of the first blocks of a discriminator.

    Their weights stay as they are, and so do their buffers: their batch
    normalization is by moving averages, their spectral vectors stay.

    Args:
        discriminator: See `discriminator_blocks`.
        count: Non-negative int, the number of blocks.

    Raises:
        ValueError: When no block would be left to train.

    Reference: [Mo et al., 2020](https://arxiv.org/abs/2002.10964), FreezeD.
    """
    if not count:
        return
    blocks = discriminator_blocks(discriminator)
    if count >= len(blocks):
        raise ValueError(
            "freeze_discriminator must leave a block of the discriminator to "
            f"train, of which there are {len(blocks)}: {', '.join(blocks)}. "
            f"Received: freeze_discriminator={count}. Use at most "
            f"{len(blocks) - 1}."
        )
    for layers in list(blocks.values())[:count]:
        for layer in layers:
            layer.trainable = False


def frozen_layers(discriminator: keras.Model, count: int) -> set[str]:
    """Returns the names of the layers of the first blocks."""
    blocks = list(discriminator_blocks(discriminator).values())[:count]
    return {layer.name for layers in blocks for layer in layers}


def _layers(network):
    layers = list(filter(_is_learned, network.layers))
    while len(layers) == 1 and getattr(layers[0], "layers", None):
        layers = list(filter(_is_learned, layers[0].layers))
    return layers


def _is_learned(layer):
    return bool(layer.weights) and not all(map(is_fixed, layer.weights))


def _block_of(name):
    name = re.sub(r"^from_image_(?=\d)", "block_", name)
    found = _WITHIN.match(name)
    return found.group(1) if found else name

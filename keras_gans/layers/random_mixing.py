"""The random projections of a projected discriminator."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_gans import backend, checks
from keras_gans.layers.fixed import FixedLayer

# Channels of the maps by scale, the largest map first, in units of the width:
# mixed across channels, and then across scales.
ACROSS_CHANNELS = (1, 2, 4, 8)
ACROSS_SCALES = (1, 1, 2, 4)


@keras.saving.register_keras_serializable(package="keras_gans")
class RandomMixing(FixedLayer):
    """Mixes feature maps of four scales by fixed random convolutions.

    Cross-channel mixing C_i is a 1x1 convolution of map x_i of scale i, to w,
    2w, 4w and 8w channels from the largest map to the smallest. Cross-scale
    mixing goes from the smallest to the largest,

        y_4 = up(S_4(C_4(x_4))),    y_i = up(S_i(C_i(x_i) + y_{i+1})),

    with a 3x3 convolution S_i and bilinear upsampling by two. A small
    discriminator that sees y_i has to look at all of what goes in, rather
    than at the channels that are easiest.

    Kernels and biases are drawn once, from U[-1/√n, 1/√n] for n inputs of a
    filter, by NumPy: every backend has the same. They are not trained, and in
    no file of a model; the seed is. The paper leaves open where S_i upsamples,
    and its released code has a 1x1 convolution after it. Before it the 3x3
    costs a quarter.

    Args:
        width: Positive int w.
        seed: Seed of the draws.

    Input shape: four maps, each of half the size of the one before.
    Output shape: four maps of twice the size, of w, w, 2w and 4w channels.

    Raises:
        ValueError: For a width that is not positive, or maps that do not
            halve.

    Example:
    >>> maps = [keras.ops.ones((2, size, size, 3)) for size in (8, 4, 2, 1)]
    >>> [tuple(mixed.shape[1:]) for mixed in RandomMixing(5)(maps)]
    [(16, 16, 5), (8, 8, 5), (4, 4, 10), (2, 2, 20)]

    Reference: [Sauer et al., 2021](https://arxiv.org/abs/2111.01007), §3.2.
    """

    settings = ("width", "seed")

    def __init__(self, width: int = 64, seed: int = 0, **kwargs: Any):
        super().__init__(**kwargs)
        self.width = checks.integer("width", width)
        self.seed = checks.integer("seed", seed, minimum=0)

    def build(self, input_shape: list[tuple]) -> None:
        _check_halving(input_shape)
        random = np.random.default_rng(self.seed)
        self.of_channels, self.of_scales = [], []
        for index, shape in enumerate(input_shape):
            mixed = self.width * ACROSS_CHANNELS[index]
            out = self.width * ACROSS_SCALES[index]
            self.of_channels.append(
                self._drawn(random, f"channels_{index}", 1, shape[-1], mixed)
            )
            self.of_scales.append(
                self._drawn(random, f"scales_{index}", 3, mixed, out)
            )

    def call(self, maps: list[Any]) -> list[Any]:
        outputs, below = [], None
        pairs = zip(maps, self.of_channels, self.of_scales, strict=True)
        for features, of_channels, of_scales in reversed(list(pairs)):
            features = self._convolved(features, of_channels)
            features = features if below is None else features + below
            below = _doubled(self._convolved(features, of_scales))
            outputs.insert(0, below)
        return outputs

    def compute_output_shape(self, input_shape: list[tuple]) -> list[tuple]:
        return [
            (batch, 2 * height, 2 * width, self.width * multiplier)
            for (batch, height, width, _), multiplier in zip(
                input_shape, ACROSS_SCALES, strict=True
            )
        ]

    def _drawn(self, random, name, size, channels, filters):
        bound = (size * size * channels) ** -0.5
        shapes = {"kernel": (size, size, channels, filters), "bias": (filters,)}
        return tuple(
            self._add_fixed(
                f"{name}_{part}", random.uniform(-bound, bound, shape)
            )
            for part, shape in shapes.items()
        )

    def _convolved(self, features, weights):
        kernel, bias = (
            ops.cast(ops.convert_to_tensor(weight), self.compute_dtype)
            for weight in weights
        )
        return backend.convolve(features, kernel, bias)


def _doubled(features):
    height, width = features.shape[1:3]
    return ops.image.resize(
        features,
        (2 * height, 2 * width),
        interpolation="bilinear",
        antialias=False,
        data_format="channels_last",
    )


def _check_halving(shapes):
    sizes = [tuple(shape[1:3]) for shape in shapes]
    halves = [(2 * height, 2 * width) for height, width in sizes[1:]]
    if len(sizes) != len(ACROSS_CHANNELS) or sizes[:-1] != halves:
        raise ValueError(
            "Four maps are mixed, each of half the size of the one before. "
            f"Received: maps of the sizes {sizes}."
        )

"""The residual blocks of WGAN-GP and what is published of its ResNets."""

import dataclasses
from typing import Any

from keras import layers

from keras_gans.layers import Conv2DAveragePool
from keras_gans.networks.resnet_blocks import ResidualBlocks
from keras_gans.networks.wgan_layers import Normalization, conv, glorot, he


@dataclasses.dataclass(frozen=True, kw_only=True)
class Architecture:
    """What is published for one resolution.

    Multipliers are stage widths in units of the base width, the generator's
    from its 4x4 input on; the critic's first is that of its first layer.
    """

    generator_width: int
    generator: tuple[int, ...]
    critic_width: int
    critic: tuple[int, ...]
    critic_halvings: int
    normalization: str
    first_bias: bool = True
    upsampling_gain: float = 1.0
    strided: bool = False


ARCHITECTURES = {
    32: Architecture(
        generator_width=128,
        generator=(1, 1, 1, 1),
        critic_width=128,
        critic=(1, 1, 1, 1),
        critic_halvings=1,
        normalization="none",
    ),
    64: Architecture(
        generator_width=64,
        generator=(8, 8, 4, 2, 1),
        critic_width=64,
        critic=(1, 2, 4, 8, 8),
        critic_halvings=4,
        normalization="layer",
        first_bias=False,
    ),
    128: Architecture(
        generator_width=64,
        generator=(8, 8, 4, 2, 1),
        critic_width=128,
        critic=(1, 2, 4, 8, 8, 8),
        critic_halvings=3,
        normalization="layer",
        upsampling_gain=0.5,
        strided=True,
    ),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Blocks(ResidualBlocks):
    """Makes the layers of one network with its common options.

    `gain` is that of resampling convolutions and shortcuts.
    """

    architecture: Architecture
    normalization: Normalization
    folding: bool
    gain: float = 1.0

    norm = "norm"
    pools_first = True

    def normalize(self, features: Any, labels: Any, name: str) -> Any:
        return self.normalization(features, name, labels)

    def conv_1x1(self, filters: int, name: str) -> layers.Layer:
        return conv(filters, 1, glorot(gain=self.gain), name)

    def conv_3x3(
        self, filters: int, block: str, index: int, resampling: Any = None
    ) -> layers.Layer:
        options = {"name": f"{block}_conv_{index}"}
        options["use_bias"] = index == 2 or self.architecture.first_bias
        if resampling is None:
            return conv(filters, 3, he(), **options)
        if resampling is Conv2DAveragePool and self.architecture.strided:
            return conv(filters, 3, he(2), strides=2, **options)
        options["kernel_initializer"] = he(gain=self.gain)
        return resampling(filters, folding=self.folding, **options)

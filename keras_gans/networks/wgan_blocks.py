"""The residual blocks of WGAN-GP and what is published of its ResNets."""

import dataclasses
from typing import Any

from keras import layers

from keras_gans.layers import (
    AveragePool2D,
    Conv2DAveragePool,
    Upsample2D,
    UpsampleConv2D,
)
from keras_gans.networks.wgan_layers import conv, glorot, he, normalize


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
class Blocks:
    """Makes the residual blocks of one network with its common options."""

    architecture: Architecture
    normalization: str
    folding: bool
    num_classes: int = 0
    batch_statistics: bool = True

    def normalize(self, features: Any, labels: Any, name: str) -> Any:
        """Returns normalized features, by class if there are labels."""
        return normalize(
            features,
            self.normalization,
            name,
            labels=labels,
            num_classes=0 if labels is None else self.num_classes,
            batch_statistics=self.batch_statistics,
        )

    def generator_block(
        self, inputs: Any, labels: Any, filters: int, name: str
    ) -> Any:
        """norm-ReLU-up-conv-norm-ReLU-conv, with an upsampled shortcut."""
        gain = self.architecture.upsampling_gain
        features = self.normalize(inputs, labels, f"{name}_norm_1")
        features = layers.ReLU(name=f"{name}_relu_1")(features)
        features = UpsampleConv2D(
            filters,
            use_bias=self.architecture.first_bias,
            folding=self.folding,
            kernel_initializer=he(gain=gain),
            name=f"{name}_conv_1",
        )(features)
        features = self.normalize(features, labels, f"{name}_norm_2")
        features = layers.ReLU(name=f"{name}_relu_2")(features)
        features = conv(filters, 3, he(), f"{name}_conv_2")(features)
        shortcut = self._shortcut(
            inputs,
            conv(filters, 1, glorot(gain=gain), f"{name}_shortcut"),
            Upsample2D(name=f"{name}_up"),
        )
        return layers.Add(name=name)([features, shortcut])

    def critic_block(
        self, inputs: Any, filters: int, halve: bool, name: str
    ) -> Any:
        """norm-ReLU-conv-norm-ReLU-conv, halving the size or not."""
        features = self.normalize(inputs, None, f"{name}_norm_1")
        features = layers.ReLU(name=f"{name}_relu_1")(features)
        bias = self.architecture.first_bias
        first = conv(inputs.shape[-1], 3, he(), f"{name}_conv_1", use_bias=bias)
        features = first(features)
        features = self.normalize(features, None, f"{name}_norm_2")
        return self._critic_end(inputs, features, filters, halve, name)

    def first_critic_block(self, images: Any, filters: int, name: str) -> Any:
        """conv-ReLU-conv-pool, with a pooled 1x1 shortcut."""
        features = conv(filters, 3, he(), f"{name}_conv_1")(images)
        return self._critic_end(images, features, filters, True, name)

    def _critic_end(self, inputs, features, filters, halve, name):
        features = layers.ReLU(name=f"{name}_relu_2")(features)
        second = f"{name}_conv_2"
        if not halve:
            features = conv(filters, 3, he(), second)(features)
        elif self.architecture.strided:
            features = conv(filters, 3, he(2), second, strides=2)(features)
        else:
            features = Conv2DAveragePool(
                filters,
                folding=self.folding,
                kernel_initializer=he(),
                name=second,
            )(features)
        if halve:
            inputs = self._shortcut(
                inputs,
                AveragePool2D(name=f"{name}_pool"),
                conv(filters, 1, glorot(), f"{name}_shortcut"),
            )
        return layers.Add(name=name)([features, inputs])

    def _shortcut(self, inputs, first, second):
        # A 1x1 convolution commutes with nearest upsampling and with average
        # pooling, so it may run at the lower resolution. Unfolded, the
        # generator's upsampling is first, as published; the critic's
        # pooling is first either way.
        upsampling = isinstance(second, Upsample2D)
        if upsampling and not self.folding:
            first, second = second, first
        return second(first(inputs))

"""Residual blocks, and those of SNGAN and SAGAN."""

import dataclasses
from typing import Any

from keras import initializers, layers

from keras_gans import checks
from keras_gans.layers import (
    AveragePool2D,
    BatchNormalization,
    ConditionalBatchNormalization,
    Conv2D,
    Conv2DAveragePool,
    LinearConditionalBatchNormalization,
    Upsample2D,
    UpsampleConv2D,
)
from keras_gans.layers.spectral_normalization import spectrally_normalized

# Batch normalization's ε in each released code.
RELEASES = {"sagan": 1e-5, "sngan": 2e-5}


class ResidualBlocks:
    """Makes the residual blocks of one network from a subclass's layers.

    Subclasses have `normalize(features, labels, name)`, which returns
    features; and, giving layers, `conv_3x3(filters, block, index,
    resampling)`, a block's first or second convolution, and
    `conv_1x1(filters, name)`, a shortcut's.

    Attributes:
        folding: Whether resampling convolutions use their exact, cheaper
            form.
        norm: What normalizations have in their names.
        pools_first: Whether shortcuts pool first where not folding too.
    """

    folding: bool
    norm: str
    pools_first: bool

    def generator_block(
        self, inputs: Any, labels: Any, filters: int, name: str
    ) -> Any:
        """norm-ReLU-up-conv-norm-ReLU-conv, with an upsampled 1x1 shortcut."""
        features = self._activated(inputs, labels, name, 1)
        features = self.conv_3x3(filters, name, 1, UpsampleConv2D)(features)
        features = self._activated(features, labels, name, 2)
        features = self.conv_3x3(filters, name, 2)(features)
        up = Upsample2D(name=f"{name}_up")
        shortcut = self._shortcut(inputs, filters, up, name, self.folding)
        return layers.Add(name=name)([features, shortcut])

    def discriminator_block(
        self, inputs: Any, hidden: int, filters: int, halve: bool, name: str
    ) -> Any:
        """norm-ReLU-conv-norm-ReLU-conv[-pool], 1x1 or identity shortcut."""
        features = self._activated(inputs, None, name, 1)
        features = self.conv_3x3(hidden, name, 1)(features)
        features = self._activated(features, None, name, 2)
        conv_first = not (self.folding or self.pools_first)
        return self._end(inputs, features, filters, halve, name, conv_first)

    def first_discriminator_block(
        self, images: Any, filters: int, name: str
    ) -> Any:
        """conv-ReLU-conv-pool, with a pooled 1x1 shortcut."""
        features = self.conv_3x3(filters, name, 1)(images)
        features = layers.ReLU(name=f"{name}_relu_2")(features)
        return self._end(images, features, filters, True, name, False)

    def _activated(self, features, labels, name, index):
        norm = f"{name}_{self.norm}_{index}"
        features = self.normalize(features, labels, norm)
        return layers.ReLU(name=f"{name}_relu_{index}")(features)

    def _end(self, inputs, features, filters, halve, name, conv_first):
        resampling = Conv2DAveragePool if halve else None
        features = self.conv_3x3(filters, name, 2, resampling)(features)
        if halve:
            pool = AveragePool2D(name=f"{name}_pool")
            inputs = self._shortcut(inputs, filters, pool, name, conv_first)
        elif inputs.shape[-1] != filters:
            inputs = self.conv_1x1(filters, f"{name}_shortcut")(inputs)
        return layers.Add(name=name)([features, inputs])

    def _shortcut(self, inputs, filters, resample, name, conv_first):
        # A 1x1 convolution commutes with nearest upsampling and with average
        # pooling: done at the lower resolution it costs a quarter.
        steps = [self.conv_1x1(filters, f"{name}_shortcut"), resample]
        for step in steps if conv_first else reversed(steps):
            inputs = step(inputs)
        return inputs


@dataclasses.dataclass(frozen=True, kw_only=True)
class Blocks(ResidualBlocks):
    """Makes the layers of one network with its common options.

    Without `momentum` there is no normalization. With `by_vector` it is by
    vectors, which take the place of labels.
    """

    spectral_norm: bool
    folding: bool
    release: str
    num_classes: int = 0
    by_vector: bool = False
    momentum: float | None = None

    norm = "bn"
    pools_first = False

    def __post_init__(self):
        checks.one_of("release", self.release, RELEASES)

    def normalized(self, layer: layers.Layer) -> layers.Layer:
        """Returns the layer, spectrally normalized if the network is."""
        return spectrally_normalized(layer, self.spectral_norm)

    def conv(
        self, filters: int, size: int, name: str, **options
    ) -> layers.Layer:
        """Returns a convolution of stride 1 that keeps the size."""
        return self.normalized(
            Conv2D(filters, size, padding="same", name=name, **options)
        )

    def conv_1x1(self, filters: int, name: str) -> layers.Layer:
        return self.conv(filters, 1, name)

    def conv_3x3(
        self, filters: int, block: str, index: int, resampling: Any = None
    ) -> layers.Layer:
        options = {"name": f"{block}_conv_{index}"}
        if self.release == "sngan":
            # Glorot's with a gain of √2 (`resblocks.py`), which neither the
            # shortcuts nor the layers outside of blocks have.
            options["kernel_initializer"] = initializers.VarianceScaling(
                2.0, "fan_avg", "uniform"
            )
        if resampling is None:
            return self.conv(filters, 3, **options)
        layer = resampling(filters, folding=self.folding, **options)
        return self.normalized(layer)

    def normalize(self, features: Any, labels: Any, name: str) -> Any:
        if self.momentum is None:
            return features
        options = {"momentum": self.momentum, "name": name}
        options["epsilon"] = RELEASES[self.release]
        if self.by_vector:
            return LinearConditionalBatchNormalization(
                spectral_norm=self.spectral_norm, **options
            )(features, labels)
        if self.num_classes:
            return ConditionalBatchNormalization(self.num_classes, **options)(
                features, labels
            )
        return BatchNormalization(**options)(features)

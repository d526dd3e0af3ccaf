"""The residual blocks of SNGAN and SAGAN."""

import dataclasses
from typing import Any

import keras
from keras import layers

from keras_gans import checks
from keras_gans.layers import (
    AveragePool2D,
    BatchNormalization,
    ConditionalBatchNormalization,
    Conv2D,
    Conv2DAveragePool,
    SpectralNormalization,
    Upsample2D,
    UpsampleConv2D,
)

# Batch normalization's ε in each released code.
RELEASES = {"sagan": 1e-5, "sngan": 2e-5}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Blocks:
    """Makes the layers of one network with its common options."""

    num_classes: int
    spectral_norm: bool
    folding: bool
    momentum: float
    release: str

    def __post_init__(self):
        checks.one_of("release", self.release, RELEASES)

    def kernel(self) -> Any:
        """Returns the initializer of a 3x3 kernel of a block.

        Glorot's uniform one, in SNGAN's release (`resblocks.py`) with a gain
        of √2; shortcuts and what is outside of the blocks have no gain.
        """
        if self.release == "sagan":
            return "glorot_uniform"
        return keras.initializers.VarianceScaling(2.0, "fan_avg", "uniform")

    def normalized(self, layer: keras.layers.Layer) -> keras.layers.Layer:
        """Returns the layer, spectrally normalized if the network is."""
        if self.spectral_norm:
            return SpectralNormalization(layer, name=f"{layer.name}_sn")
        return layer

    def conv(
        self, filters: int, size: int, name: str, **options
    ) -> keras.layers.Layer:
        """Returns a convolution of stride 1 that keeps the size."""
        return self.normalized(
            Conv2D(filters, size, padding="same", name=name, **options)
        )

    def normalize(self, features: Any, labels: Any, name: str) -> Any:
        """Returns batch-normalized features, by class if there are any."""
        options = {"momentum": self.momentum, "name": name}
        options["epsilon"] = RELEASES[self.release]
        if self.num_classes:
            return ConditionalBatchNormalization(self.num_classes, **options)(
                features, labels
            )
        return BatchNormalization(**options)(features)

    def generator_block(
        self, inputs: Any, labels: Any, filters: int, name: str
    ) -> Any:
        """BN-ReLU-up-conv-BN-ReLU-conv, with a 1x1 shortcut."""
        features = self.normalize(inputs, labels, f"{name}_bn_1")
        features = layers.ReLU(name=f"{name}_relu_1")(features)
        features = self.normalized(
            UpsampleConv2D(
                filters,
                folding=self.folding,
                kernel_initializer=self.kernel(),
                name=f"{name}_conv_1",
            )
        )(features)
        features = self.normalize(features, labels, f"{name}_bn_2")
        features = layers.ReLU(name=f"{name}_relu_2")(features)
        features = self._conv_3x3(filters, f"{name}_conv_2")(features)
        shortcut = self._shortcut(
            inputs, filters, Upsample2D(name=f"{name}_up"), name
        )
        return layers.Add(name=name)([features, shortcut])

    def discriminator_block(
        self, inputs: Any, hidden: int, filters: int, halve: bool, name: str
    ) -> Any:
        """ReLU-conv-ReLU-conv[-pool], with a 1x1 or identity shortcut."""
        features = layers.ReLU(name=f"{name}_relu_1")(inputs)
        features = self._conv_3x3(hidden, f"{name}_conv_1")(features)
        features = layers.ReLU(name=f"{name}_relu_2")(features)
        features = self._second_conv(features, filters, halve, name)
        if halve:
            pool = AveragePool2D(name=f"{name}_pool")
            # Pooling first where folding: the two commute exactly.
            inputs = self._shortcut(
                inputs, filters, pool, name, conv_first=not self.folding
            )
        elif inputs.shape[-1] != filters:
            inputs = self.conv(filters, 1, f"{name}_shortcut")(inputs)
        return layers.Add(name=name)([features, inputs])

    def first_discriminator_block(
        self, images: Any, filters: int, name: str
    ) -> Any:
        """conv-ReLU-conv-pool, with a pooled 1x1 shortcut."""
        features = self._conv_3x3(filters, f"{name}_conv_1")(images)
        features = layers.ReLU(name=f"{name}_relu_2")(features)
        features = self._second_conv(features, filters, True, name)
        pool = AveragePool2D(name=f"{name}_pool")
        shortcut = self._shortcut(images, filters, pool, name, conv_first=False)
        return layers.Add(name=name)([features, shortcut])

    def _conv_3x3(self, filters, name):
        return self.conv(filters, 3, name, kernel_initializer=self.kernel())

    def _second_conv(self, features, filters, halve, name):
        name = f"{name}_conv_2"
        if not halve:
            return self._conv_3x3(filters, name)(features)
        return self.normalized(
            Conv2DAveragePool(
                filters,
                folding=self.folding,
                kernel_initializer=self.kernel(),
                name=name,
            )
        )(features)

    def _shortcut(self, inputs, filters, resample, name, conv_first=None):
        # A 1x1 convolution commutes with nearest upsampling and with average
        # pooling: done at the lower resolution it costs a quarter.
        if conv_first is None:
            conv_first = self.folding
        steps = [self.conv(filters, 1, f"{name}_shortcut"), resample]
        for step in steps if conv_first else reversed(steps):
            inputs = step(inputs)
        return inputs

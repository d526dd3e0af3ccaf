"""The residual blocks of SNGAN and SAGAN."""

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

    def normalized(self, layer: layers.Layer) -> layers.Layer:
        """Returns the layer, spectrally normalized if the network is."""
        if self.spectral_norm:
            return SpectralNormalization(layer, name=f"{layer.name}_sn")
        return layer

    def conv(
        self, filters: int, size: int, name: str, **options
    ) -> layers.Layer:
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
        features = self._conv_3x3(filters, f"{name}_conv_1", UpsampleConv2D)(
            features
        )
        features = self.normalize(features, labels, f"{name}_bn_2")
        features = layers.ReLU(name=f"{name}_relu_2")(features)
        features = self._conv_3x3(filters, f"{name}_conv_2")(features)
        up = Upsample2D(name=f"{name}_up")
        shortcut = self._shortcut(inputs, filters, up, name, self.folding)
        return layers.Add(name=name)([features, shortcut])

    def discriminator_block(
        self, inputs: Any, hidden: int, filters: int, halve: bool, name: str
    ) -> Any:
        """ReLU-conv-ReLU-conv[-pool], with a 1x1 or identity shortcut."""
        features = layers.ReLU(name=f"{name}_relu_1")(inputs)
        features = self._conv_3x3(hidden, f"{name}_conv_1")(features)
        features = layers.ReLU(name=f"{name}_relu_2")(features)
        resampling = Conv2DAveragePool if halve else None
        features = self._conv_3x3(filters, f"{name}_conv_2", resampling)(
            features
        )
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
        features = self._conv_3x3(filters, f"{name}_conv_2", Conv2DAveragePool)(
            features
        )
        pool = AveragePool2D(name=f"{name}_pool")
        shortcut = self._shortcut(images, filters, pool, name, conv_first=False)
        return layers.Add(name=name)([features, shortcut])

    def _conv_3x3(self, filters, name, resampling=None):
        options = {"name": name}
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

    def _shortcut(self, inputs, filters, resample, name, conv_first):
        # A 1x1 convolution commutes with nearest upsampling and with average
        # pooling: done at the lower resolution it costs a quarter.
        steps = [self.conv(filters, 1, f"{name}_shortcut"), resample]
        for step in steps if conv_first else reversed(steps):
            inputs = step(inputs)
        return inputs

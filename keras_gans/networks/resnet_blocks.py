"""The residual blocks of SNGAN and SAGAN."""

import dataclasses

from keras import layers

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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Blocks:
    """Makes the layers of one network with its common options."""

    num_classes: int
    spectral_norm: bool
    folding: bool
    momentum: float

    def normalized(self, layer):
        """Returns the layer, spectrally normalized if the network is."""
        if self.spectral_norm:
            return SpectralNormalization(layer, name=f"{layer.name}_sn")
        return layer

    def conv(self, filters, size, name):
        """Returns a convolution of stride 1 that keeps the size."""
        return self.normalized(Conv2D(filters, size, padding="same", name=name))

    def normalize(self, features, labels, name):
        """Returns batch-normalized features, by class if there are any."""
        if self.num_classes:
            return ConditionalBatchNormalization(
                self.num_classes, momentum=self.momentum, name=name
            )(features, labels)
        return BatchNormalization(momentum=self.momentum, name=name)(features)

    def generator_block(self, inputs, labels, filters, name):
        """BN-ReLU-up-conv-BN-ReLU-conv, with a 1x1 shortcut."""
        features = self.normalize(inputs, labels, f"{name}_bn_1")
        features = layers.ReLU(name=f"{name}_relu_1")(features)
        features = self.normalized(
            UpsampleConv2D(filters, folding=self.folding, name=f"{name}_conv_1")
        )(features)
        features = self.normalize(features, labels, f"{name}_bn_2")
        features = layers.ReLU(name=f"{name}_relu_2")(features)
        features = self.conv(filters, 3, f"{name}_conv_2")(features)
        shortcut = self._shortcut(
            inputs, filters, Upsample2D(name=f"{name}_up"), name
        )
        return layers.Add(name=name)([features, shortcut])

    def discriminator_block(self, inputs, hidden, filters, halve, name):
        """ReLU-conv-ReLU-conv[-pool], with a 1x1 or identity shortcut."""
        features = layers.ReLU(name=f"{name}_relu_1")(inputs)
        features = self.conv(hidden, 3, f"{name}_conv_1")(features)
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

    def first_discriminator_block(self, images, filters, name):
        """conv-ReLU-conv-pool, with a pooled 1x1 shortcut."""
        features = self.conv(filters, 3, f"{name}_conv_1")(images)
        features = layers.ReLU(name=f"{name}_relu_2")(features)
        features = self._second_conv(features, filters, True, name)
        pool = AveragePool2D(name=f"{name}_pool")
        shortcut = self._shortcut(images, filters, pool, name, conv_first=False)
        return layers.Add(name=name)([features, shortcut])

    def _second_conv(self, features, filters, halve, name):
        if not halve:
            return self.conv(filters, 3, f"{name}_conv_2")(features)
        return self.normalized(
            Conv2DAveragePool(
                filters, folding=self.folding, name=f"{name}_conv_2"
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

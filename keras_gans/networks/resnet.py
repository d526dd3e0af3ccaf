"""The ResNets of SNGAN and SAGAN for 32, 64 and 128 pixels.

Reference: [Miyato & Koyama, 2018](https://arxiv.org/abs/1802.05637),
Appendix A; [Zhang et al., 2019](https://arxiv.org/abs/1805.08318), and the
released code of both.
"""

import dataclasses

import keras
from keras import layers

from keras_gans.layers import (
    BatchNormalization,
    ClassProjection,
    ConditionalBatchNormalization,
    Conv2DAveragePool,
    SelfAttention,
    SpectralNormalization,
    UpsampleConv2D,
)

# Stage widths as multiples of the base width, as published. A generator's
# first is that of its 4x4 input, and every further stage doubles the size.
GENERATOR_MULTIPLIERS = {
    32: (1, 1, 1, 1),
    64: (16, 8, 4, 2, 1),
    128: (16, 16, 8, 4, 2, 1),
}
DISCRIMINATOR_MULTIPLIERS = {
    32: (1, 1, 1, 1),
    64: (1, 2, 4, 8, 16),
    128: (1, 2, 4, 8, 16, 16),
}
# How many of a discriminator's first stages halve the size.
DISCRIMINATOR_HALVINGS = {32: 2, 64: 5, 128: 5}
RESOLUTIONS = tuple(GENERATOR_MULTIPLIERS)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Blocks:
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
        return self.normalized(
            layers.Conv2D(filters, size, padding="same", name=name)
        )

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
            inputs, filters, layers.UpSampling2D(name=f"{name}_up"), name
        )
        return layers.Add(name=name)([features, shortcut])

    def discriminator_block(self, inputs, filters, halve, name):
        """ReLU-conv-ReLU-conv[-pool], with a 1x1 or identity shortcut."""
        features = layers.ReLU(name=f"{name}_relu_1")(inputs)
        features = self.conv(filters, 3, f"{name}_conv_1")(features)
        features = layers.ReLU(name=f"{name}_relu_2")(features)
        features = self._second_conv(features, filters, halve, name)
        if halve:
            pool = layers.AveragePooling2D(2, name=f"{name}_pool")
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
        pool = layers.AveragePooling2D(2, name=f"{name}_pool")
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


def resnet_generator(
    *,
    resolution: int,
    channels: int = 3,
    latent_dim: int = 128,
    num_classes: int = 0,
    width: int = 64,
    multipliers: tuple[int, ...] = (),
    attention_resolution: int = 0,
    attention_variant: str = "code",
    spectral_norm: bool = True,
    folding: bool = True,
    momentum: float = 0.999,
    final_momentum: float = 0.9999,
    name: str = "generator",
) -> keras.Model:
    """Builds the ResNet generator of SNGAN and SAGAN.

    Dense to 4x4, residual blocks that double the size, then BN-ReLU-conv3x3
    and tanh. With classes, every block's batch normalization is conditional.

    Args:
        resolution: 32, 64 or 128; any 4·2^n with `multipliers` of n + 1.
        channels: Image channels.
        latent_dim: Length of the latent vectors.
        num_classes: Classes, or 0 for an unconditional generator.
        width: Base width; 64 as published at 64 and 128 pixels, 256 at 32.
        multipliers: Widths of the 4x4 input and of each block in units of
            `width`; empty for the published ones.
        attention_resolution: Height of the feature map with self-attention,
            or 0 for none.
        attention_variant: `code` or `paper`, see `SelfAttention`.
        spectral_norm: Whether kernels are spectrally normalized.
        folding: Whether resampling convolutions use their exact, cheaper
            form.
        momentum: Moving-average decay of the blocks' batch normalization.
        final_momentum: That of the last batch normalization.
        name: Name of the model.

    Returns:
        A model from `latents` (N, latent_dim) float, and `labels` (N,) int32
        with classes, to images in [-1, 1], (N, resolution, resolution,
        channels) float32.

    Raises:
        ValueError: For a resolution that the architecture has not, or an
            attention resolution that no block has.
    """
    multipliers = _multipliers(
        resolution, multipliers, GENERATOR_MULTIPLIERS, "generator"
    )
    sizes = [8 << index for index in range(len(multipliers) - 1)]
    if sizes[-1:] != [resolution]:
        raise ValueError(
            f"A generator for {resolution} pixels needs a multiplier for its "
            "4x4 input and one for each doubling. Received: "
            f"multipliers={multipliers}."
        )
    _check_attention(attention_resolution, sizes, "generator")
    blocks = _Blocks(
        num_classes=num_classes,
        spectral_norm=spectral_norm,
        folding=folding,
        momentum=momentum,
    )
    latents = keras.Input((latent_dim,), name="latents")
    labels = keras.Input((), dtype="int32", name="labels")
    filters = width * multipliers[0]
    features = blocks.normalized(layers.Dense(16 * filters, name="dense"))(
        latents
    )
    features = layers.Reshape((4, 4, filters), name="reshape")(features)
    for size, multiplier in zip(sizes, multipliers[1:], strict=True):
        features = blocks.generator_block(
            features, labels, width * multiplier, f"block_{size}"
        )
        if size == attention_resolution:
            features = SelfAttention(
                attention_variant, spectral_norm, name="attention"
            )(features)
    features = BatchNormalization(momentum=final_momentum, name="final_bn")(
        features
    )
    features = layers.ReLU(name="final_relu")(features)
    features = blocks.conv(channels, 3, "to_image")(features)
    images = layers.Activation("tanh", dtype="float32", name="images")(features)
    inputs = [latents, labels] if num_classes else latents
    return keras.Model(inputs, images, name=name)


def resnet_discriminator(
    *,
    resolution: int,
    channels: int = 3,
    num_classes: int = 0,
    width: int = 64,
    multipliers: tuple[int, ...] = (),
    attention_resolution: int = 0,
    attention_variant: str = "code",
    spectral_norm: bool = True,
    folding: bool = True,
    name: str = "discriminator",
) -> keras.Model:
    """Builds the ResNet discriminator of SNGAN and SAGAN.

    Residual blocks, ReLU, the sum h over positions, and the score w·h + b;
    with classes, plus the projection ⟨V_y, h⟩.

    Args:
        resolution: 32, 64 or 128.
        channels: Image channels.
        num_classes: Classes, or 0 for an unconditional discriminator.
        width: Base width; 64 as published at 64 and 128 pixels, 128 at 32.
        multipliers: Widths of the blocks in units of `width`; empty for the
            published ones.
        attention_resolution: Height of the feature map with self-attention,
            after the first block of that size, or 0 for none.
        attention_variant: `code` or `paper`, see `SelfAttention`.
        spectral_norm: Whether kernels are spectrally normalized.
        folding: Whether resampling convolutions use their exact, cheaper
            form.
        name: Name of the model.

    Returns:
        A model from `images` (N, resolution, resolution, channels), and
        `labels` (N,) int32 with classes, to raw scores (N, 1).

    Raises:
        ValueError: For a resolution that the architecture has not, or an
            attention resolution that no block has.
    """
    multipliers = _multipliers(
        resolution, multipliers, DISCRIMINATOR_MULTIPLIERS, "discriminator"
    )
    halvings = DISCRIMINATOR_HALVINGS[resolution]
    sizes = [
        resolution >> min(index, halvings)
        for index in range(1, len(multipliers) + 1)
    ]
    _check_attention(attention_resolution, sizes, "discriminator")
    blocks = _Blocks(
        num_classes=0,
        spectral_norm=spectral_norm,
        folding=folding,
        momentum=0.0,
    )
    images = keras.Input((resolution, resolution, channels), name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    features = images
    for index, (size, multiplier) in enumerate(
        zip(sizes, multipliers, strict=True)
    ):
        filters, block = width * multiplier, f"block_{index + 1}"
        if index == 0:
            features = blocks.first_discriminator_block(
                features, filters, block
            )
        else:
            features = blocks.discriminator_block(
                features, filters, index < halvings, block
            )
        if sizes.index(size) == index and size == attention_resolution:
            features = SelfAttention(
                attention_variant, spectral_norm, name="attention"
            )(features)
    features = layers.ReLU(name="final_relu")(features)
    pooled = _SumPooling(name="sum")(features)
    scores = blocks.normalized(layers.Dense(1, name="score"))(pooled)
    if not num_classes:
        return keras.Model(images, scores, name=name)
    projection = ClassProjection(num_classes, spectral_norm, name="projection")
    scores = layers.Add(name="scores")([scores, projection(pooled, labels)])
    return keras.Model([images, labels], scores, name=name)


@keras.saving.register_keras_serializable(package="keras_gans")
class _SumPooling(keras.layers.Layer):
    """Sums features over height and width: (N, H, W, C) to (N, C)."""

    def call(self, inputs):
        return keras.ops.sum(inputs, axis=(1, 2))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])


def _multipliers(resolution, multipliers, published, network):
    if resolution not in published:
        raise ValueError(
            f"The ResNet {network} exists for the resolutions "
            f"{', '.join(map(str, published))}. Received: "
            f"resolution={resolution}."
        )
    return tuple(multipliers) or published[resolution]


def _check_attention(resolution, sizes, network):
    if resolution and resolution not in sizes:
        raise ValueError(
            f"Self-attention needs a feature map of the {network}, whose "
            f"heights are {sorted(set(sizes))}, or 0 for none. Received: "
            f"attention_resolution={resolution}."
        )

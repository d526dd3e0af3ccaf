"""The discriminators of Projected GAN, on features that are not trained.

Reference: [Sauer et al., 2021](https://arxiv.org/abs/2111.01007), §3, and the
released code autonomousvision/projected-gan (`pg_modules`).
"""

from typing import Any

import keras
from keras import layers

from keras_gans.layers import (
    BatchNormalization,
    Conv2D,
    EfficientNetFeatures,
    RandomMixing,
)
from keras_gans.layers.efficientnet_features import check_channels
from keras_gans.layers.spectral_normalization import spectrally_normalized
from keras_gans.pretrained.efficientnet import LITE0

# Channels after each halving, in units of the width. The largest map is halved
# four times, each smaller one once less: all end at one size.
MULTIPLIERS = (1, 2, 4, 8)
# Side of the last kernel, or of the last map where that is smaller.
LAST_KERNEL = 4


def projected_discriminator(
    *,
    shape: tuple[int, int, int],
    num_classes: int = 0,
    auxiliary: bool = False,
    resolution: int = 224,
    width: int = 64,
    seed: int = 0,
    name: str = "discriminator",
) -> keras.Model:
    """Builds four small discriminators on fixed features of ImageNet.

    `EfficientNetFeatures` at four scales, mixed by `RandomMixing`, of which
    neither is trained. On each scale convolutions of 4x4 and stride 2 with
    batch normalization and LeakyReLU 0.2, down to the same size, and one of
    4x4 without padding to the scores; all spectrally normalized. Every scale
    gives as many scores, 16 at 224 pixels and 1 at 128 and below, so that a
    loss's mean over all of them is the mean over scales: a quarter of the
    paper's sum, as in the released code.

    With classes the last convolution gives w channels h, and a score is
    ⟨h, v_y⟩ / √w at each place, with v_y a learned vector of the class.

    Args:
        shape: Height, width and channels of the images.
        num_classes: Classes, or 0 for an unconditional discriminator.
        auxiliary: Whether classes are named rather than given: the
            discriminator takes images alone, and gives besides the scores
            logits of the classes, from the means of the last maps of all
            scales.
        resolution: Side in pixels at which the features see images, a
            multiple of 32; 224 as published.
        width: Base width w; 64 as published.
        seed: Seed of the random projections.
        name: Name of the model.

    Returns:
        A model from `images`, and `labels` (N,) int32 with classes, to raw
        scores (N, 4 s), s a scale; or with `auxiliary` classes from `images`
        to a list of scores and logits (N, num_classes).

    Raises:
        ValueError: For images of other than 1 or 3 channels, or another
            resolution.
        FileNotFoundError: When the package of the weights is not installed.
    """
    # Before layers wrap what they raise.
    check_channels(shape[-1])
    LITE0.installed_weights()
    images = keras.Input(shape, name="images")
    labels = keras.Input((), dtype="int32", name="labels")
    features = EfficientNetFeatures(resolution, name="features")(images)
    mixed = RandomMixing(width, seed, name="mixing")(features)
    given = bool(num_classes) and not auxiliary
    vectors, scores, last = num_classes if given else 0, [], []
    for index, features in enumerate(mixed):
        for multiplier in MULTIPLIERS[index:]:
            block = f"scale_{index + 1}_x{multiplier}"
            features = _halved(features, width * multiplier, block)
        last.append(features)
        scores.append(
            _scores(features, labels, vectors, width, f"scale_{index + 1}")
        )
    scores = layers.Concatenate(name="scores")(scores)
    if not num_classes:
        return keras.Model(images, scores, name=name)
    if given:
        return keras.Model([images, labels], scores, name=name)
    logits = spectrally_normalized(layers.Dense(num_classes, name="classes"))
    pool = layers.GlobalAveragePooling2D
    pooled = [
        pool(name=f"scale_{index + 1}_mean")(features)
        for index, features in enumerate(last)
    ]
    logits = logits(layers.Concatenate(name="means")(pooled))
    return keras.Model(images, [scores, logits], name=name)


def _halved(features, filters, name):
    features = _convolution(filters, LAST_KERNEL, f"{name}_conv", strides=2)(
        features
    )
    features = BatchNormalization(0.9, name=f"{name}_bn")(features)
    return layers.LeakyReLU(negative_slope=0.2, name=f"{name}_relu")(features)


def _scores(features, labels, num_classes, width, name):
    """Returns the scores of a scale, (N, s)."""
    size = min(LAST_KERNEL, *features.shape[1:3])
    options = {"padding": "valid", "use_bias": False}
    filters = width if num_classes else 1
    score = _convolution(filters, size, f"{name}_score", **options)
    scores = score(features)
    if not num_classes:
        return layers.Flatten(name=f"{name}_scores")(scores)
    vectors = layers.Embedding(
        num_classes, 2 * width, name=f"{name}_class_vectors"
    )(labels)
    vectors = layers.Dense(width, name=f"{name}_class_dense")(vectors)
    vectors = layers.LeakyReLU(negative_slope=0.2, name=f"{name}_class_relu")(
        vectors
    )
    places = layers.Reshape((-1, width), name=f"{name}_places")(scores)
    scores = layers.Dot((2, 1), name=f"{name}_products")([places, vectors])
    return layers.Rescaling(width**-0.5, name=f"{name}_scores")(scores)


def _convolution(
    filters: int, size: int, name: str, **options: Any
) -> keras.layers.Layer:
    return spectrally_normalized(
        Conv2D(filters, size, name=name, **{"padding": "same", **options})
    )

"""Adaptive augmentation: as much of it as keeps overfitting away."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.augmentation import pipeline
from keras_gans.augmentation.base import (
    Augmentation,
    cut_out,
    of_colours,
    size_of,
)
from keras_gans.augmentation.resampling import warped
from keras_gans.checks import integer, one_of

CATEGORIES = tuple(pipeline.CATEGORIES)


@keras.saving.register_keras_serializable(package="keras_gans")
class AdaptiveAugmentation(Augmentation):
    """Adaptive discriminator augmentation (ADA).

    Each transformation applies to an image with probability p, in this order:

    - `blit`: left-right flip, in half of the cases; turns by 0, 90, 180 or 270
      degrees; shifts by whole pixels, U[-1/8, 1/8] of the size.
    - `geometry`: scale by 2^N(0, 0.2²); rotation by U[-180°, 180°], here and
      below each with 1 - sqrt(1 - p); width by 2^N(0, 0.2²) and height by its
      inverse; rotation; shifts of N(0, (1/8)²) of the size.
    - `color`: brightness + N(0, 0.2²); contrast, 2^N(0, 0.5²) times; luma
      flip, in half of the cases; rotation of the hue by U[-180°, 180°];
      saturation, 2^N(0, 1) times. Grey images: the first three.
    - `cutout`: a square of half of the size becomes 0, mid-grey, its middle
      uniform over the image.

    The first two are one affine transformation, see `resampling.warped`, and
    the colours one matrix. Scales of one image have the same draws, and places
    in proportion. The paper's other categories, filters and noise, are not
    here.

    p starts at 0. Of the sign of the scores of real images,

        r_t = E[sign D(x)],

    over `interval` updates of the discriminator, p rises where r_t > `target`
    and falls where r_t < `target`, at a rate at which `speed` thousand real
    images take it from 0 to 1, within [0, `maximum`]. r_t is 0 where real
    images look like generated ones to the discriminator, and tends to 1 where
    it has learnt them by heart. A training step logs both, as `real_sign` and
    `augment_probability`.

    The sign must mean something. Relativistic losses compare scores, so that
    it is that of D(x) - E[D(G(z))], and with least squares, whose targets are
    0 and 1, that of D(x) - 1/2. The sign of a Wasserstein critic means
    little: nothing holds its scores at 0. Give a probability there.

    Args:
        probability: Float p in [0, 1], which stays; None lets it adapt.
        categories: Some of `blit`, `geometry`, `color` and `cutout`; the order
            does not matter. The paper's are the first three.
        target: Float in (-1, 1), what r_t is held at.
        speed: Positive float, in thousands of real images.
        interval: Positive int, discriminator updates from one change of p to
            the next.
        maximum: Float in (0, 1], the greatest p. Above 0.8, the authors found,
            generators begin to draw augmented images.
        seed: Seed of the draws.
        **kwargs: Of `keras.layers.Layer`.

    Attributes:
        probability: p, a variable that is saved with the model.
        real_sign: The latest r_t, likewise.

    Raises:
        ValueError: For values out of range, unknown categories, or images that
            are neither grey nor RGB, with alpha or without.

    Example:
    >>> from keras import ops
    >>> images = ops.ones((2, 8, 8, 3))
    >>> augmented = AdaptiveAugmentation(0.5)(images, training=True)
    >>> augmented.shape == images.shape
    True

    Reference: [Karras et al., 2020](https://arxiv.org/abs/2006.06676), §3 and
    Appendix B, and its released code.
    """

    UNIFORM, NORMAL = pipeline.UNIFORM, pipeline.NORMAL
    LOGS = ("real_sign", "augment_probability")

    def __init__(
        self,
        probability: float | None = None,
        categories: Sequence[str] = CATEGORIES[:3],
        *,
        target: float = 0.6,
        speed: float = 500.0,
        interval: int = 4,
        maximum: float = 0.8,
        seed: int = 0,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, **kwargs)
        _check(probability, target, speed, maximum)
        self.fixed = probability
        self.categories = _ordered(categories)
        self.target, self.speed, self.maximum = target, speed, maximum
        self.interval = integer("interval", interval)
        self.probability = self._number("probability", probability or 0.0)
        self.real_sign = self._number("real_sign")
        # Since p last changed: summed signs, images of a replica, updates.
        self._signs = self._number("signs")
        self._images = self._number("images")
        self._updates = self._number("updates")

    def _number(self, name, value=0.0):
        return self.add_weight(
            (),
            keras.initializers.Constant(value),
            "float32",
            trainable=False,
            # Of replicas, each of which sees a part of the batch.
            aggregation="mean",
            name=name,
        )

    @property
    def adapts(self) -> bool:
        """Whether p follows the discriminator."""
        return self.fixed is None

    def check_channels(self, channels: int) -> None:
        if channels > 4:
            raise ValueError(
                "AdaptiveAugmentation changes grey images and RGB, with or "
                f"without alpha: 1 to 4 channels. Received: {channels}."
            )

    def transform(
        self, scales: list[Any], numbers: dict[str, Any]
    ) -> list[Any]:
        height, width = size_of(scales)
        probability = ops.convert_to_tensor(self.probability)
        on = pipeline.applied(numbers, probability, self.categories)
        if {"blit", "geometry"} & set(self.categories):
            linear, offsets = pipeline.geometry(numbers, on, height, width)
            scales = [
                warped(image, linear, offsets * (image.shape[1] / height))
                for image in scales
            ]
        if "color" in self.categories:
            change = pipeline.colours(numbers, on)
            scales = [
                of_colours(image, lambda x: _recoloured(x, *change))
                for image in scales
            ]
        if "cutout" in self.categories:
            places = pipeline.cutout(numbers, on, height, width)
            scales = cut_out(scales, *places)
        return scales

    def observed(self, signs: Any) -> dict[str, Any]:
        probability = ops.convert_to_tensor(self.probability)
        return dict(zip(self.LOGS, (signs, probability), strict=True))

    def learn(self, logs: dict[str, Any], count: Any) -> None:
        if not self.adapts:
            return
        count = ops.cast(count, "float32")
        signs = self._signs + logs["real_sign"] * count
        images, updates = self._images + count, self._updates + 1.0
        due = updates >= self.interval
        sign = signs / images
        change = images * backend.replica_count() / (1000.0 * self.speed)
        before = ops.convert_to_tensor(self.probability)
        moved = before + ops.sign(sign - self.target) * change
        moved = ops.clip(moved, 0.0, self.maximum)
        for variable, now, later in (
            (self.probability, moved, before),
            (self.real_sign, sign, ops.convert_to_tensor(self.real_sign)),
            (self._signs, 0.0, signs),
            (self._images, 0.0, images),
            (self._updates, 0.0, updates),
        ):
            variable.assign(ops.where(due, now, later))

    def get_config(self) -> dict[str, Any]:
        names = ("categories", "target", "speed", "interval", "maximum")
        return {
            **super().get_config(),
            "probability": self.fixed,
            **{name: getattr(self, name) for name in names},
        }


def _recoloured(image, matrices, offsets, factors):
    """Returns RGB or grey images with their colours transformed."""
    offsets = offsets[:, None, None, None]
    if image.shape[-1] == 1:
        return factors[:, None, None, None] * image + offsets
    _, height, width, channels = image.shape
    pixels = ops.reshape(image, (-1, height * width, channels))
    pixels = ops.matmul(pixels, ops.transpose(matrices, (0, 2, 1)))
    return ops.reshape(pixels, (-1, height, width, channels)) + offsets


def _ordered(categories):
    if isinstance(categories, str):
        categories = (categories,)
    for name in categories:
        one_of("categories", name, CATEGORIES)
    if not categories or len(set(categories)) < len(categories):
        raise ValueError(
            "An augmentation has at least one category, each once. Received: "
            f"categories={tuple(categories)!r}. Allowed: some of "
            f"{', '.join(CATEGORIES)}."
        )
    return tuple(name for name in CATEGORIES if name in categories)


def _check(probability, target, speed, maximum):
    rules = (
        (
            probability is None or 0 <= probability <= 1,
            "`probability` from 0 to 1 or None",
        ),
        (-1 < target < 1, "`target` between -1 and 1"),
        (speed > 0, "`speed` above 0, in thousands of images"),
        (0 < maximum <= 1, "`maximum` above 0 and at most 1"),
    )
    for holds, rule in rules:
        if not holds:
            raise ValueError(
                f"Adaptive augmentation takes {rule}. Received: probability="
                f"{probability}, target={target}, speed={speed}, maximum="
                f"{maximum}."
            )

"""Augmentation by settings, and what it learns from a discriminator."""

from typing import Any

import keras
from keras import ops

from keras_gans import losses
from keras_gans.augmentation import AdaptiveAugmentation, DiffAugment
from keras_gans.presets.augmentation import AugmentationSettings

# Its draws begin elsewhere than those of latents by the same seed.
_SEEDS, _APART = 2**31, 2**30


def augmentation_of(
    settings: AugmentationSettings, seed: int
) -> keras.layers.Layer | None:
    """Returns the augmentation that the settings ask for, None for none."""
    seed = (seed + _APART) % _SEEDS
    if settings.diffaugment:
        return DiffAugment(settings.diffaugment, seed=seed)
    if not settings.ada:
        return None
    return AdaptiveAugmentation(
        settings.augment_probability,
        settings.ada_categories,
        target=settings.ada_target,
        speed=settings.ada_speed,
        seed=seed,
    )


def check_sign(
    augmentation: keras.layers.Layer | None, loss: losses.AdversarialLoss
) -> None:
    """Refuses to adapt to the sign of scores that nothing holds at 0.

    Raises:
        ValueError: For an augmentation that adapts and a Wasserstein loss.
    """
    unheld = isinstance(
        loss, losses.Wasserstein | losses.RelativisticWasserstein
    )
    adapts = isinstance(augmentation, AdaptiveAugmentation)
    if unheld and adapts and augmentation.adapts:
        raise ValueError(
            "ada adapts to the sign of the scores of real images, which means "
            "little for a Wasserstein loss: nothing holds its scores at 0. "
            f"Received: ada=true with the loss {type(loss).__name__}. Give a "
            "probability that stays, augment_probability=0.3 for example, "
            "diffaugment instead, or another loss."
        )


def mean_sign(loss: losses.AdversarialLoss, real: Any, fake: Any) -> Any:
    """Returns the mean sign of real images' scores, a float32 scalar.

    It is 0 where the discriminator cannot tell them from generated ones: a
    relativistic loss compares scores with the mean of the others, and the
    targets of least squares are 0 and 1.

    Args:
        loss: The loss that the scores are for.
        real: Scores of real images, `(batch,)`.
        fake: Scores of generated images.
    """
    scores = ops.cast(real, "float32")
    if loss.relativistic:
        scores = scores - ops.mean(ops.cast(fake, "float32"))
    elif isinstance(loss, losses.LeastSquares):
        scores = scores - 0.5
    return ops.mean(ops.sign(scores))

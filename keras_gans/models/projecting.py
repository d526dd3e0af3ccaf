"""A projected discriminator in the place of a paper's own."""

from collections.abc import Mapping
from typing import Any

from keras_gans import losses
from keras_gans.networks import projected_discriminator
from keras_gans.penalties import GradientPenalty
from keras_gans.penalties.penalty import as_penalties
from keras_gans.presets.projected import ProjectedSettings

_UNBOUND = (losses.Wasserstein, losses.RelativisticWasserstein)


def projected(
    settings: ProjectedSettings,
    arguments: Mapping[str, Any],
    *,
    num_classes: int,
    auxiliary: bool,
    seed: int,
) -> dict[str, Any]:
    """Returns what a projected discriminator changes of a GAN's arguments.

    Args:
        settings: Whether there is one, and which; nothing changes without.
        arguments: Of the constructor, with the paper's discriminator.
        num_classes: Classes of the labels, 0 for none.
        auxiliary: Whether the discriminator names classes, rather than being
            told them.
        seed: Of the random projections.

    Raises:
        ValueError: For a model with which it does not go.
    """
    chosen = settings.select(*ProjectedSettings.names())
    if not chosen["projected_discriminator"]:
        return {}
    outputs = arguments["generator"].outputs
    _check(arguments, len(outputs))
    return {
        "discriminator": projected_discriminator(
            shape=tuple(outputs[0].shape[1:]),
            num_classes=num_classes,
            auxiliary=auxiliary,
            resolution=chosen["projected_resolution"],
            width=chosen["projected_width"],
            seed=seed,
        ),
        # It has batch statistics.
        "joint_scoring": False,
    }


def _check(arguments, scales):
    penalty, cause = arguments.get("penalty"), None
    loss = losses.get(arguments.get("loss", "non_saturating"))
    if scales > 1:
        cause = (
            "a generator with images at several scales, which its own "
            "discriminator sees all. Train another model"
        )
    elif any(isinstance(p, GradientPenalty) for p in as_penalties(penalty)):
        cause = (
            "a gradient penalty. Use penalty_weight=0, or a method without it"
        )
    elif arguments.get("weight_clipping") is not None:
        cause = "weight clipping. Leave it out"
    elif isinstance(loss, _UNBOUND):
        cause = (
            f"the loss {type(loss).__name__}, for which it is not held down. "
            "Use loss=hinge, or a method of another loss"
        )
    if cause:
        raise ValueError(
            "A projected discriminator is held by spectral normalization and "
            "has batch statistics: it takes one image, a loss of bounded "
            f"slope, and no gradient penalty. Received: {cause}; or leave "
            "projected_discriminator out."
        )

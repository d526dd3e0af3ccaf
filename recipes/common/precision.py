"""The precision of a run: as asked, as recorded, or as measured."""

import sys
from collections.abc import Mapping
from typing import Any

from recipes.common.config import RunConfig, recorded_settings
from recipes.common.light import without_keras

with without_keras():
    from keras_gans import precision
    from keras_gans.precision import Decision, Timer

AUTO = "auto"
# The settings that say how wide networks are, of whatever model.
WIDTHS = ("generator_width", "discriminator_width", "max_channels", "width")
WIDTH = 64  # where none says it


def decide(
    config: RunConfig,
    record: Mapping[str, Any] | None = None,
    *,
    timer: Timer | None = None,
) -> Decision:
    """Returns the precision of a run, and what it was chosen by.

    What was recorded holds, so that a resumed run goes on as it began,
    whatever machine it is on. Otherwise `auto` is measured; mixed_bfloat16
    that was asked for is measured too, and a warning printed if it is the
    slower one.

    Several machines that train one model have to choose alike, and TensorFlow
    computes this on the host of a TPU, which multiplies in bfloat16 anyway:
    there nothing is measured.

    Args:
        config: Settings of the run.
        record: Content of the config.json of a run that is resumed.
        timer: As for `keras_gans.precision.choose`.
    """
    if record is not None and recorded_policy(config, record) is not None:
        known = record.get("precision") or {}
        return Decision(**{"policy": recorded_policy(config, record)} | known)
    asked = config.precision
    if config.distribution in ("multi_worker", "tpu"):
        if asked != AUTO:
            return Decision(asked)
        if config.distribution == "tpu":
            return Decision("mixed_bfloat16", reason="as TPUs multiply")
        return Decision("float32", reason="several machines choose alike")
    if asked == "float32":
        return Decision(asked)
    found = precision.choose(*layer_size(config), timer=timer)
    if asked == AUTO:
        return found
    if found.ratio < 1:
        print(
            "warning: mixed_bfloat16 is slower than float32 on this machine: "
            f"a convolution takes {found.mixed_bfloat16_ms:g} ms, "
            f"{found.float32_ms:g} ms in float32. --precision=auto takes the "
            "faster one.",
            file=sys.stderr,
            flush=True,
        )
    return Decision(
        asked,
        float32_ms=found.float32_ms,
        mixed_bfloat16_ms=found.mixed_bfloat16_ms,
        ratio=found.ratio,
        reason="as asked",
    )


def recorded_policy(config: RunConfig, record: Mapping[str, Any]) -> str | None:
    """Returns the policy in which a recorded run computes.

    That is the recorded decision, or before there were any, the setting. None
    if the record says neither.
    """
    if record.get("precision"):
        return record["precision"]["policy"]
    settings = recorded_settings(type(config), record["settings"])
    setting = settings["precision"]
    return None if setting == AUTO else setting


def may_go_on(config: RunConfig, record: Mapping[str, Any]) -> bool:
    """Returns whether a run's precision may go on from a recorded one's."""
    return config.precision in (AUTO, recorded_policy(config, record))


def layer_size(config: RunConfig) -> tuple[int, int, int]:
    """Returns batch size, side in pixels and channels of a typical layer.

    Of images, features of half their side; other data have no side.
    """
    widths = [getattr(config, name, None) or 0 for name in WIDTHS]
    side = max(1, getattr(config, "resolution", 1) // 2)
    return config.batch_size, side, max(widths) or WIDTH


def described(config: RunConfig, decision: Decision) -> str:
    """Returns the precision of a run in words."""
    if config.precision != AUTO or not decision.reason:
        return decision.policy
    return f"{decision.policy} (auto: {decision.reason})"

"""The precision of a run: as asked, as recorded, or as measured."""

import dataclasses
import sys
from collections.abc import Mapping
from typing import Any

from recipes.common.config import RunConfig, recorded_settings
from recipes.common.light import without_keras

with without_keras():
    from keras_gans import precision
    from keras_gans.checks import sides
    from keras_gans.precision import Decision, Timer

AUTO = "auto"
# The settings that say how wide networks are, of whatever model.
WIDTHS = ("generator_width", "discriminator_width", "max_channels", "width")
WIDTH = 64  # where none says it
# What auto takes where nothing can be measured.
UNMEASURED = {
    "multi_worker": Decision("float32", reason="several machines, alike"),
    "tpu": Decision("mixed_bfloat16", reason="as TPUs multiply"),
}


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
    would measure the host of a TPU, which itself multiplies in bfloat16: there
    nothing is measured, see `UNMEASURED`.

    Args:
        config: Settings of the run.
        record: Content of the config.json of a run that is resumed.
        timer: As for `keras_gans.precision.choose`.

    Raises:
        ValueError: If mixed_bfloat16 was asked for, and does not run here.
    """
    policy = record and recorded_policy(config, record)
    if policy:
        return Decision(**{"policy": policy} | (record.get("precision") or {}))
    asked = config.precision
    if asked == "float32":
        return Decision(asked)
    if config.distribution in UNMEASURED:
        unmeasured = UNMEASURED[config.distribution]
        return unmeasured if asked == AUTO else Decision(asked)
    found = precision.choose(*layer_size(config), timer=timer)
    return found if asked == AUTO else _as_asked(asked, found)


def _as_asked(asked, found):
    """Returns the decision for what was asked, and warns of a bad one."""
    if found.ratio is None:
        raise ValueError(
            "precision must be one in which this machine computes. Received: "
            f"precision={asked}, and on it {found.reason}. Use "
            "--precision=auto or --precision=float32."
        )
    if found.ratio < 1:
        print(
            f"warning: {asked} is slower than float32 on this machine: a "
            f"convolution takes {found.mixed_bfloat16_ms:g} ms, "
            f"{found.float32_ms:g} ms in float32. --precision=auto takes the "
            "faster one.",
            file=sys.stderr,
            flush=True,
        )
    return dataclasses.replace(found, policy=asked, reason="as asked")


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

    Discriminators see a batch of real ones with one of generated ones. Of
    images, features have half the side; other data have no side.
    """
    widths = [getattr(config, name, None) or 0 for name in WIDTHS]
    side = max(1, min(sides(getattr(config, "resolution", 1))) // 2)
    return 2 * config.batch_size, side, max(widths) or WIDTH


def described(config: RunConfig, decision: Decision) -> str:
    """Returns the precision of a run in words."""
    if config.precision != AUTO or not decision.reason:
        return decision.policy
    return f"{decision.policy} (auto: {decision.reason})"

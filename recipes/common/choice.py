"""The model of a run in the precision in which its step is the faster one."""

import contextlib
import dataclasses
import gc
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recipes.common.announce import announce
from recipes.common.config import RunConfig
from recipes.common.light import without_keras
from recipes.common.precision import (
    AUTO,
    UNMEASURED,
    decide,
    recorded_policy,
)
from recipes.common.subject import Subject
from recipes.common.timing import time_step
from recipes.common.training import build_gan, build_in

with without_keras():
    from keras_gans.precision import (
        POLICIES,
        Decision,
        choose_by_step,
        is_clear,
    )

if TYPE_CHECKING:
    from keras_gans import GAN

# Shorter runs do not repay tracing their step in both precisions.
LONG_STEPS, LONG_MINUTES = 1000, 1.0
# Of a step's times the least of so many turns counts, each of some seconds.
TURNS, SECONDS = 2, 2.0


def build_chosen(
    config: RunConfig,
    subject: Subject,
    devices: contextlib.AbstractContextManager,
    record: Mapping[str, Any] | None = None,
    precision: Decision | None = None,
) -> tuple["GAN", contextlib.ExitStack, Decision, tuple[float, float] | None]:
    """Builds the model of a run in the precision given, recorded or faster.

    Args:
        config: Settings of the run.
        subject: What it trains on, and what builds the model.
        devices: As for `build_gan`.
        record: Content of the config.json of a run that is resumed.
        precision: What `decide` returned, if it was called before.

    Returns:
        What `build_faster` returns, without times where the step has not
        been timed.

    Raises:
        ValueError: As `decide` and `build_gan`.
    """
    given = precision or (record and recorded_policy(config, record))
    precision = precision or decide(config, record)
    if not given and is_open(config, precision):
        return build_faster(config, subject, devices)
    chosen = dataclasses.replace(config, precision=precision.policy)
    return *build_gan(chosen, subject.build, devices), precision, None


def is_open(config: RunConfig, decision: Decision) -> bool:
    """Returns whether a run's step has to say which precision is faster.

    It is where a timed layer does not, in runs that are long enough.

    Args:
        config: Settings of the run.
        decision: By the layer; a recorded one is not open.
    """
    if config.precision != AUTO or config.distribution in UNMEASURED:
        return False
    minutes = getattr(config, "minutes", None)
    long = config.steps >= LONG_STEPS
    if minutes is not None:
        long = minutes >= LONG_MINUTES
    return long and not is_clear(decision)


def build_faster(
    config: RunConfig,
    subject: Subject,
    devices: contextlib.AbstractContextManager | None = None,
) -> tuple["GAN", contextlib.ExitStack, Decision, tuple[float, float]]:
    """Builds the model of a run in both precisions and keeps the faster.

    Its training step has been traced.

    Args:
        config: Settings of the run.
        subject: What it trains on, and what builds the model.
        devices: As for `build_gan`.

    Returns:
        The model, the context in which to train it, the precision, and as
        `time_step` the seconds of the first step and of a step.

    Raises:
        ValueError: As `build_gan`.
    """
    first, second = POLICIES
    announce(
        "Timing the training step in both precisions, for which it is traced "
        "twice: some 30 seconds, or minutes with large networks ..."
    )
    gan, scope = build_gan(
        dataclasses.replace(config, precision=first), subject.build, devices
    )
    gans = {first: gan, second: build_in(second, config, subject.build)}
    times = _times(gans, subject, config)
    decision = choose_by_step(*(seconds for _, seconds in times.values()))
    gan = gans.pop(decision.policy)
    # The other model and its compiled step are large, and full of cycles.
    gans.clear()
    gc.collect()
    return gan, scope, decision, times[decision.policy]


def _times(gans, subject, config):
    """Returns seconds of each model's first step and the least of a step."""
    turns = {policy: [] for policy in gans}
    for _ in range(TURNS):
        for policy, gan in gans.items():
            batches = subject.training_batches(gan, 0)
            turns[policy].append(time_step(gan, batches, config, SECONDS))
    return {
        policy: (times[0][0], min(seconds for _, seconds in times))
        for policy, times in turns.items()
    }

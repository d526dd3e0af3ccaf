"""From minutes to steps: the arithmetic of a run with a budget of time."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from recipes.common.config import RunConfig

Config = TypeVar("Config", bound=RunConfig)

# Training that is lost when a run is killed is about a minute's at most.
BETWEEN_CHECKPOINTS = 60.0
# A rate that falls and an average want so many steps at least.
FEW_STEPS = 10


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run by minutes does on the machine that it was planned on.

    Attributes:
        minutes: The budget.
        seconds: Time that training takes by this plan.
        ms_per_step: Milliseconds of a training step, as measured.
        settings: `steps`, and the settings in steps, by name.
    """

    minutes: float
    seconds: float
    ms_per_step: float
    settings: Mapping[str, int]

    @property
    def steps(self) -> int:
        """Training steps."""
        return self.settings["steps"]

    @property
    def flags(self) -> list[str]:
        """The flags that give the same run, in steps."""
        return [f"--{name}={value}" for name, value in self.settings.items()]

    def apply(self, config: Config) -> Config:
        """Returns the settings of the same run by steps.

        What a command gives and a resumed run may change stays.
        """
        changes = {
            name: value
            for name, value in self.settings.items()
            if name not in config.given or name not in config.may_change
        }
        return dataclasses.replace(config, minutes=None, **changes)

    def remaining(self, step: int) -> str:
        """Returns what to say of a run that resumes after a step."""
        steps = self.steps - step
        seconds = self.seconds * steps / self.steps
        return f"{forecast(steps, seconds, self.ms_per_step)}, as planned."

    def record(self) -> dict[str, Any]:
        """Returns the plan as config.json has it."""
        return {
            "minutes": self.minutes,
            "seconds": round(self.seconds, 1),
            "ms_per_step": round(self.ms_per_step, 3),
            **self.settings,
            "flags": " ".join(self.flags),
        }

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> Self:
        """Returns the plan that `record` returned."""
        own = ("minutes", "seconds", "ms_per_step")
        others = (name for name in record if name not in (*own, "flags"))
        return cls(
            **{name: record[name] for name in own},
            settings={name: record[name] for name in others},
        )

    def shortage(self, config: RunConfig) -> str:
        """Returns what a schedule lacks by this plan, nothing if it fits.

        Args:
            config: Settings that the plan was made from.
        """
        start = self.settings.get("ema_start", 0)
        if self.steps < FEW_STEPS and self.steps < config.steps:
            return (
                f"--minutes={self.minutes:g} leaves time for {self.steps} of "
                f"these steps, and a schedule needs {FEW_STEPS} at least: "
                "little will be learned. Training all the same; give more "
                "minutes for more."
            )
        if start >= self.steps and getattr(config, "ema_decay", None):
            return (
                f"ema_start={start} is not reached in the {self.steps:,} steps "
                "of the plan: the averaged generator will be a copy. Training "
                "all the same; give more minutes, or leave --ema_start to the "
                "plan."
            )
        return ""


def make_plan(
    config: RunConfig,
    step_seconds: float,
    costs: Mapping[str, float],
    once: float = 0.0,
) -> Plan:
    """Returns the plan with the most steps that `config.minutes` has time for.

    These N steps take c + N·s + Σ cᵢ·⌊(N - 1) / nᵢ⌋ seconds: s each, and cᵢ
    for each of the interruptions every nᵢ steps; those after the last step
    come after training. Settings in steps are scaled with N, see `scaled`. N
    is at least 1 and at most `config.steps`, unless the command gave the
    minutes; it is a multiple of `steps_per_execution`.

    Args:
        config: Settings with `minutes`; those in steps are of `config.steps`.
        step_seconds: Positive float s.
        costs: cᵢ by the setting that is nᵢ, `sample_every` for example.
        once: Float c, of what takes as long however many steps there are.
    """
    budget = 60.0 * config.minutes
    at_once = config.steps_per_execution

    def planned(calls):
        settings = scaled(config, calls * at_once, step_seconds)
        return settings, once + _seconds(settings, step_seconds, costs)

    most = int(budget / (step_seconds * at_once))
    if "minutes" not in config.given:
        most = min(most, config.steps // at_once)
    # The most calls that fit lie from `fit` to `most`.
    fit, most = 1, max(most, 1)
    while fit < most:
        middle = (fit + most + 1) // 2
        if planned(middle)[1] <= budget:
            fit = middle
        else:
            most = middle - 1
    settings, seconds = planned(fit)
    return Plan(
        minutes=config.minutes,
        seconds=seconds,
        ms_per_step=1000.0 * step_seconds,
        settings=settings,
    )


def scaled(
    config: RunConfig, steps: int, step_seconds: float
) -> dict[str, int]:
    """Returns `steps` and the settings in steps, for training so long.

    Each keeps its share of the steps, at least 1 where it was positive; but
    what the command gave stays. Intervals are multiples of
    `steps_per_execution`, and checkpoints no more than about a minute apart.
    """
    settings = {"steps": steps}
    for name in config.in_steps:
        if name not in config.names():
            continue
        value = getattr(config, name)
        if value and name not in config.given:
            at_once = config.steps_per_execution if "every" in name else 1
            # Rounded up: never more intervals than of the preset's steps.
            calls = -(-value * steps // (config.steps * at_once))
            if name == "checkpoint_every":
                most = int(BETWEEN_CHECKPOINTS / (step_seconds * at_once))
                calls = min(calls, max(most, 1))
            value = calls * at_once
        settings[name] = value
    return settings


def _seconds(settings, step_seconds, costs):
    interruptions = sum(
        cost * ((settings["steps"] - 1) // settings[name])
        for name, cost in costs.items()
        if settings[name]
    )
    return settings["steps"] * step_seconds + interruptions


def occurrences(steps: int, every: int) -> int:
    """Returns how often a run does what it does every so many steps.

    It does so at its end too; 0 is at the end only.

    Example:
    >>> occurrences(7000, 1750), occurrences(7000, 2000), occurrences(7000, 0)
    (4, 4, 1)
    """
    return -(-steps // every) if every else 1


@dataclasses.dataclass(frozen=True)
class Ending:
    """Seconds of what follows training; 0 where they are not known."""

    evaluation: float = 0.0
    export: float = 0.0

    @property
    def told(self) -> str:
        """What to say of it after the duration of training."""
        seconds = self.evaluation + self.export
        if not seconds:
            return "; evaluation and export follow."
        return f", then about {duration(seconds)} to evaluate and export."


def forecast(steps: int, seconds: float, ms_per_step: float) -> str:
    """Returns what to say of training before it begins.

    >>> forecast(4100, 299.3, 73.0)
    '4,100 steps in about 5 minutes (73 ms a step)'
    """
    digits = 0 if ms_per_step >= 10 else 1
    plural = "" if steps == 1 else "s"
    return (
        f"{steps:,} step{plural} in about {duration(seconds)} "
        f"({ms_per_step:,.{digits}f} ms a step)"
    )


def duration(seconds: float) -> str:
    """Returns a time in words, to two digits.

    >>> [duration(seconds) for seconds in (60, 299, 5400, 200_000)]
    ['60 seconds', '5 minutes', '90 minutes', '56 hours']
    """
    units = (("second", 1), ("minute", 60), ("hour", 3600), ("day", 86400))
    # 90 seconds, but 1.6 minutes.
    unit, size = next(
        ((unit, size) for unit, size in units if seconds < 95 * size), units[-1]
    )
    count = max(round(seconds / size, 1), 1.0)
    count = round(count) if count >= 10 or unit == "second" else count
    return f"{count:g} {unit}{'' if count == 1 else 's'}"

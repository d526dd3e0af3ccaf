"""The settings that every recipe shares."""

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from recipes.common.light import without_keras

with without_keras():
    from keras_gans.checks import nearest
    from keras_gans.presets.fields import (
        Bounds,
        Count,
        Natural,
        Positive,
        Seed,
        Settings,
    )

SOURCES = {"tfds": "NAME", "folder": "PATH", "npz": "PATH"}
DATASET_FORMS = ("embedded", *map(":".join, SOURCES.items()))
# Ten steps that go everywhere; what a recipe has not is left out.
SMOKE_RUN = {
    "steps": 10,
    "minutes": None,
    "batch_size": 8,
    "ema_start": 0,
    "precision": "float32",
    "evaluate_every": 0,
    "sample_every": 5,
    "checkpoint_every": 5,
    "evaluation_samples": 100,
    "reference_samples": 200,
    "log_every": 5,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunConfig(Settings):
    """Settings of a run; a recipe's own configuration derives from it.

    Every field becomes a flag of the recipe, and the line that describes it
    here becomes the flag's help. A deriving class describes the fields it adds
    in the same way, and extends `__post_init__` by its own checks and
    `may_change` by fields that a resumed run may alter.

    Attributes:
        preset: Named settings to start from; other flags override them.
        dataset: embedded, tfds:NAME or tfds:NAME@SPLIT, folder:PATH or
            npz:PATH.
        data_dir: Where the prepared TFDS data sets lie.
        skip_bad_images: Leave out files that are not readable images.
        run_dir: Directory of the run; runs/RECIPE-PRESET if empty, followed by
            -BACKEND on other backends than tensorflow.
        seed: Seed of weights, data order, augmentation and latents.
        steps: Generator updates.
        minutes: Minutes of training, instead of steps: the step is measured
            on this machine, and steps, intervals in steps and ema_start are
            set to fit, but for those that the command gives. A preset that
            states minutes states the most steps too. none with --steps.
        batch_size: Images a discriminator update sees, over all replicas.
        steps_per_execution: Steps that the backend takes at one go, which
            saves time between short ones; steps and intervals must be
            multiples. 1 on torch.
        distribution: Strategy that spreads each batch over devices.
        virtual_devices: Split the CPU into so many devices; 0 leaves it whole.
        precision: Policy for computation and variables; auto times both when
            a run begins, and takes mixed_bfloat16 where it is faster.
        resume: Go on from the last checkpoint in run_dir, if there is one.
        export_dir: Where numbered exports go; saved_models/RECIPE if empty.
        augment: Augmentations of the real images alone: the generator learns
            to draw what they make, so that they suit what images may look
            like, as flips.
        evaluate_every: Steps between evaluations; 0 is at the end only.
        sample_every: Steps between sample grids; 0 is at the end only.
        checkpoint_every: Steps between checkpoints; 0 is at the end only.
        evaluation_samples: Generated images an evaluation compares.
        given: Names of the flags on the command line; not a flag itself.
    """

    preset: str = "cpu"
    dataset: str = "embedded"
    data_dir: str = ""
    skip_bad_images: bool = False
    run_dir: str = ""
    seed: Seed = 0
    steps: Count
    minutes: Positive | None = None
    batch_size: Count
    steps_per_execution: Count = 1
    distribution: Literal[
        "none", "mirrored", "multi_worker", "tpu", "data_parallel"
    ] = "none"
    virtual_devices: Natural = 0
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "float32"
    resume: bool = True
    export_dir: str = ""
    augment: tuple[Literal["flip", "translate", "cutout"], ...] = ()
    evaluate_every: Natural
    sample_every: Natural
    checkpoint_every: Natural
    evaluation_samples: Annotated[int, Bounds(minimum=2)]
    given: tuple[str, ...] = dataclasses.field(default=(), compare=False)

    # What there is no flag for.
    no_flag: ClassVar[tuple[str, ...]] = ("given",)
    # Settings that are so many of the `steps`, where a recipe has them.
    in_steps: ClassVar[tuple[str, ...]] = (
        "ema_start",
        "evaluate_every",
        "sample_every",
        "checkpoint_every",
    )
    may_change: ClassVar[tuple[str, ...]] = (
        "preset",
        "run_dir",
        "resume",
        "export_dir",
        "steps_per_execution",
        "evaluate_every",
        "sample_every",
        "checkpoint_every",
        "evaluation_samples",
    )

    def __post_init__(self):
        super().__post_init__()
        check_dataset(self.dataset)
        if self.minutes is not None and self.distribution == "multi_worker":
            raise ValueError(
                "Processes that train one model take the same steps, and each "
                f"would measure others. Received: minutes={self.minutes:g}, "
                "distribution=multi_worker. Give --steps instead."
            )
        intervals = ("evaluate_every", "sample_every", "checkpoint_every")
        for name in ("steps", *intervals):
            # A plan makes multiples of what is its own.
            planned = self.minutes is not None and name not in self.given
            if not planned and getattr(self, name) % self.steps_per_execution:
                raise ValueError(
                    f"{name} must be a multiple of steps_per_execution. "
                    f"Received: {getattr(self, name)} and "
                    f"{self.steps_per_execution}."
                )

    def smoke(self, **smaller: Any) -> Self:
        """Returns a run of ten steps that goes everywhere this one goes.

        Args:
            **smaller: Sizes of networks, or other than those of `SMOKE_RUN`.
        """
        run = {k: v for k, v in SMOKE_RUN.items() if k in self.names()}
        return dataclasses.replace(self, **run | smaller)

    def settings(self) -> dict[str, Any]:
        """Returns what there are flags for, by name."""
        names = (name for name in self.names() if name not in self.no_flag)
        return self.select(*names)

    @classmethod
    def preset_names(cls) -> list[str]:
        """The presets of the library, which a recipe has besides its own."""
        return []

    @classmethod
    def of_preset(cls, name: str) -> Self:
        """Returns the run of one of `preset_names()`."""
        raise NotImplementedError


def recorded_settings(
    config_class: type[RunConfig], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns the settings of an earlier run, as this version writes them.

    What the record does not have is as by default, since it was not to be
    chosen.
    """
    defaults = {
        field.name: field.default
        for field in dataclasses.fields(config_class)
        if field.default is not dataclasses.MISSING
    }
    return defaults | config_class.present(settings)


def check_dataset(dataset: str) -> None:
    """Raises ValueError for text that has none of the four dataset forms."""
    form, _, rest = dataset.partition(":")
    # Of TFDS, a split may be named.
    whole = form != "tfds" or all(rest.split("@", 1))
    if dataset == "embedded" or (form in SOURCES and rest and whole):
        return
    hint = _nearest_dataset(dataset)
    raise ValueError(
        f"dataset must have one of the forms {', '.join(DATASET_FORMS)}. "
        f"Received: {dataset!r}." + (f" Did you mean {hint!r}?" if hint else "")
    )


def _nearest_dataset(dataset: str) -> str | None:
    form, _, rest = dataset.partition(":")
    if dataset.lower().endswith(".npz"):
        return f"npz:{rest or dataset}"
    if "/" in form:
        return f"folder:{dataset}"
    match = nearest(form, ("embedded", *SOURCES))
    if match in SOURCES:
        return f"{match}:{rest.strip('@') or SOURCES[match]}"
    return match or (f"tfds:{dataset}" if dataset.isidentifier() else None)

"""The settings that every recipe shares."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from recipes.common.fields import check_range, field_kinds
from recipes.common.light import without_keras

with without_keras():
    from keras_gans.checks import nearest

SOURCES = {"tfds": "NAME", "folder": "PATH", "npz": "PATH"}
DATASET_FORMS = ("embedded", *map(":".join, SOURCES.items()))


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Settings of a run; a recipe's own configuration derives from it.

    Every field becomes a flag of the recipe, and the line that describes it
    here becomes the flag's help. A deriving class describes the fields it adds
    in the same way, and extends `__post_init__` by its own checks and
    `may_change` by fields that a resumed run may alter.

    Attributes:
        preset: Named settings to start from; other flags override them.
        dataset: embedded, tfds:NAME, folder:PATH or npz:PATH.
        data_dir: Where the prepared TFDS data sets lie.
        skip_bad_images: Leave out files that are not readable images.
        run_dir: Directory of the run; runs/RECIPE-PRESET if empty, followed by
            -BACKEND on other backends than tensorflow.
        seed: Seed of weights, data order, augmentation and latents.
        steps: Generator updates.
        batch_size: Images a discriminator update sees, over all replicas.
        steps_per_execution: Steps that the backend takes at one go, which
            saves time between short ones; steps and intervals must be
            multiples. 1 on torch.
        distribution: Strategy that spreads each batch over devices.
        virtual_devices: Split the CPU into so many devices; 0 leaves it whole.
        precision: Policy for computation and variables.
        resume: Go on from the last checkpoint in run_dir, if there is one.
        export_dir: Where numbered exports go; saved_models/RECIPE if empty.
        augment: Augmentations of the real images.
        evaluate_every: Steps between evaluations; 0 is at the end only.
        sample_every: Steps between sample grids; 0 is at the end only.
        checkpoint_every: Steps between checkpoints; 0 is at the end only.
        evaluation_samples: Generated images an evaluation compares.

    Raises:
        ValueError: If a field has a wrong type, or a value that it does not
            admit.
    """

    preset: str = "cpu"
    dataset: str = "embedded"
    data_dir: str = ""
    skip_bad_images: bool = False
    run_dir: str = ""
    seed: int = 0
    steps: int
    batch_size: int
    steps_per_execution: int = 1
    distribution: Literal[
        "none", "mirrored", "multi_worker", "tpu", "data_parallel"
    ] = "none"
    virtual_devices: int = 0
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    resume: bool = True
    export_dir: str = ""
    augment: tuple[Literal["flip", "translate", "cutout"], ...] = ()
    evaluate_every: int
    sample_every: int
    checkpoint_every: int
    evaluation_samples: int

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
        """Checks every field."""
        for name, kind in field_kinds(type(self)).items():
            kind.check(name, getattr(self, name))
        check_dataset(self.dataset)
        # Keras draws seeds as int32.
        check_range(self, "seed", minimum=0, maximum=2**31 - 1)
        for name in ("steps", "batch_size", "steps_per_execution"):
            check_range(self, name, minimum=1)
        for name in ("evaluate_every", "sample_every", "checkpoint_every"):
            check_range(self, name, minimum=0)
        check_range(self, "virtual_devices", minimum=0)
        check_range(self, "evaluation_samples", minimum=2)
        self._check_multiples()

    def _check_multiples(self):
        for name in (
            "steps",
            "evaluate_every",
            "sample_every",
            "checkpoint_every",
        ):
            if getattr(self, name) % self.steps_per_execution:
                raise ValueError(
                    f"{name} must be a multiple of steps_per_execution. "
                    f"Received: {getattr(self, name)} and "
                    f"{self.steps_per_execution}."
                )


def recorded_settings(
    config_class: type[RunConfig], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Returns recorded settings as a run of today would have recorded them.

    Fields that the record lacks have their defaults.

    Args:
        config_class: The configuration's class.
        settings: What config.json holds of an earlier configuration.
    """
    defaults = {
        field.name: field.default
        for field in dataclasses.fields(config_class)
        if field.default is not dataclasses.MISSING
    }
    return defaults | dict(settings)


def check_dataset(dataset: str) -> None:
    """Raises ValueError for text that has none of the four dataset forms."""
    form, _, rest = dataset.partition(":")
    if dataset == "embedded" or (form in SOURCES and rest):
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
        return f"{match}:{rest or SOURCES[match]}"
    return match or (f"tfds:{dataset}" if dataset.isidentifier() else None)

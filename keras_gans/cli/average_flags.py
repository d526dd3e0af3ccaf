"""The flags of `keras-gans average`, checked before any work."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated

from keras_gans.checks import one_of
from keras_gans.cli.flags import default_cache, import_plugins
from keras_gans.cli.options import help_of, texts_of, value_of
from keras_gans.metrics.registry import METRICS
from keras_gans.presets.fields import (
    Bounds,
    Count,
    Natural,
    Settings,
    field_kinds,
)
from keras_gans.presets.flags import HELP
from keras_gans.presets.training import Length

# Those of the paper's figures, but for its longest; the snapshots of a run
# with the flags' defaults make all of them.
LENGTHS = (0.02, 0.05, 0.10, 0.15, 0.20, 0.25)

_HELP = """\
usage: keras-gans average RUN_DIR [--name=value ...]

Makes averages of the generator of a run that was trained with --averages, of
several lengths, from its snapshots. Each is scored as the run's evaluations
are, against the run's own data; the best is written to RUN_DIR/average.keras
and all scores to RUN_DIR/average.json. Files that are there stay: the next
ones are average-2.keras and so on.

{flags}

examples:
  python -m recipes.quickstart --averages=0.05,0.10
  keras-gans average runs/quickstart-cpu
  keras-gans average runs/quickstart-cpu --lengths=0.08,0.10,0.12 \\
      --export_dir=saved_models/quickstart

Wrong flags and data exit with status 2, an interrupt with 130.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AverageOptions(Settings):
    """Which averages are made of which run; each field is a flag.

    Attributes:
        run_dir: Directory of the run; may be written without its name, first.
        lengths: Relative lengths of the averages, in (0, 0.28]: the standard
            deviation of the times that one is of, as a share of the run;
            0.02,0.05,0.10,0.15,0.20,0.25 where the snapshots make them.
        step: Training step that they are of; the last snapshot's.
        metrics: Scores to compute, fid among them; those of the run.
        count: Samples of each; those of the run's evaluations.
        reference: Real images, in the forms of the recipes' --dataset; those
            of the run.
        data_dir: Where the prepared TFDS data sets lie; as in the run.
        plugins: Modules that register layers or metrics of their own.
        export_dir: Where the best is exported, as a numbered version; not at
            all if empty.
        seed: Of latents; 0 has those of a run's evaluations.
        batch_size: Images generated at once.
        cache_dir: Where features of real images are kept.
    """

    run_dir: str = ""
    lengths: tuple[Length, ...] = ()
    step: Count | None = None
    metrics: tuple[str, ...] = ()
    count: Annotated[int, Bounds(minimum=2)] | None = None
    reference: str = ""
    data_dir: str = ""
    plugins: tuple[str, ...] = ()
    export_dir: str = ""
    seed: Natural = 0
    batch_size: Count = 250
    cache_dir: str = dataclasses.field(default_factory=default_cache)

    def __post_init__(self):
        super().__post_init__()
        if len(set(self.lengths)) < len(self.lengths):
            raise ValueError(
                f"--lengths must name each once. Received: {self.lengths}."
            )
        for name in self.metrics:
            one_of("metrics", name, METRICS)
        if self.metrics and "fid" not in self.metrics:
            raise ValueError(
                "--metrics must contain fid, by which the best average is "
                f"chosen. Received: {','.join(self.metrics)}."
            )


def read_options(argv: Sequence[str]) -> AverageOptions | None:
    """Returns the options of a command line, None once help is printed.

    Raises:
        ValueError: An unknown flag, a value that a flag does not admit, or
            no run.
    """
    kinds = field_kinds(AverageOptions)
    if argv and not argv[0].startswith("-"):
        argv = [f"--run_dir={argv[0]}", *argv[1:]]
    texts = texts_of(kinds, "average", argv)
    if HELP in texts:
        print(help_of(AverageOptions, kinds, _HELP), end="")
        return None
    if not texts.get("run_dir"):
        raise ValueError(
            "RUN_DIR is required: keras-gans average runs/quickstart-cpu. "
            "--help lists the flags."
        )
    values = {name: value_of(name, kinds[name], texts[name]) for name in texts}
    import_plugins(values.get("plugins", ()))
    return AverageOptions(**values)

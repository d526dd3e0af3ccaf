"""The flags of `keras-gans evaluate`, checked before any work."""

import dataclasses
import importlib
import pathlib
from collections.abc import Sequence
from typing import Annotated, Literal

from keras_gans import files
from keras_gans.cli.options import help_of, texts_of, value_of
from keras_gans.metrics.extractors.inception import PROTOCOLS
from keras_gans.metrics.registry import METRICS, default_metrics, needing
from keras_gans.presets.fields import (
    Bounds,
    Count,
    Natural,
    Resolution,
    Settings,
    field_kinds,
)
from keras_gans.presets.flags import HELP

# What everybody can have.
_ALL_EXTRACTORS = ("lite0", "inception")
_HELP = """\
usage: keras-gans evaluate --samples=PATH --reference=DATA [--name=value ...]

Scores generated images against real ones.

{flags}

Of a list that takes some of several values, all takes all.

examples:
  keras-gans evaluate --samples=runs/sagan-cpu/best.keras --reference=embedded
  keras-gans evaluate --samples=generated --reference=folder:real --json
  keras-gans evaluate --samples=saved_models/sagan --reference=npz:real.npz \\
      --extractor=inception --inception_protocol=clean,tensorflow

Wrong flags and data exit with status 2, an interrupt with 130.
"""

Several = Annotated[int, Bounds(minimum=2)]


def default_cache() -> str:
    """Returns where runs keep the features of real images too."""
    return str(files.cache_path("references"))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(Settings):
    """What is scored, against what, and how; each field is a flag.

    Attributes:
        samples: A .keras generator, an export, a folder of images or an npz.
        reference: Real images: embedded, tfds:NAME[@SPLIT], folder:PATH or
            npz:PATH.
        held_out: Real images that were not trained on, in the forms of
            --reference; for the metric memorization.
        count: Samples; 10000 of a generator, all stored images.
        reference_count: Real images; all of them.
        data_dir: Where the prepared TFDS data sets lie.
        split: Of a TFDS data set; train.
        skip_bad_images: Leave out files that are not readable images.
        resolution: Side to which images are brought, or height and width, as
            32x64; that of the samples.
        channels: 1 (grey) or 3 (colour); those of the samples.
        metrics: Scores to compute.
        plugins: Modules that register metrics of their own.
        inception_score_splits: Random groups of samples of the Inception
            score.
        extractor: Networks whose features are compared; all leaves lite1 out,
            whose weights are a package that is installed besides.
        evaluation_resolution: Pixels at which lite0 and lite1 see images.
        inception_weights: File of FID's Inception network; downloaded if not
            given.
        inception_protocol: Ways to resize for Inception; clean.
        seed: Of latents and subsets.
        batch_size: Images generated at once.
        json: File for scores and certificates; without a value they are
            printed instead of the table.
        cache_dir: Where features of real images are kept.
    """

    samples: str = ""
    reference: str = ""
    held_out: str = ""
    count: Several | None = None
    reference_count: Several | None = None
    data_dir: str = ""
    split: str = ""
    skip_bad_images: bool = False
    resolution: Resolution | None = None
    channels: Literal[1, 3] | None = None
    metrics: tuple[str, ...] = dataclasses.field(
        default_factory=default_metrics
    )
    plugins: tuple[str, ...] = ()
    inception_score_splits: Count = 10
    extractor: tuple[Literal["lite0", "lite1", "inception"], ...] = ("lite0",)
    evaluation_resolution: Annotated[int, Bounds(minimum=32)] = 96
    inception_weights: str = ""
    inception_protocol: tuple[Literal[*PROTOCOLS], ...] = ()
    seed: Natural = 0
    batch_size: Count = 250
    json: str = ""
    cache_dir: str = dataclasses.field(default_factory=default_cache)

    def __post_init__(self):
        super().__post_init__()
        for name in ("metrics", "extractor"):
            if not getattr(self, name):
                raise ValueError(
                    f"--{name} must name at least one. Received none. Leave "
                    "the flag out for the default."
                )
        if not pathlib.Path(self.json).parent.is_dir():
            raise FileNotFoundError(
                "--json must be a file in a folder that exists. Received: "
                f"{self.json}."
            )
        given = self.inception_weights or self.inception_protocol
        if given and "inception" not in self.extractor:
            raise ValueError(
                "--inception_weights and --inception_protocol belong to the "
                "extractor inception. Received: "
                f"--extractor={','.join(self.extractor)}. Add "
                "--extractor=inception."
            )
        if bool(needing(self.metrics, "held_out")) != bool(self.held_out):
            raise ValueError(
                "The metric "
                f"{', '.join(needing(tuple(METRICS), 'held_out'))} and "
                "--held_out belong together. "
                f"Received: --metrics={','.join(self.metrics)}, "
                f"--held_out={self.held_out!r}."
            )


def read_options(argv: Sequence[str]) -> Options | None:
    """Returns the options of a command line, None once help is printed.

    Raises:
        ValueError: An unknown flag, a value that a flag does not admit, or
            flags that do not fit together.
        FileNotFoundError: --json is in a folder that does not exist.
    """
    kinds = field_kinds(Options)
    texts = texts_of(kinds, "evaluate", argv)
    plugins = kinds["plugins"].parse("--plugins", texts.get("plugins", ""))
    import_plugins(plugins)
    # Plugins have registered theirs.
    metrics = dataclasses.replace(kinds["metrics"], choices=tuple(METRICS))
    kinds = {**kinds, "metrics": metrics}
    if HELP in texts:
        print(help_of(Options, kinds, _HELP), end="")
        return None
    for name in ("samples", "reference"):
        if not texts.get(name):
            raise ValueError(
                f"--{name} is required, for example "
                "--samples=runs/sagan-cpu/best.keras --reference=embedded. "
                "--help lists the flags."
            )
    if texts.get("extractor") == "all":
        texts = texts | {"extractor": ",".join(_ALL_EXTRACTORS)}
    values = {name: value_of(name, kinds[name], texts[name]) for name in texts}
    return Options(**values)


def import_plugins(names: Sequence[str]) -> None:
    """Imports modules, which register metrics."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ValueError(
                "--plugins must be modules that Python finds, for example on "
                f"PYTHONPATH. Received: {name} ({error})."
            ) from error

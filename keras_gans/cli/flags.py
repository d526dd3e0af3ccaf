"""The flags of `keras-gans evaluate`, checked before any work."""

import argparse
import importlib
import os
import pathlib
from collections.abc import Callable, Iterable
from typing import NoReturn

from keras_gans.checks import did_you_mean
from keras_gans.metrics.extractors.inception import PROTOCOLS
from keras_gans.metrics.registry import METRICS, default_metrics, needing

EXTRACTORS = ("lite0", "inception")

_EXAMPLES = """\
examples:
  keras-gans evaluate --samples=runs/sagan-cpu/best.keras --reference=embedded
  keras-gans evaluate --samples=generated --reference=folder:real --json
  keras-gans evaluate --samples=saved_models/sagan --reference=npz:real.npz \\
      --extractor=inception --inception_protocol=clean,tensorflow

Wrong flags and data exit with status 2, an interrupt with 130.
"""


# A value for each flag of `--help`, under its name.
Options = argparse.Namespace


class _Parser(argparse.ArgumentParser):
    """Raises where argparse would exit."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message[:1].upper()}{message[1:]}.")


def read_options(argv: list[str]) -> Options:
    """Returns the options of a command line.

    Raises:
        ValueError: An unknown flag, a value that a flag does not admit, or
            flags that do not fit together.
        SystemExit: With status 0, after `--help`.
    """
    _import_plugins(argv)
    values, rest = _parser().parse_known_args(argv)
    if rest:
        raise ValueError(_unknown(rest[0], vars(values)))
    # Not left to argparse, which would complain of these first.
    for name in ("samples", "reference"):
        if not getattr(values, name):
            raise ValueError(
                f"--{name} is required, for example "
                "--samples=runs/sagan-cpu/best.keras --reference=embedded. "
                "--help lists the flags."
            )
    given = values.inception_weights or values.inception_protocol
    if given and "inception" not in values.extractor:
        raise ValueError(
            "--inception_weights and --inception_protocol belong to the "
            "extractor inception. Received: "
            f"--extractor={','.join(values.extractor)}. Add "
            "--extractor=inception."
        )
    if bool(needing(values.metrics, "held_out")) != bool(values.held_out):
        raise ValueError(
            f"The metric {', '.join(needing(tuple(METRICS), 'held_out'))} and "
            "--held_out belong together. "
            f"Received: --metrics={','.join(values.metrics)}, "
            f"--held_out={values.held_out!r}."
        )
    values.inception_protocol = values.inception_protocol or ("clean",)
    return values


def _import_plugins(argv):
    """Imports the modules that `--plugins` names: they register metrics."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    _plugin_flag(parser.add_argument)
    for name in parser.parse_known_args(argv)[0].plugins:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ValueError(
                "--plugins must be modules that Python finds, for example on "
                f"PYTHONPATH. Received: {name} ({error})."
            ) from error


def _plugin_flag(add):
    add(
        "--plugins",
        type=_names,
        default=(),
        metavar="MODULE,...",
        help="modules that register metrics of their own",
    )


def _parser():
    parser = _Parser(
        prog="keras-gans evaluate",
        description="Scores generated images against real ones.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _data_flags(parser.add_argument)
    _size_flags(parser.add_argument)
    _metric_flags(parser.add_argument)
    _plugin_flag(parser.add_argument)
    _run_flags(parser.add_argument)
    return parser


def _data_flags(add):
    add(
        "--samples",
        metavar="PATH",
        help="a .keras generator, an export, a folder of images or an npz",
    )
    add(
        "--reference",
        metavar="DATA",
        help="real images: embedded, tfds:NAME[@SPLIT], folder:PATH, npz:PATH",
    )
    add(
        "--held_out",
        default="",
        metavar="DATA",
        help="real images that were not trained on, in the forms of "
        "--reference; for the metric memorization",
    )
    add(
        "--count",
        type=_integer(2),
        help="samples; 10000 of a generator, all stored images",
    )
    add("--reference_count", type=_integer(2), help="real images; all of them")
    add("--data_dir", help="where the prepared TFDS data sets lie")
    add("--split", help="of a TFDS data set; train")
    add(
        "--skip_bad_images",
        action="store_true",
        help="leave out files that are not readable images",
    )


def _size_flags(add):
    add(
        "--resolution",
        type=_integer(1),
        help="side to which images are brought; that of the samples",
    )
    add(
        "--channels",
        type=_integer(1),
        choices=(1, 3),
        help="1 (grey) or 3 (colour); those of the samples",
    )


def _metric_flags(add):
    by_default = default_metrics()
    others = [name for name in METRICS if name not in by_default]
    add(
        "--metrics",
        type=_some_of(tuple(METRICS)),
        default=by_default,
        metavar="A,B,...",
        help=f"of {', '.join(by_default)} (the default), and of "
        f"{', '.join(others)}; or all",
    )
    add(
        "--inception_score_splits",
        type=_integer(1),
        default=10,
        help="random groups of samples of the Inception score; 10",
    )
    add(
        "--extractor",
        type=_some_of(EXTRACTORS),
        default=("lite0",),
        metavar="A,B",
        help="lite0 (the default), inception, or both",
    )
    add(
        "--evaluation_resolution",
        type=_integer(32),
        default=96,
        help="pixels at which lite0 sees images; 96",
    )
    add(
        "--inception_weights",
        default="",
        metavar="PATH",
        help="file of FID's Inception network; downloaded if not given",
    )
    add(
        "--inception_protocol",
        type=_some_of(tuple(PROTOCOLS)),
        metavar="A,B,...",
        help=f"of {', '.join(PROTOCOLS)}; clean",
    )


def _run_flags(add):
    add("--seed", type=_integer(0), default=0, help="of latents and subsets; 0")
    add(
        "--batch_size",
        type=_integer(1),
        default=250,
        help="images generated at once; 250",
    )
    add(
        "--json",
        nargs="?",
        const="-",
        metavar="PATH",
        help="write scores and certificates to a file; without PATH print "
        "them instead of the table",
    )
    add(
        "--cache_dir",
        default=str(default_cache()),
        metavar="PATH",
        help="where features of real images are kept; %(default)s",
    )


def default_cache() -> pathlib.Path:
    """Returns where runs keep the features of real images too."""
    home = os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras"
    return pathlib.Path(home) / "keras_gans" / "references"


def _integer(minimum: int) -> Callable[[str], int]:
    def integer(text):
        number = int(text) if text.lstrip("-").isdecimal() else None
        if number is None or number < minimum:
            raise argparse.ArgumentTypeError(
                f"must be an integer of at least {minimum}. Received: {text!r}"
            )
        return number

    return integer


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _some_of(allowed: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def some_of(text):
        names = _names(text)
        if names == ("all",):
            return allowed
        wrong = [name for name in names if name not in allowed]
        if wrong or not names or len(set(names)) < len(names):
            hint = did_you_mean(wrong[0], allowed) if wrong else ""
            raise argparse.ArgumentTypeError(
                f"must be some of {', '.join(allowed)}, each once. "
                f"Received: {text!r}.{hint}".rstrip(".")
            )
        return names

    return some_of


def _unknown(argument: str, flags: Iterable[str]) -> str:
    if not argument.startswith("--"):
        return (
            "Flags are written --name=value. Received the argument "
            f"{argument!r}. --help lists the flags."
        )
    name = argument.partition("=")[0]
    hint = did_you_mean(name, [f"--{flag}" for flag in flags])
    return f"Unknown flag {name}.{hint} --help lists the flags."

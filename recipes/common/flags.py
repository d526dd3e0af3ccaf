"""Command-line flags derived from the fields of a configuration."""

import inspect
import textwrap
from collections.abc import Mapping, Sequence
from typing import TypeVar

from recipes.common.config import RunConfig
from recipes.common.light import without_keras

with without_keras():
    from keras_gans.checks import did_you_mean
    from keras_gans.presets.fields import Kind, field_kinds
    from keras_gans.presets.flags import HELP, flag_texts, flags_help

Config = TypeVar("Config", bound=RunConfig)


def read_config(
    config_class: type[Config],
    presets: Mapping[str, Config],
    argv: Sequence[str],
) -> Config | None:
    """Returns the preset's configuration with the given flags applied.

    Args:
        config_class: The dataclass whose fields are the flags.
        presets: Configurations by name; `--preset` chooses one, or one of
            the library's, and without it the default of the field `preset`,
            or else the first.
        argv: The command line, the program's name first.

    Returns:
        The validated configuration, or None if help was asked for.

    Raises:
        ValueError: For an unknown flag or preset, a value that a flag does
            not admit, or an argument that is no flag.
    """
    kinds = flag_kinds(config_class)
    texts = flag_texts(kinds, argv)
    asked = texts.pop(HELP, None)
    given = {
        name: kinds[name].parse(f"--{name}", text)
        for name, text in texts.items()
    }
    if asked:
        return None
    preset = given.pop("preset", default_preset(config_class, presets))
    names = (*presets, *config_class.preset_names())
    if preset not in names:
        raise ValueError(
            f"--preset must be one of {', '.join(names)}. Received: "
            f"{preset!r}.{did_you_mean(preset, names)}"
        )
    config = presets.get(preset) or config_class.of_preset(preset)
    return config.changed(preset=preset, **_timed(given), given=tuple(given))


def flag_kinds(config_class: type[RunConfig]) -> dict[str, Kind]:
    """Returns the kind of each flag, in order."""
    return {
        name: kind
        for name, kind in field_kinds(config_class).items()
        if name not in config_class.no_flag
    }


def _timed(given):
    """Returns flags, of which --steps takes the place of a preset's minutes."""
    if "steps" not in given:
        return given
    if given.get("minutes") is not None:
        raise ValueError(
            "A run is as long as --minutes or as --steps says. Received both: "
            f"--minutes={given['minutes']:g}, --steps={given['steps']}. Leave "
            "one of them out."
        )
    return given | {"minutes": None}


def default_preset(
    config_class: type[RunConfig], presets: Mapping[str, RunConfig]
) -> str:
    """Returns the preset that is used when none is named."""
    default = config_class.__dataclass_fields__["preset"].default
    return default if default in presets else next(iter(presets))


def help_text(
    config_class: type[RunConfig],
    presets: Mapping[str, RunConfig],
    name: str,
    doc: str,
) -> str:
    """Returns the help: usage, presets, and each flag with its defaults."""
    chosen = default_preset(config_class, presets)
    names = ", ".join(
        f"{preset} (default)" if preset == chosen else preset
        for preset in presets
    )
    defaults = {
        field: {key: getattr(config, field) for key, config in presets.items()}
        for field in config_class.names()
    }
    defaults["preset"] = {chosen: chosen}
    lines = [
        inspect.cleandoc(doc),
        "",
        f"Usage: python -m recipes.{name} [--flag=value ...]",
        "KERAS_BACKEND in the environment chooses tensorflow, jax or torch.",
        "",
        f"Presets: {names}",
        *_published(config_class.preset_names()),
        "",
        flags_help(config_class, flag_kinds(config_class), defaults, chosen),
    ]
    return "\n".join(lines)


def _published(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    text = f"Published configurations, as presets too: {', '.join(names)}"
    return textwrap.wrap(text, 78, subsequent_indent="  ")

"""Command-line flags derived from the fields of a configuration."""

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import TypeVar

from absl import flags

from recipes.common.config import RunConfig
from recipes.common.light import without_keras

with without_keras():
    from keras_gans.checks import did_you_mean
    from keras_gans.presets.fields import Kind, field_kinds

Config = TypeVar("Config", bound=RunConfig)

HELP = "help"


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
    kinds = field_kinds(config_class)
    given = parse_flags(kinds, argv)
    if given.pop(HELP, None):
        return None
    preset = given.pop("preset", default_preset(config_class, presets))
    names = (*presets, *config_class.preset_names())
    if preset not in names:
        raise ValueError(
            f"--preset must be one of {', '.join(names)}. Received: "
            f"{preset!r}.{did_you_mean(preset, names)}"
        )
    config = presets.get(preset) or config_class.of_preset(preset)
    return config.changed(preset=preset, **given)


def parse_flags(kinds: Mapping[str, Kind], argv: Sequence[str]) -> dict:
    """Returns the values of the flags that a command line gives.

    Raises:
        ValueError: If the command line is not made of these flags.
    """
    values = flags.FlagValues()
    parser = flags.ArgumentParser()
    for name, kind in {**kinds, HELP: Kind(bool)}.items():
        flag = flags.Flag(
            parser, None, name, None, name, boolean=kind.base is bool
        )
        flags.DEFINE_flag(flag, values)
    try:
        _, *positional = values(list(argv))
    except flags.UnrecognizedFlagError as error:
        hint = did_you_mean(error.flagname, tuple(kinds))
        raise ValueError(
            f"Unknown flag --{error.flagname}."
            + re.sub("'(.*)'", r"--\1", hint)
            + " --help lists the flags."
        ) from None
    except flags.Error as error:
        raise ValueError(f"{error}.") from None
    if positional:
        raise ValueError(
            "Flags are written --name=value. Received the argument "
            f"{positional[0]!r}. --help lists the flags."
        )
    given = {
        name: kind.parse(f"--{name}", values[name].value)
        for name, kind in kinds.items()
        if values[name].present
    }
    return given | {HELP: True} if values[HELP].present else given


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
    lines = [
        inspect.cleandoc(doc),
        "",
        f"Usage: python -m recipes.{name} [--flag=value ...]",
        "KERAS_BACKEND in the environment chooses tensorflow, jax or torch.",
        "",
        f"Presets: {names}",
        *_published(config_class.preset_names()),
        "",
        "Flags:",
    ]
    described = field_descriptions(config_class)
    for field, kind in field_kinds(config_class).items():
        defaults = {
            preset: preset if field == "preset" else getattr(config, field)
            for preset, config in presets.items()
        }
        if field == "preset":
            defaults = {chosen: chosen}
        takes = f"Takes {kind.described}." if kind.choices else ""
        text = f"{described[field]} {takes} {_defaults(defaults, chosen)}"
        lines.append(f"  --{field}")
        lines.append(
            textwrap.indent(textwrap.fill(" ".join(text.split()), 72), " " * 6)
        )
    return "\n".join(lines)


def _published(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    text = f"Published configurations, as presets too: {', '.join(names)}"
    return textwrap.wrap(text, 78, subsequent_indent="  ")


def _defaults(values: Mapping[str, object], chosen: str) -> str:
    shown = {preset: _written(value) for preset, value in values.items()}
    others = [
        f"{preset}: {text or 'empty'}"
        for preset, text in shown.items()
        if text != shown[chosen]
    ]
    if not others:
        return f"[{shown[chosen]}]" if shown[chosen] else ""
    return f"[{shown[chosen] or 'empty'} ({', '.join(others)})]"


def _written(value: object) -> str:
    """Returns a value as the command line has it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return str(value)


def field_descriptions(config_class: type) -> dict[str, str]:
    """Returns what the docstrings of a dataclass and its bases say of fields.

    Raises:
        TypeError: If the section `Attributes:` of no docstring names a field.
    """
    described = {}
    for base in reversed(config_class.__mro__):
        described |= attributes_section(base.__dict__.get("__doc__") or "")
    names = [field.name for field in dataclasses.fields(config_class)]
    missing = [name for name in names if name not in described]
    if missing:
        raise TypeError(
            "Every field is described under `Attributes:` in the docstring of "
            f"{config_class.__name__}. Missing: {', '.join(missing)}."
        )
    return described


def attributes_section(docstring: str) -> dict[str, str]:
    """Returns the entries of a Google-style docstring's `Attributes:`.

    >>> attributes_section('''Summary.
    ...
    ... Attributes:
    ...     width: Channels of
    ...         a block.
    ... ''')
    {'width': 'Channels of a block.'}
    """
    _, _, section = inspect.cleandoc(docstring).partition("Attributes:\n")
    entries, name = {}, None
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break
        entry = re.match(r" {4}(\w+): (.*)", line)
        if entry:
            name, text = entry.groups()
            entries[name] = text.strip()
        elif line.strip() and name:
            entries[name] += f" {line.strip()}"
    return entries

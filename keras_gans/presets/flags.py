"""Command-line flags of a declaration's fields, and their help.

Needs no Keras, so that a wrong flag is answered at once.
"""

import dataclasses
import inspect
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from absl import flags

from keras_gans.checks import did_you_mean
from keras_gans.presets.fields import Kind

HELP = "help"


def flag_texts(kinds: Mapping[str, Kind], argv: Sequence[str]) -> dict:
    """Returns the text of each flag that a command line gives.

    Args:
        kinds: What there are flags for, besides `HELP`.
        argv: The command line, the program's name first.

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
    return {
        name: values[name].value
        for name in (*kinds, HELP)
        if values[name].present
    }


def flags_help(
    config_class: type,
    kinds: Mapping[str, Kind],
    defaults: Mapping[str, Mapping[str, Any]],
    chosen: str,
) -> str:
    """Returns what each flag takes, and what it is by default.

    Args:
        config_class: The dataclass whose docstring describes the flags.
        kinds: What each flag admits.
        defaults: Of each flag, its value in each preset.
        chosen: The preset that is used when none is named.
    """
    described, lines = field_descriptions(config_class), ["Flags:"]
    for name, kind in kinds.items():
        takes = f"Takes {kind.described}." if kind.choices else ""
        text = f"{described[name]} {takes} {_defaults(defaults[name], chosen)}"
        lines.append(f"  --{name}")
        lines.append(
            textwrap.indent(textwrap.fill(" ".join(text.split()), 72), " " * 6)
        )
    return "\n".join(lines)


def _defaults(values: Mapping[str, Any], chosen: str) -> str:
    shown = {preset: _written(value) for preset, value in values.items()}
    others = [
        f"{preset}: {text or 'empty'}"
        for preset, text in shown.items()
        if text != shown[chosen]
    ]
    if not others:
        return f"[{shown[chosen]}]" if shown[chosen] else ""
    return f"[{shown[chosen] or 'empty'} ({', '.join(others)})]"


def _written(value: Any) -> str:
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

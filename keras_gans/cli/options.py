"""What the flags of all commands have in common; needs no Keras."""

from collections.abc import Mapping, Sequence
from typing import Any

from keras_gans.presets.fields import Kind, Settings
from keras_gans.presets.flags import flag_texts, flags_help


def texts_of(
    kinds: Mapping[str, Kind], command: str, argv: Sequence[str]
) -> dict[str, str]:
    """Returns the text of each flag that a command line gives.

    `--json` without a value is `-`, the standard output.

    Args:
        kinds: What there are flags for, besides `help`.
        command: Name of the command.
        argv: The flags.

    Raises:
        ValueError: If the command line is not made of these flags.
    """
    following = [*argv[1:], "--"]
    argv = [
        "--json=-" if flag == "--json" and after.startswith("--") else flag
        for flag, after in zip(argv, following, strict=False)
    ]
    return flag_texts(kinds, [command, *argv])


def value_of(name: str, kind: Kind, text: str) -> Any:
    """Returns what a flag's text stands for; `all` for all of several.

    Raises:
        ValueError: If the flag does not admit it.
    """
    if kind.repeated and kind.choices and text == "all":
        return kind.choices
    value = kind.parse(f"--{name}", text)
    kind.check(f"--{name}", value)
    return value


def help_of(
    options: type[Settings], kinds: Mapping[str, Kind], template: str
) -> str:
    """Returns the help of a command.

    Args:
        options: What declares the flags and their defaults.
        kinds: What the flags admit.
        template: Text with `{flags}` where their descriptions go.
    """
    defaults = options()
    values = {name: {"": getattr(defaults, name)} for name in kinds}
    return template.format(flags=flags_help(options, kinds, values, ""))

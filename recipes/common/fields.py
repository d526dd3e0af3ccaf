"""How the fields of a configuration are read from text, checked, described."""

import dataclasses
import math
import types
import typing
from typing import Any

from recipes.common.light import without_keras

with without_keras():
    from keras_gans.checks import did_you_mean

TRUE = ("true", "1", "yes")
FALSE = ("false", "0", "no")


@dataclasses.dataclass(frozen=True)
class Kind:
    """The values that a field admits.

    Attributes:
        base: bool, int, float or str: the type of one value.
        choices: The admissible values; empty where all of the type are.
        repeated: Whether the field is a tuple, written `a,b,c`.
        optional: Whether the field may be None, written `none`.
    """

    base: type
    choices: tuple = ()
    repeated: bool = False
    optional: bool = False

    @property
    def described(self) -> str:
        """The admissible values in words."""
        noun = {
            bool: "true or false",
            int: "an integer",
            float: "a finite number",
            str: "a string",
        }[self.base]
        if self.choices:
            values = ", ".join(map(str, self.choices))
            noun = f"some of {values}" if self.repeated else f"one of {values}"
        elif self.repeated:
            noun = f"a list whose members are each {noun}"
        return f"{noun}, or none" if self.optional else noun

    def parse(self, name: str, text: str) -> Any:
        """Returns the value that a command line's text stands for."""
        if self.optional and text.lower() == "none":
            return None
        if self.repeated:
            parts = [part.strip() for part in text.split(",") if part.strip()]
            return tuple(self._parse_one(name, part) for part in parts)
        return self._parse_one(name, text)

    def check(self, name: str, value: Any) -> None:
        """Raises ValueError for a value that the field does not admit."""
        if self.optional and value is None:
            return
        if not self.repeated:
            self._check_one(name, value)
            return
        if not isinstance(value, tuple):
            raise self._refusal(name, value)
        for part in value:
            self._check_one(name, part)
        if self.choices and len(set(value)) < len(value):
            raise ValueError(
                f"{name} must name each value once. Received: {value!r}."
            )

    def _parse_one(self, name: str, text: str) -> Any:
        if self.base is bool:
            if text.lower() not in TRUE + FALSE:
                raise self._refusal(name, text)
            return text.lower() in TRUE
        try:
            value = self.base(text)
        except ValueError:
            raise self._refusal(name, text) from None
        self._check_one(name, value)
        return value

    def _check_one(self, name: str, value: Any) -> None:
        admitted = (int, float) if self.base is float else self.base
        fits = isinstance(value, admitted)
        if isinstance(value, bool) and self.base is not bool:
            fits = False
        if fits and self.base is float:
            fits = math.isfinite(value)
        if not fits or (self.choices and value not in self.choices):
            raise self._refusal(name, value)

    def _refusal(self, name: str, value: Any) -> ValueError:
        hint = ""
        if isinstance(value, self.base):
            hint = did_you_mean(value, self.choices)
        return ValueError(
            f"{name} must be {self.described}. Received: {value!r}.{hint}"
        )


def field_kinds(config_class: type) -> dict[str, Kind]:
    """Returns the kind of each field of a dataclass, in order.

    Annotations may be bool, int, float, str, a Literal of one of these, a
    tuple of such (`tuple[str, ...]`), and each of these `| None`.

    Raises:
        TypeError: If a field is annotated otherwise.
    """
    hints = typing.get_type_hints(config_class)
    return {
        field.name: _kind(field.name, hints[field.name])
        for field in dataclasses.fields(config_class)
    }


def _kind(name: str, hint: Any) -> Kind:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in (bool, int, float, str):
        return Kind(hint)
    if origin is typing.Literal and len(set(map(type, arguments))) == 1:
        return Kind(type(arguments[0]), choices=arguments)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return dataclasses.replace(_kind(name, arguments[0]), repeated=True)
    if origin in (typing.Union, types.UnionType) and len(arguments) == 2:
        if arguments[1] is type(None):
            return dataclasses.replace(_kind(name, arguments[0]), optional=True)
    raise TypeError(
        f"The field `{name}` must be annotated with bool, int, float, str, "
        f"Literal, tuple[..., ...] of these, or one of them | None. "
        f"Received: {hint!r}."
    )


def check_range(
    config: Any,
    name: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> None:
    """Raises ValueError unless a number lies within bounds.

    Args:
        config: The configuration that holds the number.
        name: The number's field.
        minimum: Least admissible value.
        maximum: Greatest admissible value.
        above: Greatest lower bound that is itself inadmissible.
        below: Least upper bound that is itself inadmissible.
    """
    value = getattr(config, name)
    bounds = {
        "at least": (minimum, minimum is None or value >= minimum),
        "at most": (maximum, maximum is None or value <= maximum),
        "above": (above, above is None or value > above),
        "below": (below, below is None or value < below),
    }
    if all(holds for _, holds in bounds.values()):
        return
    rule = " and ".join(
        f"{word} {bound}"
        for word, (bound, _) in bounds.items()
        if bound is not None
    )
    raise ValueError(f"{name} must be {rule}. Received: {value!r}.")

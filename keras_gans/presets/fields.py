"""Settings that are declared once: their kinds, ranges, text and old forms.

A declaration is a frozen dataclass that derives from `Settings`. Its fields
are what a model's `from_settings` takes, what a preset file may state and what
a recipe has flags for. Needs no Keras.
"""

import dataclasses
import functools
import math
import operator
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Self

from keras_gans.checks import did_you_mean

TRUE = ("true", "1", "yes")
FALSE = ("false", "0", "no")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bounds:
    """Where a number must lie, as the annotation of a field says.

    Attributes:
        minimum: Least admissible value.
        maximum: Greatest admissible value.
        above: Greatest lower bound that is itself inadmissible.
        below: Least upper bound that is itself inadmissible.
    """

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None

    def check(self, name: str, value: float) -> None:
        """Raises ValueError for a number that does not lie there."""
        rules = (
            ("at least", self.minimum, operator.ge),
            ("at most", self.maximum, operator.le),
            ("above", self.above, operator.gt),
            ("below", self.below, operator.lt),
        )
        rules = [rule for rule in rules if rule[1] is not None]
        if not all(holds(value, bound) for _, bound, holds in rules):
            rule = " and ".join(f"{word} {bound}" for word, bound, _ in rules)
            raise ValueError(f"{name} must be {rule}. Received: {value!r}.")


class Sides(Bounds):
    """Marks a number that may be two: height and width, written HxW."""


Resolution = Annotated[int, Sides(minimum=1)]
Count = Annotated[int, Bounds(minimum=1)]
Natural = Annotated[int, Bounds(minimum=0)]
Positive = Annotated[float, Bounds(above=0)]
Weight = Annotated[float, Bounds(minimum=0)]
Decay = Annotated[float, Bounds(minimum=0, below=1)]
Share = Annotated[float, Bounds(above=0, maximum=1)]
# Keras draws seeds as int32.
Seed = Annotated[int, Bounds(minimum=0, maximum=2**31 - 1)]


@dataclasses.dataclass(frozen=True)
class Kind:
    """The values that a field admits.

    Attributes:
        base: bool, int, float or str: the type of one value.
        choices: The admissible values; empty where all of the type are.
        repeated: Whether the field is a tuple, written `a,b,c`.
        optional: Whether the field may be None, written `none`.
        bounds: Where numbers must lie.
        former: What a value was written like before, and is now.
    """

    base: type
    choices: tuple = ()
    repeated: bool = False
    optional: bool = False
    bounds: Bounds = Bounds()
    former: Mapping = dataclasses.field(default_factory=dict)

    @property
    def sides(self) -> bool:
        """Whether a value may be height and width, a pair of numbers."""
        return isinstance(self.bounds, Sides)

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
        if self.sides:
            noun += " or height and width as in 32x64"
        return f"{noun}, or none" if self.optional else noun

    def parse(self, name: str, text: str) -> Any:
        """Returns the value that a command line's text stands for."""
        if self.optional and text.lower() == "none":
            return None
        for value, present in self.former.items():
            if text == ("" if value == () else str(value)):
                return present
        if self.sides and "x" in text:
            parts = text.split("x")
            if len(parts) != 2:
                raise self._refusal(name, text)
            parts = [self._parse_one(name, part) for part in parts]
            return self.present(tuple(parts))
        if not self.repeated:
            return self._parse_one(name, text)
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return tuple(self._parse_one(name, part) for part in parts)

    def present(self, value: Any) -> Any:
        """Returns a value as it is written now.

        Lists, which JSON has, become tuples, and numbers of NumPy Python's.
        """
        value = value.tolist() if hasattr(value, "tolist") else value
        value = tuple(value) if isinstance(value, list) else value
        if self.sides and isinstance(value, tuple) and len(value) == 2:
            height, width = value
            value = height if height == width else value
        known = isinstance(value, str | int | tuple) and value in self.former
        return self.former[value] if known else value

    def check(self, name: str, value: Any) -> None:
        """Raises ValueError for a value that the field does not admit."""
        if self.optional and value is None:
            return
        if self.repeated and not isinstance(value, tuple):
            raise self._refusal(name, value)
        pair = self.sides and isinstance(value, tuple) and len(value) == 2
        for part in value if self.repeated or pair else (value,):
            self._check_one(name, part)
        if self.repeated and self.choices and len(set(value)) < len(value):
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
        # To Python a bool is an int.
        fits = isinstance(value, bool) == (self.base is bool)
        fits = fits and isinstance(value, admitted)
        if fits and self.base is float:
            fits = math.isfinite(value)
        if not fits or (self.choices and value not in self.choices):
            raise self._refusal(name, value)
        self.bounds.check(name, value)

    def _refusal(self, name: str, value: Any) -> ValueError:
        near = self.choices if isinstance(value, self.base) else ()
        return ValueError(
            f"{name} must be {self.described}. Received: {name}={value!r}."
            f"{did_you_mean(value, near)}"
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Named values; a deriving class declares them, and what they may be.

    The annotation of a field is its kind, see `field_kinds`. A class describes
    its fields under `Attributes:`, and checks in `__post_init__` what concerns
    several. None stands for a value that the paper, or another setting,
    decides.

    Raises:
        ValueError: If a field has a wrong type, or a value that it does not
            admit.
    """

    def __post_init__(self):
        for name, kind in field_kinds(type(self)).items():
            kind.check(name, getattr(self, name))

    @classmethod
    def names(cls) -> list[str]:
        """The fields' names, in order."""
        return [field.name for field in dataclasses.fields(cls)]

    @classmethod
    def present(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Returns settings as they are written now; others stay."""
        kinds = field_kinds(cls)
        return {
            name: kinds[name].present(value) if name in kinds else value
            for name, value in settings.items()
        }

    @classmethod
    def merged(
        cls, settings: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Returns settings with changes, and with what these bring along."""
        return {**settings, **changes}

    def changed(self, **changes: Any) -> Self:
        """Returns these settings with changes, and what they bring along."""
        return type(self)(**self.merged(self.select(*self.names()), changes))

    def select(self, *names: str) -> dict[str, Any]:
        """Returns the named fields."""
        return {name: getattr(self, name) for name in names}


def formerly(values: Mapping[Any, Any]) -> Any:
    """Returns a field, None by default, that was written otherwise before.

    Args:
        values: What it is now, by what it was; old records, presets and
            command lines may still say so.
    """
    return dataclasses.field(default=None, metadata={"former": values})


@functools.cache
def field_kinds(config_class: type) -> dict[str, Kind]:
    """Returns the kind of each field of a dataclass, in order.

    Annotations may be bool, int, float, str, a Literal of one of these,
    `Annotated` with `Bounds`, a tuple of such (`tuple[str, ...]`), and each of
    these `| None`.

    Raises:
        TypeError: If a field is annotated otherwise.
    """
    hints = typing.get_type_hints(config_class, include_extras=True)
    return {
        field.name: dataclasses.replace(
            _kind(field.name, hints[field.name]),
            former=field.metadata.get("former", {}),
        )
        for field in dataclasses.fields(config_class)
    }


def _kind(name: str, hint: Any) -> Kind:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in (bool, int, float, str):
        return Kind(hint)
    if origin is typing.Literal and len(set(map(type, arguments))) == 1:
        return Kind(type(arguments[0]), choices=arguments)
    further = {}
    if origin is Annotated:
        further = {"bounds": arguments[1]}
    elif origin is tuple and arguments[1:] == (Ellipsis,):
        further = {"repeated": True}
    elif origin in (typing.Union, types.UnionType):
        further = {"optional": True} if arguments[1:] == (type(None),) else {}
    if further:
        return dataclasses.replace(_kind(name, arguments[0]), **further)
    raise TypeError(
        f"The field `{name}` must be annotated with bool, int, float, str, "
        f"Literal, tuple[..., ...] of these, or one of them | None. "
        f"Received: {hint!r}."
    )

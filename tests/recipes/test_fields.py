import dataclasses
from typing import Literal

import pytest

from keras_gans.presets.fields import Bounds, Kind, field_kinds, formerly

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("annotated", "text", "value"),
    [
        ("learning_rate", ".5", 0.5),
        ("learning_rate", "2e-4", 2e-4),
        ("n_critic", "5", 5),
        ("resume", "FALSE", False),
        ("resume", "1", True),
        ("resolution", "64", 64),
        ("blocks", "8,16, 32", (8, 16, 32)),
        ("blocks", "", ()),
        ("augment", "cutout,flip", ("cutout", "flip")),
        ("truncation", "none", None),
        ("truncation", "0.5", 0.5),
        ("note", "none", "none"),
    ],
)
def test_text_becomes_a_value_of_the_annotated_type(
    fake, annotated, text, value
):
    parsed = field_kinds(fake.Config)[annotated].parse(annotated, text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("annotated", "text", "words"),
    [
        ("n_critic", "1.5", ["n_critic", "an integer", "'1.5'"]),
        ("n_critic", "", ["an integer", "''"]),
        ("learning_rate", "fast", ["a finite number", "'fast'"]),
        ("learning_rate", "nan", ["a finite number", "nan"]),
        ("learning_rate", "inf", ["a finite number", "inf"]),
        ("resume", "maybe", ["true or false", "'maybe'"]),
        ("resolution", "48", ["one of 32, 64, 128", "48", "Did you mean 32"]),
        ("precision", "mixed_bflot16", ["Did you mean 'mixed_bfloat16'"]),
        ("augment", "flp", ["some of flip, translate, cutout", "'flip'"]),
        ("truncation", "x", ["a finite number, or none", "'x'"]),
    ],
)
def test_inadmissible_text_is_refused_in_full(fake, annotated, text, words):
    with pytest.raises(ValueError) as refusal:
        field_kinds(fake.Config)[annotated].parse(annotated, text)
    for word in words:
        assert word in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", True),
        ("steps", 2.0),
        ("steps", "2"),
        ("steps", None),
        ("resume", 1),
        ("note", 3),
        ("learning_rate", float("inf")),
        ("augment", "flip"),
        ("augment", ("flip", "flip")),
        ("blocks", [1, 2]),
    ],
)
def test_a_configuration_refuses_values_of_another_type(fake, name, value):
    with pytest.raises(ValueError, match=f"{name} must .* Received: "):
        dataclasses.replace(fake.SMOKE, **{name: value})


def test_an_integer_is_a_number_too(fake):
    Kind(float).check("learning_rate", 1)


def test_an_annotation_without_a_flag_form_is_a_type_error():
    @dataclasses.dataclass
    class Wrong:
        blocks: dict

    with pytest.raises(TypeError, match="`blocks` must be annotated"):
        field_kinds(Wrong)


@pytest.mark.parametrize(
    ("bounds", "value", "holds"),
    [
        ({"minimum": 1}, 1, True),
        ({"minimum": 1}, 0, False),
        ({"maximum": 1}, 1, True),
        ({"maximum": 1}, 2, False),
        ({"above": 0, "below": 1}, 0.5, True),
        ({"above": 0, "below": 1}, 0, False),
        ({"above": 0, "below": 1}, 1, False),
    ],
)
def test_bounds_hold_or_are_named(bounds, value, holds):
    if holds:
        Bounds(**bounds).check("rate", value)
        return
    with pytest.raises(ValueError, match="rate must be") as refusal:
        Bounds(**bounds).check("rate", value)
    assert all(str(bound) in str(refusal.value) for bound in bounds.values())
    assert f"Received: {value}" in str(refusal.value)


def test_former_spellings_are_read_as_what_they_are_now():
    @dataclasses.dataclass
    class Renamed:
        width: int | None = formerly({0: None})
        rate: float = 0.0
        form: Literal["a", "b"] | None = formerly({"old": "a"})

    kinds = field_kinds(Renamed)
    assert kinds["width"].parse("width", "0") is None
    assert kinds["width"].present(0) is None
    assert kinds["width"].present(7) == 7
    assert kinds["rate"].present(0.0) == 0.0
    assert kinds["form"].parse("form", "old") == "a"
    assert kinds["form"].parse("form", "none") is None
    with pytest.raises(ValueError, match="one of a, b, or none"):
        kinds["form"].parse("form", "older")

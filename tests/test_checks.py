import numpy as np
import pytest

from keras_gans.checks import did_you_mean, integer, nearest, one_of

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("received", "allowed", "expected"),
    [
        ("mirored", ("none", "mirrored", "tpu"), "mirrored"),
        ("TENSORFLOW", ("tensorflow", "jax"), "tensorflow"),
        ("qqq", ("tensorflow", "jax"), None),
        (100, (32, 64, 128), 128),
        (1, (32, 64, 128), 32),
        (1, (), None),
    ],
)
def test_nearest_is_the_value_a_person_would_pick(received, allowed, expected):
    assert nearest(received, allowed) == expected


def test_no_suggestion_is_made_where_nothing_is_near():
    assert did_you_mean("qqq", ("cpu", "paper")) == ""
    assert did_you_mean("papre", ("cpu", "paper")) == " Did you mean 'paper'?"


@pytest.mark.parametrize("value", [3, np.int64(3)])
def test_whole_numbers_of_any_kind_are_integers(value):
    assert integer("count", value, minimum=3) == 3


@pytest.mark.parametrize("value", [2, 3.0, "3", True, None])
def test_what_is_no_such_integer_is_refused_with_its_name(value):
    with pytest.raises(ValueError, match="`count` must be an integer, at leas"):
        integer("count", value, minimum=3)


def test_a_choice_is_returned_or_the_nearest_one_named():
    assert one_of("mode", "abs", ("abs", "literal")) == "abs"
    with pytest.raises(ValueError, match=r"'litral'\. Did you mean 'literal'"):
        one_of("mode", "litral", ("abs", "literal"))
    with pytest.raises(ValueError, match=r"Received: mode=\['abs'\]\.$"):
        one_of("mode", ["abs"], ("abs", "literal"))

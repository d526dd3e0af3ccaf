"""The divergence of n-grams against its definition."""

import collections
import math

import numpy as np
import pytest

from keras_gans.metrics.scores.ngram import NgramDivergence

pytestmark = pytest.mark.once


def by_definition(real, fake, order):
    """Returns the divergence from dictionaries of relative frequencies."""

    def frequencies(lines):
        grams = collections.Counter(
            tuple(line[i : i + order])
            for line in lines
            for i in range(len(line) - order + 1)
        )
        total = sum(grams.values())
        return {gram: count / total for gram, count in grams.items()}

    p, q = frequencies(real), frequencies(fake)
    total = 0.0
    for gram in {*p, *q}:
        middle = (p.get(gram, 0) + q.get(gram, 0)) / 2
        for share in (p.get(gram, 0), q.get(gram, 0)):
            if share:
                total += share * math.log2(share / middle) / 2
    return total


def lines(seed, count=40, symbols=6, length=9):
    return np.random.default_rng(seed).integers(0, symbols, (count, length))


def test_it_is_the_definition():
    real, fake = lines(0), lines(1, symbols=5) ** 2 % 7
    result = NgramDivergence(real)(fake)
    assert list(result) == ["jsd_1", "jsd_2", "jsd_3", "jsd_4"]
    for order in (1, 2, 3, 4):
        expected = by_definition(real.tolist(), fake.tolist(), order)
        assert result[f"jsd_{order}"] == pytest.approx(expected, abs=1e-12)
        assert 0.01 < expected < 1.0


def test_it_is_symmetric():
    real, fake = lines(0), lines(1, symbols=4)
    forward = NgramDivergence(real)(fake)
    assert NgramDivergence(fake)(real) == pytest.approx(forward, abs=1e-12)


def test_the_same_lines_have_none_and_other_symbols_one_bit():
    real = lines(0)
    same = NgramDivergence(real)(real[::-1])
    assert same == pytest.approx(dict.fromkeys(same, 0.0), abs=1e-12)
    other = NgramDivergence(real)(real + 100)
    assert other == pytest.approx(dict.fromkeys(other, 1.0), abs=1e-12)


def test_two_distributions_of_one_bit_are_known():
    # p = (1, 0), q = (1/2, 1/2): H(3/4, 1/4) - H(1/2, 1/2) / 2 bits.
    result = NgramDivergence([[0, 0]], orders=(1,))([[0, 1]])
    entropy = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    assert result["jsd_1"] == pytest.approx(entropy - 0.5, abs=1e-12)


def test_orders_from_the_largest_vocabulary_do_not_collide():
    real = np.array([[2047, 0, 0, 0, 0]])
    fake = np.array([[0, 0, 0, 0, 2047]])
    result = NgramDivergence(real, orders=(1, 5))(fake)
    assert result == {"jsd_1": 0.0, "jsd_5": 1.0}


def test_grams_do_not_run_across_lines():
    result = NgramDivergence([[0, 1], [2, 3]], orders=(2,))([[1, 2]])
    assert result["jsd_2"] == 1.0


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (np.zeros((2, 3)), "dtype float64"),
        (np.full((2, 3), 2048), "from 0 to 2047"),
        (np.full((2, 3), -1), "from 0 to 2047"),
        (np.zeros(3, int), r"shape \(3,\)"),
        (np.zeros((0, 3), int), r"shape \(0, 3\)"),
    ],
)
def test_what_is_no_lines_of_tokens_is_refused(tokens, message):
    with pytest.raises(ValueError, match=message):
        NgramDivergence(tokens)


def test_lines_must_hold_the_longest_gram():
    with pytest.raises(ValueError, match="4, for lines of 3"):
        NgramDivergence(lines(0, length=3))
    with pytest.raises(ValueError, match="at least 4 tokens.*3"):
        NgramDivergence(lines(0))(lines(0, length=3))

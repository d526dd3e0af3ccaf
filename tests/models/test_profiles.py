"""Response profiles against their definitions, in float64."""

import numpy as np
import pytest

from keras_gans.models.profiles import check_lengths, combination, exponent

pytestmark = pytest.mark.once

KEPT = (0.05, 0.10)


def profile(time, length, count=200_000):
    """The density of an average that ends at `time`, on a grid of [0, 1]."""
    grid = (np.arange(count) + 0.5) / count
    gamma = exponent(length)
    values = (gamma + 1) * (grid / time) ** gamma / time
    return grid, np.where(grid <= time, values, 0.0)


def every(count):
    """Steps and lengths of so many snapshots, evenly spread over 3200."""
    steps = np.repeat(np.arange(1, count + 1) * 3200 / count, len(KEPT))
    return steps, KEPT * count


@pytest.mark.parametrize("length", [0.01, 0.05, 0.10, 0.25, 0.28])
def test_a_length_is_the_standard_deviation_of_the_profile(length):
    grid, density = profile(1.0, length)
    assert density.mean() == pytest.approx(1.0, rel=1e-5)
    mean = (density * grid).mean()
    deviation = np.sqrt((density * (grid - mean) ** 2).mean())
    assert deviation == pytest.approx(length, rel=1e-4)


def test_exponents_are_those_of_the_paper():
    # Karras et al., 2024, §3.1.
    assert exponent(0.05) == pytest.approx(16.97, abs=0.005)
    assert exponent(0.10) == pytest.approx(6.94, abs=0.005)


@pytest.mark.parametrize("length", [0.0, -0.1, 0.2887, 1.0, float("nan")])
def test_other_lengths_are_refused(length):
    with pytest.raises(ValueError, match="above 0 and at most 0.28. Received"):
        exponent(length)


def test_a_length_is_named_once():
    assert check_lengths([0.1, 0.05]) == (0.1, 0.05)
    with pytest.raises(ValueError, match="named once"):
        check_lengths([0.1, 0.1])


def test_what_was_kept_is_itself():
    steps, lengths = every(8)
    found = combination(steps, lengths, 3200, 0.10)
    expected = np.zeros(16)
    expected[-1] = 1.0
    np.testing.assert_allclose(found.factors, expected, atol=1e-9)
    assert found.residual == pytest.approx(0.0, abs=1e-6)
    # After an earlier step too.
    found = combination(steps[:8], lengths[:8], 1600, 0.05)
    assert found.factors[-2] == pytest.approx(1.0)


@pytest.mark.parametrize("length", [0.02, 0.07, 0.15, 0.25])
def test_the_residual_is_the_distance_of_the_profiles(length):
    steps, lengths = every(8)
    found = combination(steps, lengths, 3200, length)
    assert found.factors.sum() == pytest.approx(1.0, abs=1e-9)
    _, wanted = profile(1.0, length)
    parts = [
        profile(step / 3200, kept)[1]
        for step, kept in zip(steps, lengths, strict=True)
    ]
    missed = wanted - np.tensordot(found.factors, parts, 1)
    share = np.sqrt((missed**2).mean() / (wanted**2).mean())
    assert found.residual == pytest.approx(share, rel=1e-3)
    # No other sum of the same kind is nearer.
    for seed in range(5):
        change = np.random.default_rng(seed).normal(size=16) * 1e-3
        other = missed - np.tensordot(change - change.mean(), parts, 1)
        assert (other**2).mean() > (missed**2).mean()


def test_more_snapshots_come_nearer():
    residuals = [
        combination(*every(count), 3200, 0.15).residual
        for count in (4, 8, 16, 32)
    ]
    assert residuals == sorted(residuals, reverse=True)
    assert residuals[-1] < 0.01


def test_a_run_as_by_default_makes_every_usual_length():
    for length in (0.02, 0.05, 0.10, 0.15, 0.20, 0.25):
        found = combination(*every(32), 3200, length)
        assert found.holds
        assert found.residual < 0.05
        assert found.amplification < 20


def test_what_is_too_far_or_too_rough_does_not_hold():
    few = combination([1600, 3200], [0.1, 0.1], 3200, 0.02)
    assert few.residual > 0.5 and not few.holds
    steps = np.repeat(np.arange(1, 65) * 50, 2)
    rough = combination(steps, (0.15, 0.28) * 64, 3200, 0.02)
    assert rough.residual < 0.1 and rough.amplification > 100
    assert not rough.holds

"""The toy distributions against their closed forms."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from keras_gans.data.toy import NAMES, PointSet


def batches(name, count, batch_size=64, **options):
    dataset = PointSet(name).training_batches(batch_size, **options)
    return list(dataset.take(count).as_numpy_iterator())


def test_eight_modes_lie_on_a_circle():
    mixture = PointSet("8gaussians").mixture
    assert_allclose(np.hypot(*mixture.modes.T), 2 / 1.414)
    angles = np.sort(np.arctan2(*mixture.modes.T[::-1]) % (2 * np.pi))
    assert_allclose(np.diff(angles), np.pi / 4, atol=1e-9)
    assert_allclose(mixture.standard_deviation, 0.02 / 1.414)
    # The released code's first mode and a diagonal one.
    assert_allclose(mixture.modes[0], [1.41443, 0.0], atol=1e-5)
    assert_allclose(mixture.modes[1], [1.00015, 1.00015], atol=1e-5)


def test_twenty_five_modes_are_a_grid():
    mixture = PointSet("25gaussians").mixture
    axis = np.array([-4, -2, 0, 2, 4]) / 2.828
    expected = {(x, y) for x in axis.round(6) for y in axis.round(6)}
    assert {tuple(mode) for mode in mixture.modes.round(6)} == expected
    assert_allclose(mixture.standard_deviation, 0.05 / 2.828)


@pytest.mark.parametrize("name", ["8gaussians", "25gaussians"])
def test_points_are_normal_about_equally_probable_modes(name):
    points = PointSet(name)
    modes = points.mixture.modes
    sample = points.sample(50_000, seed=0).astype(float)
    offsets = sample[:, None] - modes
    nearest = np.square(offsets).sum(-1).argmin(1)
    counts = np.bincount(nearest, minlength=len(modes))
    expected = 50_000 / len(modes)
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)
    offsets = offsets[np.arange(len(sample)), nearest]
    offsets /= points.mixture.standard_deviation
    assert_allclose(offsets.mean(0), 0.0, atol=0.02)
    assert_allclose(np.cov(offsets.T), np.eye(2), atol=0.03)
    # The normal distribution's fourth moment.
    assert_allclose((offsets**4).mean(), 3.0, atol=0.15)


def test_the_swiss_roll_is_a_spiral_with_noise():
    sample = PointSet("swiss_roll").sample(50_000, seed=0).astype(float) * 7.5
    radius, angle = np.hypot(*sample.T), np.arctan2(sample[:, 1], sample[:, 0])
    # On the spiral the radius is the angle, plus whole turns.
    turns = (radius - angle) / (2 * np.pi)
    distance = (turns - turns.round()) * 2 * np.pi
    # The noise across the spiral, of 0.25, dominates that along it.
    assert_allclose(distance.std(), 0.25, rtol=0.05)
    assert 1.5 * np.pi - 1.2 < radius.min() < 1.5 * np.pi
    assert 4.5 * np.pi < radius.max() < 4.5 * np.pi + 1.2
    # t is uniform on [3π/2, 9π/2].
    assert_allclose(radius.mean(), 3 * np.pi, rtol=0.01)
    assert_allclose(radius.std(), 3 * np.pi / np.sqrt(12), rtol=0.02)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_follows_from_seed_and_step_alone(name):
    from_start = batches(name, 4, seed=7)
    resumed = batches(name, 2, seed=7, start_step=2)
    assert_array_equal(from_start[2:], resumed)
    assert from_start[0].shape == (64, 2)
    assert from_start[0].dtype == np.float32
    assert not np.array_equal(from_start[0], from_start[1])
    assert not np.array_equal(from_start[0], batches(name, 1, seed=8)[0])


def test_a_sample_is_no_training_batch():
    points = PointSet("swiss_roll")
    sample = points.sample(64, seed=0)
    assert_array_equal(sample, points.sample(64, seed=0))
    assert not np.array_equal(sample, batches("swiss_roll", 1, seed=0)[0])


def test_batches_have_no_end():
    assert PointSet("8gaussians").training_batches(2, seed=0).cardinality() < 0


def test_an_unknown_distribution_names_the_nearest():
    with pytest.raises(ValueError, match="Did you mean '8gaussians'"):
        PointSet("8gaussian")


@pytest.mark.parametrize(
    "change", [{"batch_size": 0}, {"seed": -1}, {"start_step": -1}]
)
def test_numbers_out_of_range_are_refused(change):
    [name] = change
    with pytest.raises(ValueError, match=f"`{name}` must be"):
        options = {"batch_size": 2, "seed": 0} | change
        PointSet("8gaussians").training_batches(**options)

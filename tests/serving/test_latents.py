"""Draws and paths in latent space."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from keras_gans.serving.latents import (
    draw_labels,
    draw_latents,
    spherical_path,
)

pytestmark = pytest.mark.once


def draw(seed, count, latent_dim=7, truncation=1.0):
    return draw_latents(
        tf.constant(seed, tf.int64),
        tf.constant(count),
        latent_dim,
        tf.constant(truncation, tf.float32),
    ).numpy()


def path(start, end, steps):
    return spherical_path(
        tf.constant(start, tf.float32), tf.constant(end, tf.float32), steps
    ).numpy()


def test_latents_are_standard_normal():
    values = draw(seed=1, count=20_000, latent_dim=5)
    assert scipy.stats.kstest(values.ravel(), "norm").pvalue > 0.01
    correlations = np.corrcoef(values.T) - np.eye(5)
    # Five standard deviations of a correlation of 20,000 pairs.
    assert np.abs(correlations).max() < 5 / np.sqrt(20_000)


@pytest.mark.parametrize("threshold", [0.5, 1.0, 2.0])
def test_truncation_keeps_the_normal_distribution_within_its_threshold(
    threshold,
):
    kept = scipy.stats.norm.cdf(threshold) - scipy.stats.norm.cdf(-threshold)
    values = draw(seed=2, count=4_000, truncation=kept).ravel()
    truncated = scipy.stats.truncnorm(-threshold, threshold)
    assert np.abs(values).max() <= threshold + 1e-5
    assert scipy.stats.kstest(values, truncated.cdf).pvalue > 0.01


def test_latents_are_finite_at_both_ends_of_the_uniform(monkeypatch):
    ends = tf.constant([0.0, 1.0 - 2.0**-23])
    monkeypatch.setattr(tf.random, "stateless_uniform", lambda *_, **__: ends)
    expected = scipy.stats.norm.ppf([2.0**-24, 1.0 - 2.0**-24])
    np.testing.assert_allclose(draw(0, 1), expected, rtol=1e-5)


@pytest.mark.parametrize("latent_dim", [1, 7, 128])
def test_a_longer_draw_begins_with_the_shorter_one(latent_dim):
    longer = draw(seed=3, count=33, latent_dim=latent_dim)
    for count in (1, 2, 5, 32):
        shorter = draw(seed=3, count=count, latent_dim=latent_dim)
        np.testing.assert_array_equal(shorter, longer[:count])


def test_seeds_of_64_bits_give_different_latents():
    seeds = [0, 1, -1, 2**32, 2**63 - 1, -(2**63)]
    first = {draw(seed, 1).tobytes() for seed in seeds}
    assert len(first) == len(seeds)


def test_labels_are_uniform_and_independent_of_their_number():
    seed = tf.constant(4, tf.int64)
    labels = draw_labels(seed, tf.constant(10_000), 10).numpy()
    assert scipy.stats.chisquare(np.bincount(labels)).pvalue > 0.01
    shorter = draw_labels(seed, tf.constant(37), 10).numpy()
    np.testing.assert_array_equal(shorter, labels[:37])


def test_a_path_follows_the_great_circle_at_constant_speed():
    angles = np.linspace(0.0, np.pi / 2, 7)
    expected = 3.0 * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    np.testing.assert_allclose(path([3, 0], [0, 3], 7), expected, atol=1e-6)


def test_a_path_agrees_with_the_formula_in_float64():
    start, end = np.random.default_rng(5).normal(size=(2, 64))
    cosine = start @ end / np.linalg.norm(start) / np.linalg.norm(end)
    angle = np.arccos(cosine)
    t = np.linspace(0.0, 1.0, 5)[:, None]
    expected = np.sin((1 - t) * angle) * start + np.sin(t * angle) * end
    np.testing.assert_allclose(
        path(start, end, 5), expected / np.sin(angle), atol=1e-5
    )


@pytest.mark.parametrize(
    "end",
    [[1.0, 2.0], [-1.0, -2.0], [0.0, 0.0], [2.5, 5.0], [1.0, 2.000001]],
    ids=["same", "opposite", "zero", "parallel", "nearly the same"],
)
def test_a_path_without_an_arc_is_a_straight_line(end):
    t = np.linspace(0.0, 1.0, 4)[:, None]
    expected = (1 - t) * [1.0, 2.0] + t * np.array(end)
    np.testing.assert_allclose(path([1, 2], end, 4), expected, atol=1e-6)


def test_a_path_between_zeros_stays_at_zero():
    np.testing.assert_array_equal(path([0, 0], [0, 0], 3), np.zeros((3, 2)))


@pytest.mark.parametrize("steps", [2, 3, 10])
def test_a_path_contains_both_ends_exactly(steps):
    ends = np.random.default_rng(6).normal(size=(2, 32)).astype("float32")
    latents = path(*ends, steps)
    assert latents.shape == (steps, 32)
    np.testing.assert_array_equal(latents[[0, -1]], ends)

"""Uniform latents made of normal ones."""

import math

import numpy as np
from keras import ops
from numpy.testing import assert_allclose

from keras_gans.layers import NormalToUniform


def test_it_is_the_normal_distribution_function():
    z = np.linspace(-4.0, 4.0, 33).reshape(3, 11)
    u = ops.convert_to_numpy(NormalToUniform()(z.astype("float32")))
    expected = [
        [2 * 0.5 * math.erfc(-v / math.sqrt(2)) - 1 for v in row] for row in z
    ]
    assert_allclose(u, expected, atol=1e-6)


def test_normal_latents_become_uniform():
    z = np.random.default_rng(0).normal(size=(20_000, 1)).astype("float32")
    u = np.sort(ops.convert_to_numpy(NormalToUniform()(z))[:, 0])
    # Kolmogorov-Smirnov: 1.63 / sqrt(N) is the 1 % point.
    ranks = (np.arange(20_000) + 0.5) / 20_000
    assert np.abs((u + 1.0) / 2.0 - ranks).max() < 1.63 / math.sqrt(20_000)

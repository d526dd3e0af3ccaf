"""Points in the plane: the toy distributions of WGAN-GP."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np

from keras_gans.checks import did_you_mean, integer
from keras_gans.data.order import stream
from keras_gans.data.runtime import tf

# First numbers of the random streams: training batches and samples to
# compare with never share a draw.
_TRAINING, _SAMPLE = 0, 1


@dataclasses.dataclass(frozen=True)
class Mixture:
    """Equally probable normal distributions of one standard deviation.

    Attributes:
        modes: Their means, `(K, 2)`.
        standard_deviation: Of each coordinate about its mean.
    """

    modes: np.ndarray
    standard_deviation: float


def eight_gaussians() -> Mixture:
    """Returns 8 modes on a circle, of radius 2 and σ = 0.02 before scaling.

    Everything is divided by 1.414, as in the released code.
    """
    angles = [math.pi / 4 * k for k in range(8)]
    modes = [(2 * math.cos(a), 2 * math.sin(a)) for a in angles]
    return Mixture(np.array(modes) / 1.414, 0.02 / 1.414)


def twenty_five_gaussians() -> Mixture:
    """Returns a 5 x 5 grid of spacing 2 and σ = 0.05 before scaling.

    Everything is divided by 2.828, as in the released code.
    """
    modes = list(itertools.product(range(-4, 5, 2), repeat=2))
    return Mixture(np.array(modes, float) / 2.828, 0.05 / 2.828)


MIXTURES = {
    "8gaussians": eight_gaussians,
    "25gaussians": twenty_five_gaussians,
}
NAMES = (*MIXTURES, "swiss_roll")


class PointSet:
    """A distribution of points in the plane, drawn afresh for each batch.

    - `8gaussians`, `25gaussians`: see `eight_gaussians` and
      `twenty_five_gaussians`.
    - `swiss_roll`: with u ~ U[0, 1), t = 3π/2 (1 + 2u) and n ~ N(0, 0.25² I),
      the point ((t cos t, t sin t) + n) / 7.5: the coordinates 0 and 2 of the
      usual roll in space.

    Args:
        name: One of `NAMES`.

    Attributes:
        name: What was given.
        mixture: The `Mixture` that is drawn from; None for the roll.

    Raises:
        ValueError: For another name.

    Example:
    >>> PointSet("25gaussians").mixture.modes.shape
    (25, 2)
    >>> PointSet("8gaussians").sample(1000, seed=0).shape
    (1000, 2)

    Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
    Figure 1; constants of the released code.
    """

    def __init__(self, name: str):
        if name not in NAMES:
            raise ValueError(
                f"Points are one of {', '.join(NAMES)}. Received: {name!r}."
                f"{did_you_mean(str(name), NAMES)}"
            )
        self.name = name
        self.mixture = MIXTURES[name]() if name in MIXTURES else None

    def training_batches(
        self, batch_size: int, *, seed: int, start_step: int = 0
    ) -> tf.data.Dataset:
        """Returns batches for ever.

        Batch k is a pure function of (seed, k): reading from `start_step=k`
        gives the batches that follow after k batches from the start.

        Args:
            batch_size: Points a batch, positive.
            seed: Integer of [0, 2^63).
            start_step: Number of the first batch.

        Returns:
            Prefetched float32 elements `(batch_size, 2)`.

        Raises:
            ValueError: If a number is out of range.
        """
        batch_size = integer("batch_size", batch_size, minimum=1)
        seed = integer("seed", seed, minimum=0)
        start_step = integer("start_step", start_step, minimum=0)
        steps = tf.data.Dataset.range(start_step, tf.int64.max)
        batches = stream(
            steps, lambda step: self._draw(batch_size, _TRAINING, seed, step)
        )
        return batches.prefetch(tf.data.AUTOTUNE)

    def sample(self, count: int, *, seed: int) -> np.ndarray:
        """Returns points that no training batch of that seed holds.

        Args:
            count: Number of points, positive.
            seed: Integer of [0, 2^63).

        Returns:
            float32 `(count, 2)`, a pure function of (count, seed).

        Raises:
            ValueError: If a number is out of range.
        """
        count = integer("count", count, minimum=1)
        seed = integer("seed", seed, minimum=0)
        with tf.device("CPU:0"):
            step = tf.constant(0, tf.int64)
            return self._draw(count, _SAMPLE, seed, step).numpy()

    def _draw(self, count, stream, seed, step):
        # One key for each (stream, seed, step) and purpose.
        keys = tf.random.experimental.stateless_split(
            tf.random.experimental.stateless_fold_in(
                tf.constant([seed, stream], tf.int64), step, alg="philox"
            ),
            2,
            alg="philox",
        )
        noise = tf.random.stateless_normal((count, 2), keys[0], alg="philox")
        if self.mixture is None:
            uniform = tf.random.stateless_uniform(
                (count,), keys[1], alg="philox"
            )
            t = 1.5 * math.pi * (1.0 + 2.0 * uniform)
            roll = tf.stack([t * tf.cos(t), t * tf.sin(t)], axis=-1)
            return (roll + 0.25 * noise) / 7.5
        modes = tf.constant(self.mixture.modes, tf.float32)
        index = tf.random.stateless_uniform(
            (count,), keys[1], 0, len(modes), tf.int32, alg="philox"
        )
        return tf.gather(modes, index) + (
            self.mixture.standard_deviation * noise
        )

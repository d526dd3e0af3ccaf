"""Relativistic average games: real images against the mean of the others."""

import abc
from typing import Any

import keras
from keras import ops

from keras_gans.losses.adversarial import (
    AdversarialLoss,
    as_float32,
    mean_over_images,
)


def required(real: Any) -> Any:
    """Returns scores of real images, which must be there."""
    if real is None:
        raise ValueError(
            "A relativistic loss compares generated with real images. "
            "Received: real=None. Give the scores of real images."
        )
    return real


class RelativisticAverage(AdversarialLoss):
    """Scores of one kind of images against the mean score of the other.

    With r = D(x) - E[D(G(z))], f = D(G(z)) - E[D(x)] and the cost φ(s) of a
    relative score s that ought to be high,

        L_D = E[φ(r)] + E[φ(-f)]
        L_G = E[φ(f)] + E[φ(-r)].

    Reference:
    [Jolicoeur-Martineau, 2018](https://arxiv.org/abs/1807.00734), equations
    13 and 14.
    """

    relativistic = True

    @abc.abstractmethod
    def cost(self, relative: Any) -> Any:
        """Returns φ of relative scores, elementwise."""

    def discriminator(self, real: Any, fake: Any) -> Any:
        return self._game(real, fake)

    def generator(
        self, fake: Any, real: Any = None, weights: Any = None
    ) -> Any:
        return self._game(fake, required(real), weights)

    def _game(self, better, worse, weights=None):
        """Returns the loss of scores of which the first should be higher."""
        better, worse = as_float32(better), as_float32(worse)
        above = self.cost(better - ops.mean(worse))
        below = self.cost(mean_over_images(better, weights) - worse)
        return mean_over_images(above, weights) + ops.mean(below)


@keras.saving.register_keras_serializable(package="keras_gans")
class RelativisticHinge(RelativisticAverage):
    """RaHinge, φ(s) = max(0, 1 - s): the loss of MSG-GAN."""

    def cost(self, relative: Any) -> Any:
        return ops.relu(1.0 - relative)


@keras.saving.register_keras_serializable(package="keras_gans")
class RelativisticNonSaturating(RelativisticAverage):
    """RaSGAN, φ(s) = softplus(-s)."""

    def cost(self, relative: Any) -> Any:
        return ops.softplus(-relative)


@keras.saving.register_keras_serializable(package="keras_gans")
class RelativisticLeastSquares(RelativisticAverage):
    """RaLSGAN, φ(s) = (s - 1)²."""

    def cost(self, relative: Any) -> Any:
        return ops.square(relative - 1.0)


@keras.saving.register_keras_serializable(package="keras_gans")
class RelativisticWasserstein(RelativisticAverage):
    """RaWGAN, φ(s) = -s: twice the Wasserstein losses.

    L_D = 2 (E[D(G(z))] - E[D(x)]) and L_G = -L_D: the generator's gradient is
    the Wasserstein one's doubled.
    """

    def cost(self, relative: Any) -> Any:
        return -relative

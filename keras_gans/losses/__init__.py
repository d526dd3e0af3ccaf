"""Adversarial losses: both players' objectives of one game side by side."""

from keras_gans.losses.adversarial import AdversarialLoss, get
from keras_gans.losses.decomposed_hinge import SpatiallyDecomposedHinge
from keras_gans.losses.functions import Functions
from keras_gans.losses.hinge import Hinge
from keras_gans.losses.least_squares import LeastSquares
from keras_gans.losses.non_saturating import DCGAN, NonSaturating, Saturating
from keras_gans.losses.relativistic import (
    RelativisticAverage,
    RelativisticHinge,
    RelativisticLeastSquares,
    RelativisticNonSaturating,
    RelativisticWasserstein,
)
from keras_gans.losses.wasserstein import Wasserstein

NAMES = {
    "hinge": Hinge,
    "non_saturating": NonSaturating,
    "dcgan": DCGAN,
    "saturating": Saturating,
    "least_squares": LeastSquares,
    "wasserstein": Wasserstein,
    "relativistic_hinge": RelativisticHinge,
    "relativistic_non_saturating": RelativisticNonSaturating,
    "relativistic_least_squares": RelativisticLeastSquares,
    "relativistic_wasserstein": RelativisticWasserstein,
}

__all__ = [
    "DCGAN",
    "NAMES",
    "AdversarialLoss",
    "Functions",
    "Hinge",
    "LeastSquares",
    "NonSaturating",
    "RelativisticAverage",
    "RelativisticHinge",
    "RelativisticLeastSquares",
    "RelativisticNonSaturating",
    "RelativisticWasserstein",
    "Saturating",
    "SpatiallyDecomposedHinge",
    "Wasserstein",
    "get",
]

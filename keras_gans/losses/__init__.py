"""Adversarial losses: both players' objectives of one game side by side."""

from typing import Any

import keras

from keras_gans.checks import did_you_mean
from keras_gans.losses.adversarial import AdversarialLoss
from keras_gans.losses.decomposed_hinge import SpatiallyDecomposedHinge
from keras_gans.losses.functions import Functions
from keras_gans.losses.hinge import Hinge
from keras_gans.losses.least_squares import LeastSquares
from keras_gans.losses.non_saturating import DCGAN, NonSaturating, Saturating
from keras_gans.losses.pairing import RelativisticPairing
from keras_gans.losses.relativistic import (
    RelativisticAverage,
    RelativisticHinge,
    RelativisticLeastSquares,
    RelativisticNonSaturating,
    RelativisticWasserstein,
)
from keras_gans.losses.top_k import TopK
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
    "relativistic_pairing": RelativisticPairing,
}

__all__ = [
    "NAMES",
    "AdversarialLoss",
    "Functions",
    "RelativisticAverage",
    "SpatiallyDecomposedHinge",
    "TopK",
    "get",
    *(kind.__name__ for kind in NAMES.values()),
]


def get(loss: Any) -> AdversarialLoss:
    """Returns an `AdversarialLoss` from an instance, a name or a config.

    Args:
        loss: An `AdversarialLoss`; one of the names of `NAMES`; two functions,
            a dict with the entries `generator` and `discriminator` (see
            `Functions`); or what `keras.saving.serialize_keras_object` made
            of an instance.

    Raises:
        ValueError: When it is none of these.
    """
    if isinstance(loss, dict) and set(loss) == {"generator", "discriminator"}:
        loss = Functions(**loss)
    if isinstance(loss, dict) and "class_name" in loss:
        loss = keras.saving.deserialize_keras_object(loss)
    if isinstance(loss, str) and loss in NAMES:
        loss = NAMES[loss]()
    if not isinstance(loss, AdversarialLoss):
        raise ValueError(
            "`loss` must be a keras_gans.losses.AdversarialLoss, two functions "
            'as {"generator": f, "discriminator": g}, or one of '
            f"{sorted(NAMES)}. Received: loss={loss!r}."
            f"{did_you_mean(str(loss), NAMES)}"
        )
    return loss

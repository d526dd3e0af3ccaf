"""Adversarial losses: both players' objectives of one game side by side."""

from keras_gans.losses.adversarial import AdversarialLoss, get
from keras_gans.losses.hinge import Hinge
from keras_gans.losses.non_saturating import NonSaturating

NAMES = {"hinge": Hinge, "non_saturating": NonSaturating}

__all__ = ["NAMES", "AdversarialLoss", "Hinge", "NonSaturating", "get"]

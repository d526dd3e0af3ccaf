"""Layers whose weights are neither trained nor saved."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_gans.layers.configured import ConfiguredLayer


class FixedLayer(ConfiguredLayer):
    """A layer whose weights follow from its config, and stay as they are.

    They are variables, which a traced step takes as it takes others, but no
    optimizer's, and in no file: whoever builds the layer makes them again.
    """

    def _add_fixed(self, name: str, value: np.ndarray) -> keras.Variable:
        def initializer(shape: Sequence[int], dtype: Any = None) -> np.ndarray:
            return value.astype(dtype)

        variable = self.add_weight(
            name=name,
            shape=value.shape,
            initializer=initializer,
            dtype="float32",
            trainable=False,
        )
        # What an average over parts of a batch may leave alone.
        variable.is_fixed = True
        return variable

    def save_own_variables(self, store: Any) -> None:
        """Saves nothing."""

    def load_own_variables(self, store: Any) -> None:
        """Loads nothing: the weights are there."""


def is_fixed(variable: keras.Variable) -> bool:
    """Whether a variable belongs to a `FixedLayer`: nothing moves it."""
    return getattr(variable, "is_fixed", False)

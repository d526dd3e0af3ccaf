"""Layers that state in their config what they were made with."""

from typing import Any

import keras


class ConfiguredLayer(keras.layers.Layer):
    """A layer whose config holds some of its attributes.

    Attributes:
        settings: Names of arguments of the constructor, whose values are
            attributes of the same name.
    """

    settings: tuple[str, ...] = ()

    def get_config(self) -> dict[str, Any]:
        own = {name: getattr(self, name) for name in self.settings}
        return super().get_config() | own

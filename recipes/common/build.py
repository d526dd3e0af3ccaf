"""From a recipe's settings to its compiled model."""

import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING

from recipes.common.gan_config import GANConfig

if TYPE_CHECKING:
    from keras_gans import GAN


def builder(model: str) -> Callable[[GANConfig, int], "GAN"]:
    """Returns a function from settings and a number of classes to the model.

    Args:
        model: Name of a class of keras_gans, or of one anywhere,
            `package.module:Class`; imported when needed. The configuration
            derives from its declaration, `Class.SETTINGS`.
    """
    path = model if ":" in model else f"keras_gans:{model}"

    def build(config: GANConfig, num_classes: int) -> "GAN":
        model_class = pkgutil.resolve_name(path)
        return model_class.from_settings(
            num_classes=num_classes,
            decay_steps=config.steps if config.learning_rate_decay else None,
            **config.select(*model_class.SETTINGS.names()),
        )

    return build

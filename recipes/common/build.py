"""From a recipe's settings to its compiled model."""

from typing import TYPE_CHECKING

from recipes.common.gan_config import GANConfig

if TYPE_CHECKING:
    from keras_gans import GAN


def build_model(
    model_class: type["GAN"], config: GANConfig, num_classes: int
) -> "GAN":
    """Returns the compiled model of a configuration.

    Args:
        model_class: A paper's class; the configuration derives from its
            declaration, `model_class.SETTINGS`.
        config: Settings of the recipe.
        num_classes: Classes of the data, 0 for an unconditional model.
    """
    return model_class.from_settings(
        num_classes=num_classes,
        decay_steps=config.steps if config.learning_rate_decay else None,
        **config.select(*model_class.SETTINGS.names()),
    )

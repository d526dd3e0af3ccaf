"""From a recipe's settings to its compiled model."""

import dataclasses
import inspect
from typing import TYPE_CHECKING

from recipes.common.gan_config import GANConfig

if TYPE_CHECKING:
    from keras_gans import GAN


def build_model(
    model_class: type["GAN"], config: GANConfig, num_classes: int, **settings
) -> "GAN":
    """Returns the compiled model of a configuration.

    Args:
        model_class: A paper's class, whose `from_settings` takes the fields
            of the configuration that have its arguments' names.
        config: Settings of the recipe.
        num_classes: Classes of the data, 0 for an unconditional model.
        **settings: Further settings, which come before the configuration's.
    """
    names = model_settings(model_class)
    fields = {field.name for field in dataclasses.fields(config)}
    chosen = {name: getattr(config, name) for name in names & fields}
    if config.learning_rate_decay:
        chosen["decay_steps"] = config.steps
    chosen["num_classes"] = num_classes
    return model_class.from_settings(**chosen | settings)


def model_settings(model_class: type["GAN"]) -> set[str]:
    """Returns the names of what `model_class.from_settings` takes."""
    from keras_gans.models import GAN
    from keras_gans.models.optimizers import make_optimizers

    takers = [model_class.from_settings, make_optimizers]
    takers += [
        base.__init__ for base in model_class.__mro__ if issubclass(base, GAN)
    ]
    return {name for taker in takers for name in parameters(taker)}


def parameters(function) -> list[str]:
    """Returns the names of the keyword arguments of a function."""
    return [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
        or parameter.default is not parameter.empty
    ]

"""What a run starts from: fresh weights, or those of a trained model."""

from typing import TYPE_CHECKING, Any

from recipes.common.config import RunConfig
from recipes.common.run_directory import RunDirectory

if TYPE_CHECKING:
    from keras_gans import GAN


def initialize(gan: "GAN", config: RunConfig) -> dict[str, Any]:
    """Gives a model the weights that `initialize_from` names, if it does.

    A run that goes on from a checkpoint takes nothing, and the model that it
    once started from need not be there any more.

    Args:
        gan: The model, built and compiled.
        config: Settings, with `run_dir` resolved.

    Returns:
        What the record of the run says of it; empty if nothing was taken.

    Raises:
        FileNotFoundError: When there is no such model.
        ValueError: When it is damaged or does not fit.
    """
    model = getattr(config, "initialize_from", "")
    if not model:
        return {}
    from keras_gans.callbacks.checkpoint import saved_weights
    from keras_gans.distribution import is_chief
    from keras_gans.transfer import initialize_from

    if saved_weights(RunDirectory(config.run_dir).checkpoints):
        return {}
    found = initialize_from(gan, model)
    if is_chief():
        print(found, flush=True)
    return {"initialized": found.record()}

"""A model built under the settings of a run, and its training."""

import contextlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from recipes.common.config import RunConfig
from recipes.common.precision import AUTO, decide
from recipes.common.run_directory import RunDirectory

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from keras_gans import GAN
    from keras_gans.callbacks import Averages

# Steps after which the progress bar and the printed mean losses start anew.
EPOCH = 1000


def build_gan(
    config: RunConfig,
    build: Callable[[], "GAN"],
    devices: contextlib.AbstractContextManager | None = None,
) -> tuple["GAN", contextlib.ExitStack]:
    """Builds the model of a run under its seed, strategy and precision.

    Args:
        config: Settings of the run.
        build: Function that returns the compiled GAN.
        devices: What `distribute` returned, if it was called before.

    Returns:
        The model, and the context in which to train it.

    Raises:
        ValueError: When the strategy or the batch size does not fit the
            devices, steps_per_execution not the backend, or as `build`.
    """
    import keras

    if config.steps_per_execution > 1 and keras.backend.backend() == "torch":
        raise ValueError(
            "steps_per_execution must be 1 on torch, which takes each step by "
            f"itself. Received: {config.steps_per_execution}."
        )

    from keras_gans.distribution import check_batch_size, distribute

    policy = config.precision
    if policy == AUTO:
        policy = decide(config).policy
    scope = contextlib.ExitStack()
    replicas = scope.enter_context(devices or distribute(config.distribution))
    check_batch_size(config.batch_size, replicas.replicas)
    return build_in(policy, config, build), scope


def build_in(
    policy: str, config: RunConfig, build: Callable[[], "GAN"]
) -> "GAN":
    """Returns the model of a run in a precision, alike whenever it is built.

    Args:
        policy: As Keras names it.
        config: Settings of the run.
        build: As for `build_gan`.
    """
    import keras

    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(policy)
    gan = build()
    gan.steps_per_execution = config.steps_per_execution
    keras.config.set_dtype_policy("float32")
    return gan


def averages(
    gan: "GAN", config: RunConfig, directory: RunDirectory
) -> list["Averages"]:
    """Returns the callback that keeps a model's averages, if it has any.

    Args:
        gan: The model.
        config: Settings of the run, in steps.
        directory: Of the run.
    """
    from keras_gans.callbacks import Averages

    if gan.power_averages is None:
        return []
    every = -(-config.steps // config.average_snapshots)
    return [Averages(directory.averages, every)]


def fit(
    gan: "GAN",
    batches: "tf.data.Dataset",
    config: RunConfig,
    callbacks: list["keras.callbacks.Callback"],
) -> None:
    """Trains from the model's step, where batches begin, to the run's last.

    One of the callbacks stops training there.
    """
    epoch, step = min(EPOCH, config.steps), gan.step
    at_once = config.steps_per_execution
    epoch = max(epoch - epoch % at_once, at_once)
    # The library's own data are in range: no batch is read to look.
    gan.image_range = None
    gan.fit(
        batches,
        steps_per_epoch=epoch,
        initial_epoch=step // epoch,
        epochs=step // epoch + math.ceil((config.steps - step) / epoch),
        callbacks=callbacks,
        shuffle=False,
    )

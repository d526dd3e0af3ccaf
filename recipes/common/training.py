"""What the runs of images, of points and of characters share."""

import contextlib
import json
import math
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from recipes.common.config import RunConfig
from recipes.common.run_directory import RunDirectory

if TYPE_CHECKING:
    from keras_gans import GAN

# Steps after which the progress bar and the printed mean losses start anew.
EPOCH = 1000


def build_gan(
    config: RunConfig, build: Callable[[], "GAN"]
) -> tuple["GAN", contextlib.ExitStack]:
    """Builds the model of a run under its seed, strategy and precision.

    Args:
        config: Settings of the run.
        build: Function that returns the compiled GAN.

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

    keras.utils.set_random_seed(config.seed)
    scope = contextlib.ExitStack()
    replicas = scope.enter_context(distribute(config.distribution))
    check_batch_size(config.batch_size, replicas.replicas)
    keras.config.set_dtype_policy(config.precision)
    gan = build()
    gan.steps_per_execution = config.steps_per_execution
    keras.config.set_dtype_policy("float32")
    return gan, scope


def fit(gan: "GAN", batches, config: RunConfig, callbacks: list) -> None:
    """Trains from the model's step to the last one of the run.

    Args:
        gan: The model, restored if it is.
        batches: Data from the model's step on.
        config: Settings of the run.
        callbacks: Of which one stops training at the last step.
    """
    epoch, step = min(EPOCH, config.steps), gan.step
    epoch -= epoch % config.steps_per_execution
    gan.fit(
        batches,
        steps_per_epoch=epoch,
        initial_epoch=step // epoch,
        epochs=step // epoch + math.ceil((config.steps - step) / epoch),
        callbacks=callbacks,
        shuffle=False,
    )


def evaluation_state(evaluation) -> dict:
    """Returns what a checkpoint keeps of the evaluations."""
    score = evaluation.best_score
    return {
        "seconds": evaluation.seconds,
        # JSON has no infinity, the best score before the first evaluation.
        "best_score": score if math.isfinite(score) else None,
        "leaders": evaluation.leaders.entries,
    }


def best_score(state: dict) -> float:
    """Returns the best score that a checkpoint keeps, infinity for none."""
    score = state.get("best_score")
    return math.inf if score is None else score


def export(
    gan: "GAN",
    config: RunConfig,
    recipe: str,
    directory: RunDirectory,
    *,
    manifest: dict | None = None,
    **options,
) -> pathlib.Path:
    """Exports the generator, unless this state of the run was before.

    Args:
        gan: The trained model.
        config: Settings of the run.
        recipe: Name of the recipe.
        directory: Directory of the run.
        manifest: Further entries of the manifest.
        **options: Of `keras_gans.serving.export_generator`.

    Returns:
        The directory of the version.
    """
    from keras_gans.serving import export_generator

    run = str(directory.path.resolve())
    earlier = exported(pathlib.Path(config.export_dir), run, gan.step)
    if earlier:
        return earlier
    metrics = directory.read_metrics()
    details = {
        "recipe": recipe,
        "run": run,
        "step": gan.step,
        "evaluation": metrics[-1] if metrics else None,
    }
    return export_generator(
        gan.sampling_generator,
        config.export_dir,
        latent_dim=gan.latent_dim,
        manifest=details | (manifest or {}),
        **options,
    )


def exported(
    directory: pathlib.Path, run: str, step: int
) -> pathlib.Path | None:
    """Returns where this state of this run was exported before, if it was."""
    for path in sorted(directory.glob("*/manifest.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest.get("run") == run and manifest.get("step") == step:
            return path.parent
    return None


def headline(
    gan: "GAN", config: RunConfig, subject: str, batch: str, step: int
) -> str:
    """Returns what to say of a run before it trains.

    Args:
        gan: The model.
        config: Settings of the run.
        subject: What it trains on.
        batch: What a training step sees.
        step: Training steps done before.
    """
    import keras

    generator, discriminator = (
        f"{network.count_params():,}"
        for network in (gan.generator, gan.discriminator)
    )
    lines = [
        f"{subject}; {keras.backend.backend()}, {config.precision}.",
        f"Generator {generator} parameters, discriminator {discriminator}; "
        f"{config.steps:,} steps of {batch}.",
    ]
    if step >= config.steps:
        lines.append(
            f"The run in {config.run_dir} has its {step:,} steps already; "
            "raise --steps to train on, or name another --run_dir."
        )
    elif step:
        lines.append(f"Resuming {config.run_dir} after step {step:,}.")
    return "\n".join(lines)


def summary(directory: RunDirectory, best: str, export_path) -> str:
    """Returns where the results of a run are.

    Args:
        directory: Directory of the run.
        best: What to say of the best evaluation, may be empty.
        export_path: Where the generator was exported.
    """
    samples = sorted(directory.samples.glob("step_*"))
    lines = [
        "",
        f"Samples    {samples[-1] if samples else directory.samples}",
        f"Logs       {directory.logs}",
        f"           tensorboard --logdir {directory.logs}",
        f"Final      {directory.final}",
        f"SavedModel {export_path}",
    ]
    if best:
        lines.insert(4, f"Best       {best}: {directory.best}")
    return "\n".join(lines)

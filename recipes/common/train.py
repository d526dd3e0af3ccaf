"""The run that every recipe of an image GAN makes: from data to export."""

import contextlib
import json
import math
import os
import pathlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from recipes.common.gan_config import GANConfig
from recipes.common.quiet import import_keras
from recipes.common.record import open_run
from recipes.common.run_directory import RunDirectory

if TYPE_CHECKING:
    from keras_gans import GAN
    from keras_gans.data import ImageSet

# Steps after which the progress bar and the printed mean losses start anew.
EPOCH = 1000


def prepare(
    config: GANConfig,
    recipe: str,
    build: Callable[[GANConfig, int], "GAN"],
) -> Callable[[], None]:
    """Loads the data, builds the model and opens the run directory.

    Whatever can be wrong with a command is found here, before training.

    Args:
        config: Settings, with directories resolved.
        recipe: Name of the recipe.
        build: Function from the settings and the number of classes to a
            compiled GAN.

    Returns:
        A function that trains, evaluates, samples and exports.

    Raises:
        ValueError: When settings, data and model do not fit together.
        FileNotFoundError: When a path does not exist.
    """
    import_keras()
    import keras

    from keras_gans.distribution import (
        check_batch_size,
        distribute,
        virtual_cpu_devices,
    )
    from keras_gans.metrics import EfficientNetLite0Features

    if config.virtual_devices:
        virtual_cpu_devices(config.virtual_devices)
    images = _load(config)
    # Made outside of a strategy: it runs on one device.
    extractor = EfficientNetLite0Features(config.evaluation_resolution)
    keras.utils.set_random_seed(config.seed)
    scope = contextlib.ExitStack()
    replicas = scope.enter_context(distribute(config.distribution))
    check_batch_size(config.batch_size, replicas.replicas)
    keras.config.set_dtype_policy(config.precision)
    gan = build(config, images.num_classes if config.conditional else 0)
    keras.config.set_dtype_policy("float32")
    directory = open_run(config, recipe)
    return partial(
        _run, config, recipe, images, extractor, gan, directory, scope
    )


def _load(config: GANConfig) -> "ImageSet":
    from keras_gans.data import load_images

    images = load_images(
        config.dataset,
        resolution=config.resolution,
        channels=config.channels,
        data_dir=config.data_dir or None,
        skip_bad_images=config.skip_bad_images,
    )
    if images.bad_images:
        print(f"Skipped {len(images.bad_images)} files that are no images.")
    if config.conditional and not images.num_classes:
        raise ValueError(
            "A conditional model needs labelled images. Received: "
            f"--dataset={config.dataset}, which has no labels. Give labelled "
            "data, or train without classes: --conditional=false."
        )
    return images


def _run(config, recipe, images, extractor, gan, directory, scope):
    """Trains, evaluates, samples and exports; prints where things are."""
    from keras_gans.callbacks import restore, save_generator

    with scope:
        state = restore(gan, directory.checkpoints) or {}
        step = state.get("step", 0)
        directory.rewind_metrics(step)
        print(_headline(config, recipe, images, gan, step))
        if step < config.steps:
            _fit(config, images, extractor, gan, directory, state)
        save_generator(gan.sampling_generator, directory.final)
        exported = _export(config, recipe, images, gan, directory)
    print(_summary(config, directory, exported))


def _fit(config, images, extractor, gan, directory, state):
    step = state.get("step", 0)
    batches = images.training_batches(
        config.batch_size * config.n_critic,
        seed=config.seed,
        start_step=step,
        augment=config.augment,
    )
    if not gan.num_classes and images.num_classes:
        batches = batches.map(lambda images, labels: images)
    epoch = min(EPOCH, config.steps)
    gan.fit(
        batches,
        steps_per_epoch=epoch,
        initial_epoch=step // epoch,
        epochs=step // epoch + math.ceil((config.steps - step) / epoch),
        callbacks=_callbacks(config, images, extractor, gan, directory, state),
        shuffle=False,
    )


def _callbacks(config, images, extractor, gan, directory, state):
    from keras_gans import callbacks
    from keras_gans.metrics import Reference

    reference = Reference.from_images(
        images.evaluation_batches(
            extractor.batch_size, limit=config.reference_samples
        ),
        extractor,
        name=images.name,
        content_hash=images.content_hash(),
        count=min(config.reference_samples, images.num_images),
        cache_dir=_cache(),
    )
    images_per_step = config.batch_size * config.n_critic
    evaluation = callbacks.Evaluation(
        reference,
        extractor,
        every=config.evaluate_every,
        samples=config.evaluation_samples,
        record=directory.append_metrics,
        best=directory.best,
        best_score=state.get("best_score") or math.inf,
        images_per_step=images_per_step,
        earlier_seconds=state.get("seconds", 0.0),
        log_dir=directory.logs,
    )
    return [
        callbacks.Throughput(images_per_step),
        callbacks.StopAt(config.steps),
        callbacks.TensorBoard(directory.logs, config.log_every),
        callbacks.WeightHistograms(directory.logs, config.evaluate_every),
        callbacks.SampleGrid(
            directory.samples,
            config.sample_every,
            seed=config.seed,
            log_dir=directory.logs,
        ),
        evaluation,
        callbacks.Checkpoint(
            directory.checkpoints,
            config.checkpoint_every,
            state=lambda: {
                "seconds": evaluation.seconds,
                "best_score": _finite(evaluation.best_score),
            },
        ),
    ]


def _finite(score):
    # JSON has no infinity, the best score before the first evaluation.
    return score if math.isfinite(score) else None


def _cache() -> pathlib.Path:
    home = os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras"
    return pathlib.Path(home) / "keras_gans" / "references"


def _export(config, recipe, images, gan, directory) -> pathlib.Path:
    from keras_gans.serving import export_generator

    run = str(directory.path.resolve())
    earlier = _exported(pathlib.Path(config.export_dir), run, gan.step)
    if earlier:
        return earlier
    metrics = directory.read_metrics()
    manifest = {
        "recipe": recipe,
        "run": run,
        "step": gan.step,
        "class_names": list(images.class_names) if gan.num_classes else [],
        "evaluation": metrics[-1] if metrics else None,
    }
    return export_generator(
        gan.sampling_generator,
        config.export_dir,
        latent_dim=gan.latent_dim,
        num_classes=gan.num_classes,
        manifest=manifest,
    )


def _exported(directory, run, step) -> pathlib.Path | None:
    """Returns where this state of this run was exported before, if it was."""
    for path in sorted(directory.glob("*/manifest.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest.get("run") == run and manifest.get("step") == step:
            return path.parent
    return None


def _headline(config, recipe, images, gan, step) -> str:
    import keras

    parameters = [
        f"{network.count_params():,}"
        for network in (gan.generator, gan.discriminator)
    ]
    classes = f", {gan.num_classes} classes" if gan.num_classes else ""
    lines = [
        f"{recipe} on {images.name}: {images.num_images:,} images of "
        f"{images.resolution}x{images.resolution}x{images.channels}{classes}; "
        f"{keras.backend.backend()}, {config.precision}.",
        f"Generator {parameters[0]} parameters, discriminator "
        f"{parameters[1]}; {config.steps:,} steps of "
        f"{config.batch_size * config.n_critic} images.",
    ]
    if step >= config.steps:
        lines.append(
            f"The run in {config.run_dir} has its {step:,} steps already; "
            "raise --steps to train on, or name another --run_dir."
        )
    elif step:
        lines.append(f"Resuming {config.run_dir} after step {step:,}.")
    return "\n".join(lines)


def _summary(config, directory: RunDirectory, exported) -> str:
    metrics = directory.read_metrics()
    best = min(metrics, key=lambda line: line["fid_lite0"], default=None)
    grids = sorted(directory.samples.glob("step_*.png"))
    lines = ["", f"Samples    {grids[-1] if grids else directory.samples}"]
    lines.append(f"Logs       {directory.logs}")
    lines.append(f"           tensorboard --logdir {directory.logs}")
    if best:
        lines.append(
            f"Best       FID-lite0 {best['fid_lite0']:.1f} at step "
            f"{best['step']:,}, after {best['seconds'] / 60:.1f} minutes of "
            f"training: {directory.best}"
        )
    lines.append(f"Final      {directory.final}")
    lines.append(f"SavedModel {exported}")
    return "\n".join(lines)

"""The run that every recipe of an image GAN makes: from data to export."""

import dataclasses
import os
import pathlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from recipes.common.gan_config import GANConfig
from recipes.common.quiet import import_keras
from recipes.common.record import open_run
from recipes.common.run_directory import RunDirectory
from recipes.common.training import (
    best_score,
    build_gan,
    evaluation_state,
    export,
    fit,
    headline,
    summary,
)

if TYPE_CHECKING:
    from keras_gans import GAN
    from keras_gans.data import ImageSet


def prepare(
    config: GANConfig,
    recipe: str,
    build: Callable[[GANConfig, int], "GAN"],
    load: Callable[[GANConfig], "ImageSet"] | None = None,
) -> Callable[[], None]:
    """Loads the data, builds the model and opens the run directory.

    Whatever can be wrong with a command is found here, before training.

    Args:
        config: Settings, with directories resolved.
        recipe: Name of the recipe.
        build: Function from the settings and the number of classes to a
            compiled GAN.
        load: Function from the settings to the real images; `load_data` by
            default.

    Returns:
        A function that trains, evaluates, samples and exports.

    Raises:
        ValueError: When settings, data and model do not fit together.
        FileNotFoundError: When a path does not exist.
    """
    import_keras()
    from keras_gans.distribution import virtual_cpu_devices

    if config.virtual_devices:
        virtual_cpu_devices(config.virtual_devices)
    images = (load or load_data)(config)
    held_out = None
    if config.held_out:
        held_out = load_images_of(config, config.held_out)
    # Made outside of a strategy: they run on one device.
    comparison = _Comparison(images, held_out, load_extractors(config))
    classes = images.num_classes if config.conditional else 0
    gan, scope = build_gan(config, partial(build, config, classes))
    directory = open_run(config, recipe)
    return partial(
        _run, config, recipe, images, comparison, gan, directory, scope
    )


@dataclasses.dataclass(frozen=True)
class _Comparison:
    """What evaluations compare generated images with, and by what."""

    images: "ImageSet"
    held_out: "ImageSet | None"
    extractors: list


def load_images_of(config: GANConfig, dataset: str) -> "ImageSet":
    """Returns a set of images in the size and colours of a configuration."""
    from keras_gans.data import load_images

    return load_images(
        dataset,
        resolution=config.resolution,
        channels=config.channels,
        data_dir=config.data_dir or None,
        skip_bad_images=config.skip_bad_images,
    )


def load_data(config: GANConfig) -> "ImageSet":
    """Returns the images of a configuration.

    Raises:
        ValueError: When there are none such, or no labels where needed.
        FileNotFoundError: When a path does not exist.
    """
    images = load_images_of(config, config.dataset)
    if images.bad_images:
        print(f"Skipped {len(images.bad_images)} files that are no images.")
    if config.conditional and not images.num_classes:
        raise ValueError(
            "A conditional model needs labelled images. Received: "
            f"--dataset={config.dataset}, which has no labels. Give labelled "
            "data, or train without classes: --conditional=false."
        )
    return images


def _run(config, recipe, images, comparison, gan, directory, scope):
    """Trains, evaluates, samples and exports; prints where things are."""
    from keras_gans.callbacks import restore, save_generator

    with scope:
        state = restore(gan, directory.checkpoints) or {}
        step = state.get("step", 0)
        directory.rewind_metrics(step)
        print(_headline(config, recipe, images, gan, step))
        if step < config.steps:
            _fit(config, images, comparison, gan, directory, state)
        save_generator(gan.sampling_generator, directory.final)
        names = list(images.class_names) if gan.num_classes else []
        exported = export(
            gan,
            config,
            recipe,
            directory,
            num_classes=gan.num_classes,
            manifest={"class_names": names},
        )
    print(summary(directory, _best(directory), exported))


def _fit(config, images, comparison, gan, directory, state):
    from keras_gans.callbacks import InputMonitor

    step = state.get("step", 0)
    batches = images.training_batches(
        config.images_per_step,
        seed=config.seed,
        start_step=step,
        augment=config.augment,
        dequantize=config.dequantize,
    )
    if not gan.num_classes and images.num_classes:
        batches = batches.map(lambda images, labels: images)
    monitor = InputMonitor(batches, log_dir=directory.logs)
    callbacks = _callbacks(config, images, comparison, gan, directory, state)
    fit(gan, monitor.batches, config, [monitor, *callbacks])


def _callbacks(config, images, comparison, gan, directory, state):
    from keras_gans import callbacks

    evaluation = callbacks.Evaluation(
        load_references(config, comparison.images, comparison.extractors),
        every=config.evaluate_every,
        samples=config.evaluation_samples,
        screening_samples=config.screening_samples,
        held_out=load_references(
            config, comparison.held_out, comparison.extractors
        ),
        record=directory.append_metrics,
        best=directory.best,
        keep_best=config.keep_best,
        best_score=best_score(state),
        leaders=state.get("leaders") or (),
        images_per_step=config.images_per_step,
        earlier_seconds=state.get("seconds", 0.0),
        log_dir=directory.logs,
    )
    return [
        callbacks.Throughput(config.images_per_step),
        callbacks.StopAt(config.steps),
        callbacks.TensorBoard(directory.logs, config.log_every),
        callbacks.WeightHistograms(directory.logs, config.evaluate_every),
        *_grids(config, gan, directory),
        evaluation,
        callbacks.Checkpoint(
            directory.checkpoints,
            config.checkpoint_every,
            state=partial(evaluation_state, evaluation),
        ),
    ]


def _grids(config, gan, directory):
    from keras_gans import MSGGAN, callbacks

    options = {"seed": config.seed, "log_dir": directory.logs}
    every = config.sample_every
    grids = [callbacks.SampleGrid(directory.samples, every, **options)]
    if isinstance(gan, MSGGAN):
        towers = directory.samples / "scales"
        grids.append(callbacks.MultiScaleGrid(towers, every, **options))
    return grids


def load_extractors(config: GANConfig) -> list:
    """Returns the feature extractors of a run's evaluations.

    Raises:
        FileNotFoundError: The weights of Inception are not where they should.
        ValueError: They are others.
    """
    from keras_gans.metrics import EfficientNetLite0Features, InceptionFeatures

    extractors = [EfficientNetLite0Features(config.evaluation_resolution)]
    if config.inception_weights:
        extractors.append(
            InceptionFeatures(
                config.inception_protocol,
                weights_path=config.inception_weights,
            )
        )
    return extractors


def load_references(
    config: GANConfig, images: "ImageSet | None", extractors: list
) -> list:
    """Returns what evaluations need of real images, cached on disk.

    One for each extractor; none without images.
    """
    from keras_gans.metrics import Reference

    if images is None:
        return []
    return [
        Reference.from_images(
            images.evaluation_batches(
                extractor.batch_size, limit=config.reference_samples
            ),
            extractor,
            name=images.name,
            content_hash=images.content_hash(),
            count=min(config.reference_samples, images.num_images),
            cache_dir=_cache(),
        )
        for extractor in extractors
    ]


def _cache() -> pathlib.Path:
    home = os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras"
    return pathlib.Path(home) / "keras_gans" / "references"


def _headline(config, recipe, images, gan, step) -> str:
    classes = f", {gan.num_classes} classes" if gan.num_classes else ""
    subject = (
        f"{recipe} on {images.name}: {images.num_images:,} images of "
        f"{images.resolution}x{images.resolution}x{images.channels}{classes}"
    )
    batch = f"{config.images_per_step} images"
    return headline(gan, config, subject, batch, step)


def _best(directory: RunDirectory) -> str:
    lines = [line for line in directory.read_metrics() if "fid_lite0" in line]
    if not lines:
        return ""
    best = min(lines, key=lambda line: line["fid_lite0"])
    interval = ""
    if "fid_lite0_low" in best:
        low, high = best["fid_lite0_low"], best["fid_lite0_high"]
        interval = f" ({low:.1f} to {high:.1f})"
    return (
        f"FID-lite0 {best['fid_lite0']:.1f}{interval} at step "
        f"{best['step']:,}, after {best['seconds'] / 60:.1f} minutes of "
        f"training{_tied(best, lines)}"
    )


def _tied(best, lines) -> str:
    """Says which other steps' intervals overlap the best one's."""
    tied = [
        f"{line['step']:,}"
        for line in lines
        if line is not best
        and "fid_lite0_low" in line
        and line["fid_lite0_low"] <= best["fid_lite0_high"]
    ]
    return f", tied with step {', '.join(tied)}" if tied else ""

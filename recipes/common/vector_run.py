"""The run of a GAN whose samples are not images: from data to export."""

import abc
import pathlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from recipes.common.quiet import import_keras
from recipes.common.record import open_run
from recipes.common.training import (
    best_score,
    build_gan,
    evaluation_state,
    export,
    fit,
    headline,
    summary,
)
from recipes.common.vector_config import VectorConfig

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from keras_gans import GAN


class Subject(abc.ABC):
    """What a run trains on, and how its samples are shown and measured.

    Attributes:
        kind: What the generator makes, as `keras_gans.serving` names it:
            `points` or `tokens`.
        description: What the data are, for the user.
        batch_noun: What a batch consists of.
        monitor: The score that decides which generator is the best, lower
            being better.
        manifest: Further entries of the export's manifest.
    """

    kind: str
    description: str
    batch_noun: str
    monitor: str
    manifest: dict

    @abc.abstractmethod
    def networks(self) -> tuple["keras.Model", "keras.Model"]:
        """Returns the generator and the critic."""

    @abc.abstractmethod
    def training_batches(
        self, batch_size: int, *, seed: int, start_step: int
    ) -> "tf.data.Dataset":
        """Returns endless batches, each a function of seed and step."""

    @abc.abstractmethod
    def scores(self, samples: np.ndarray) -> dict:
        """Returns the scores of the generator's outputs, `monitor` among."""

    @abc.abstractmethod
    def show(self, gan: "GAN", path: pathlib.Path, log_dir, step: int) -> None:
        """Writes what the model makes.

        Args:
            gan: The model.
            path: The file to write, with the suffix of images.
            log_dir: TensorBoard directory.
            step: Training steps done.
        """

    @abc.abstractmethod
    def verdict(self, scores: dict) -> str:
        """Returns scores in words."""


def prepare_vectors(
    config: VectorConfig,
    recipe: str,
    make_subject: Callable[[VectorConfig], Subject],
) -> Callable[[], None]:
    """Loads the data, builds the model and opens the run directory.

    Args:
        config: Settings, with directories resolved.
        recipe: Name of the recipe.
        make_subject: Function from the settings to what is trained on.

    Returns:
        A function that trains, evaluates, samples and exports.

    Raises:
        ValueError: When settings and data do not fit together.
        FileNotFoundError: When a path does not exist.
    """
    import_keras()
    from keras_gans.distribution import virtual_cpu_devices

    if config.virtual_devices:
        virtual_cpu_devices(config.virtual_devices)
    subject = make_subject(config)
    gan, scope = build_gan(config, partial(build_wgan, config, subject))
    directory = open_run(config, recipe)
    return partial(_run, config, recipe, subject, gan, directory, scope)


def build_wgan(config: VectorConfig, subject: Subject) -> "GAN":
    """Returns the compiled Wasserstein GAN of a configuration."""
    from keras_gans import GAN
    from keras_gans.models.optimizers import make_optimizers
    from keras_gans.penalties import GradientPenalty

    clipping = config.method == "wgan"
    generator, discriminator = subject.networks()
    penalty = GradientPenalty(config.penalty_weight, config.one_sided)
    gan = GAN(
        generator,
        discriminator,
        loss="wasserstein",
        penalty=None if clipping else penalty,
        weight_clipping=config.weight_clip if clipping else None,
        n_critic=config.n_critic,
        ema_decay=config.ema_decay,
        ema_start=config.ema_start,
        seed=config.seed,
    )
    rates = (
        (config.clipping_learning_rate,) * 2
        if clipping
        else (
            config.generator_learning_rate,
            config.discriminator_learning_rate,
        )
    )
    optimizers = make_optimizers(
        "rmsprop" if clipping else "adam",
        *rates,
        beta_1=config.beta_1,
        beta_2=config.beta_2,
        decay_steps=config.steps if config.learning_rate_decay else None,
        n_critic=config.n_critic,
    )
    gan.compile(*optimizers)
    return gan


def generated(gan: "GAN", count: int, seed: int) -> np.ndarray:
    """Returns `count` outputs of the sampling generator, from fixed latents."""
    latents = gan.fixed_latents(count, np.random.default_rng(seed))
    outputs = gan.sampling_generator.predict(
        latents, batch_size=1000, verbose=0
    )
    return np.asarray(outputs)


def _run(config, recipe, subject, gan, directory, scope):
    from keras_gans.callbacks import InputMonitor, restore, save_generator

    with scope:
        state = restore(gan, directory.checkpoints) or {}
        step = state.get("step", 0)
        directory.rewind_metrics(step)
        batch = f"{config.batch_size * config.n_critic} {subject.batch_noun}"
        about = f"{recipe} on {subject.description}, {config.method}"
        print(headline(gan, config, about, batch, step))
        evaluation, callbacks = _callbacks(
            config, subject, gan, directory, state
        )
        if step == 0:
            # What training starts from, to compare with.
            directory.append_metrics(
                {
                    "step": 0,
                    "images_seen": 0,
                    "seconds": 0.0,
                    **evaluation.evaluate(),
                }
            )
        if step < config.steps:
            batches = subject.training_batches(
                config.batch_size * config.n_critic,
                seed=config.seed,
                start_step=step,
            )
            monitor = InputMonitor(batches, log_dir=directory.logs)
            fit(gan, monitor.batches, config, [monitor, *callbacks])
        save_generator(gan.sampling_generator, directory.final)
        exported = export(
            gan,
            config,
            recipe,
            directory,
            outputs=subject.kind,
            manifest=subject.manifest,
        )
    print(summary(directory, _best(directory, subject), exported))


def _callbacks(config, subject, gan, directory, state):
    """Returns the evaluation, and all callbacks."""
    from keras_gans import callbacks
    from recipes.common.vector_callbacks import Samples, ScoreEvaluation

    samples_per_step = config.batch_size * config.n_critic
    evaluation = ScoreEvaluation(
        subject.scores,
        gan=gan,
        every=config.evaluate_every,
        samples=config.evaluation_samples,
        seed=config.seed,
        record=directory.append_metrics,
        best=directory.best,
        monitor=subject.monitor,
        best_score=best_score(state),
        images_per_step=samples_per_step,
        earlier_seconds=state.get("seconds", 0.0),
        log_dir=directory.logs,
    )
    return evaluation, [
        callbacks.Throughput(samples_per_step, subject.batch_noun),
        callbacks.StopAt(config.steps),
        callbacks.TensorBoard(directory.logs, config.log_every),
        callbacks.WeightHistograms(directory.logs, config.evaluate_every),
        Samples(subject.show, directory, config.sample_every),
        evaluation,
        callbacks.Checkpoint(
            directory.checkpoints,
            config.checkpoint_every,
            state=partial(evaluation_state, evaluation),
        ),
    ]


def _best(directory, subject) -> str:
    lines = [line for line in directory.read_metrics() if line["step"]]
    scored = [line for line in lines if line[subject.monitor] is not None]
    if not scored:
        return ""
    best = min(scored, key=lambda line: line[subject.monitor])
    return (
        f"{subject.verdict(best)} at step {best['step']:,}, after "
        f"{best['seconds'] / 60:.1f} minutes of training"
    )

"""Points and text as what a run trains on: by a Wasserstein GAN."""

import abc
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recipes.common.run_directory import RunDirectory
from recipes.common.subject import Subject
from recipes.common.vector_config import VectorConfig

if TYPE_CHECKING:
    import keras

    from keras_gans import GAN
    from keras_gans.callbacks import Evaluation


class Vectors(Subject):
    """Data that are no images; the generator's outputs themselves are scored.

    Args:
        config: Settings, with directories resolved.
        data: What is trained on, with `training_batches` as
            `keras_gans.data.PointSet` has.
        description: What that is, for the user.
    """

    scores_start = True

    def __init__(self, config: VectorConfig, data: Any, description: str):
        self.config, self.data = config, data
        self.description = f"{description}, {config.method}"
        self.per_step = config.batch_size * config.n_critic

    @abc.abstractmethod
    def networks(self) -> tuple["keras.Model", "keras.Model"]:
        """Returns the generator and the critic."""

    @abc.abstractmethod
    def scores(self, samples: np.ndarray) -> dict[str, Any]:
        """Returns the scores of the generator's outputs, `monitor` among."""

    @abc.abstractmethod
    def show(self, gan: "GAN") -> np.ndarray | str:
        """Returns a uint8 picture HWC, or a text, of what the model makes."""

    def build(self) -> "GAN":
        return build_wgan(self.config, *self.networks())

    def training_batches(self, gan: "GAN", start_step: int) -> Any:
        return self.data.training_batches(
            self.per_step, seed=self.config.seed, start_step=start_step
        )

    def generated(self, gan: "GAN", count: int) -> np.ndarray:
        """Returns outputs of the sampling generator, from fixed latents."""
        random = np.random.default_rng(self.config.seed)
        outputs = gan.sampling_generator.predict(
            gan.fixed_latents(count, random), batch_size=1000, verbose=0
        )
        return np.asarray(outputs)

    def evaluation(self, gan: "GAN", **options: Any) -> "Evaluation":
        from keras_gans import callbacks

        class Evaluation(callbacks.Evaluation):
            def evaluate(
                evaluation, samples: int | None = None
            ) -> dict[str, Any]:
                count = samples or evaluation.samples
                return self.scores(self.generated(gan, count))

        # There are no features: the outputs themselves are compared.
        return Evaluation(None, **options)

    def samples(
        self, gan: "GAN", directory: RunDirectory
    ) -> Sequence["keras.callbacks.Callback"]:
        from keras_gans.callbacks import Samples

        every = self.config.sample_every
        return [
            Samples(self.show, directory.samples, every, log_dir=directory.logs)
        ]


def build_wgan(
    config: VectorConfig,
    generator: "keras.Model",
    discriminator: "keras.Model",
) -> "GAN":
    """Returns the compiled Wasserstein GAN of a configuration."""
    from keras_gans import GAN
    from keras_gans.models.optimizers import make_optimizers
    from keras_gans.penalties import GradientPenalty

    clipping = config.method == "wgan"
    gan = GAN(
        generator,
        discriminator,
        loss="wasserstein",
        penalty=None
        if clipping
        else GradientPenalty(config.penalty_weight, config.one_sided),
        weight_clipping=config.weight_clip if clipping else None,
        n_critic=config.n_critic,
        ema_decay=config.ema_decay,
        ema_start=config.ema_start,
        seed=config.seed,
    )
    rates = (config.generator_learning_rate, config.discriminator_learning_rate)
    if clipping:
        rates = (config.clipping_learning_rate,) * 2
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

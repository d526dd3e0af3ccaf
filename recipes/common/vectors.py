"""Points and text as what a run trains on: by a Wasserstein GAN."""

import abc
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from recipes.common.config import RunConfig
from recipes.common.light import without_keras
from recipes.common.run_directory import RunDirectory
from recipes.common.subject import Subject

if TYPE_CHECKING:
    import keras

    from keras_gans import GAN
    from keras_gans.callbacks import Evaluation

with without_keras():
    from keras_gans.presets.fields import Count, Decay, Positive, Weight
    from keras_gans.presets.training import Rounds, StepSizes

RATES = ("generator_learning_rate", "discriminator_learning_rate")
# Flags of every recipe that mean nothing without images.
IMAGE_FLAGS = ("dataset", "data_dir", "skip_bad_images", "augment")


@dataclasses.dataclass(frozen=True, kw_only=True)
class VectorConfig(StepSizes, Rounds, RunConfig):
    """Settings of a run that trains a Wasserstein GAN on points or text.

    The flags `dataset`, `data_dir`, `skip_bad_images` and `augment` are about
    images and refused.

    Attributes:
        method: What bounds the critic's slope: a gradient penalty, with Adam,
            or the clipping of its weights, with RMSprop.
        latent_dim: Length of the latent vectors.
        penalty_weight: Weight λ of the gradient penalty.
        one_sided: Penalize only slopes above 1.
        weight_clip: Bound c of the clipped weights.
        clipping_learning_rate: RMSprop's step size of both players, with
            clipping.
        learning_rate_decay: Let the step sizes fall linearly to zero over
            the steps of the run.
        log_every: Steps between losses in TensorBoard.
    """

    method: Literal["wgan_gp", "wgan"] = "wgan_gp"
    latent_dim: Count
    n_critic: Count = 5
    penalty_weight: Weight = 10.0
    one_sided: bool = False
    weight_clip: Positive = 0.01
    beta_1: Decay = 0.5
    clipping_learning_rate: Positive = 5e-5
    learning_rate_decay: bool = False
    log_every: Count = 50

    may_change: ClassVar[tuple[str, ...]] = (*RunConfig.may_change, "log_every")

    def __post_init__(self):
        super().__post_init__()
        for name in IMAGE_FLAGS:
            if getattr(self, name) != getattr(RunConfig, name):
                raise ValueError(
                    f"{name} is about images, which this recipe has none of. "
                    f"Received: {getattr(self, name)!r}. Leave it out."
                )


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
        from keras_gans import GAN
        from keras_gans.models.optimizers import make_optimizers
        from keras_gans.penalties import GradientPenalty

        config = self.config
        if config.method == "wgan":
            optimizer, rates = "rmsprop_tf", [config.clipping_learning_rate] * 2
            bound = {"weight_clipping": config.weight_clip}
        else:
            optimizer, rates = "adam", config.select(*RATES).values()
            penalty = GradientPenalty(config.penalty_weight, config.one_sided)
            bound = {"penalty": penalty}
        gan = GAN(
            *self.networks(),
            loss="wasserstein",
            seed=config.seed,
            **bound,
            **config.select(*Rounds.names()),
        )
        optimizers = make_optimizers(
            optimizer,
            *rates,
            decay_steps=config.steps if config.learning_rate_decay else None,
            **config.select("beta_1", "beta_2", "n_critic"),
        )
        gan.compile(*optimizers)
        return gan

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

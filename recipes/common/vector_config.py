"""The settings of recipes whose samples are not images."""

import dataclasses
from typing import ClassVar, Literal

from recipes.common.config import RunConfig
from recipes.common.fields import check_range

# Flags of every recipe that mean nothing without images, at their defaults.
IMAGE_FLAGS = {
    "dataset": "embedded",
    "data_dir": "",
    "skip_bad_images": False,
    "augment": (),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class VectorConfig(RunConfig):
    """Settings of a run that trains a Wasserstein GAN on points or text.

    The flags `dataset`, `data_dir`, `skip_bad_images` and `augment` are about
    images and refused.

    Attributes:
        method: What bounds the critic's slope: a gradient penalty, with Adam,
            or the clipping of its weights, with RMSprop.
        latent_dim: Length of the latent vectors.
        n_critic: Critic updates a training step.
        penalty_weight: Weight λ of the gradient penalty.
        one_sided: Penalize only slopes above 1.
        weight_clip: Bound c of the clipped weights.
        generator_learning_rate: Adam's step size of the generator.
        discriminator_learning_rate: Adam's step size of the critic.
        beta_1: Adam's decay of the first moment.
        beta_2: Adam's decay of the second moment; RMSprop's only one.
        clipping_learning_rate: RMSprop's step size of both players, with
            clipping.
        learning_rate_decay: Let the step sizes fall linearly to zero over
            the steps of the run.
        ema_decay: Decay of the averaged generator; none for no average.
        ema_start: Step before which the average is a plain copy.
        log_every: Steps between losses in TensorBoard.
    """

    method: Literal["wgan_gp", "wgan"] = "wgan_gp"
    latent_dim: int
    n_critic: int = 5
    penalty_weight: float = 10.0
    one_sided: bool = False
    weight_clip: float = 0.01
    generator_learning_rate: float = 1e-4
    discriminator_learning_rate: float = 1e-4
    beta_1: float = 0.5
    beta_2: float = 0.9
    clipping_learning_rate: float = 5e-5
    learning_rate_decay: bool = False
    ema_decay: float | None = None
    ema_start: int = 0
    log_every: int = 50

    may_change: ClassVar[tuple[str, ...]] = (
        *RunConfig.may_change,
        "log_every",
    )

    def __post_init__(self):
        super().__post_init__()
        for name, default in IMAGE_FLAGS.items():
            if getattr(self, name) != default:
                raise ValueError(
                    f"{name} is about images, which this recipe has none of. "
                    f"Received: {getattr(self, name)!r}. Leave it out."
                )
        for name in ("latent_dim", "n_critic", "log_every"):
            check_range(self, name, minimum=1)
        check_range(self, "penalty_weight", minimum=0)
        for name in (
            "weight_clip",
            "generator_learning_rate",
            "discriminator_learning_rate",
            "clipping_learning_rate",
        ):
            check_range(self, name, above=0)
        for name in ("beta_1", "beta_2"):
            check_range(self, name, minimum=0, below=1)
        if self.ema_decay is not None:
            check_range(self, "ema_decay", minimum=0, below=1)
        check_range(self, "ema_start", minimum=0)

"""The settings of recipes whose samples are not images."""

import dataclasses
from typing import ClassVar, Literal

from recipes.common.config import RunConfig
from recipes.common.light import without_keras

with without_keras():
    from keras_gans.presets.fields import Count, Decay, Positive, Weight
    from keras_gans.presets.training import Rounds, StepSizes

# Flags of every recipe that mean nothing without images, at their defaults.
IMAGE_FLAGS = {
    "dataset": "embedded",
    "data_dir": "",
    "skip_bad_images": False,
    "augment": (),
}


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

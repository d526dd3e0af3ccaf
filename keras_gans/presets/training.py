"""Settings that the models of all papers share: optimizers, step, images."""

import dataclasses
import os
from typing import Annotated, Any, ClassVar, Literal

from keras_gans import presets
from keras_gans.checks import did_you_mean
from keras_gans.presets.augmentation import AugmentationSettings
from keras_gans.presets.fields import (
    Bounds,
    Count,
    Decay,
    Natural,
    Positive,
    Resolution,
    Seed,
    Settings,
    Weight,
)
from keras_gans.presets.projected import ProjectedSettings
from keras_gans.presets.regularizers import RegularizerSettings

# What presets state besides the settings of a model, because the data or the
# run decide it.
OF_THE_RUN = ("batch_size", "steps", "dequantize")
OF_THE_DATA = ("num_classes", "decay_steps")
# Of a power-function average, as a share of the run: the standard deviation of
# the times that it is of. That of the plain mean of all is 1/√12, or 0.289.
LONGEST = 0.28
Length = Annotated[float, Bounds(above=0, maximum=LONGEST)]
# The names of `keras_gans.losses.NAMES`, which needs Keras.
Loss = Literal[
    "hinge",
    "non_saturating",
    "dcgan",
    "saturating",
    "least_squares",
    "wasserstein",
    "relativistic_hinge",
    "relativistic_non_saturating",
    "relativistic_least_squares",
    "relativistic_wasserstein",
    "relativistic_pairing",
]


@dataclasses.dataclass(frozen=True, kw_only=True)
class StepSizes(Settings):
    """How far an update goes.

    Attributes:
        generator_learning_rate: Step size of the generator.
        discriminator_learning_rate: Step size of the discriminator.
        beta_1: Adam's decay of the first moment.
        beta_2: Adam's decay of the second moment; RMSprop's only one.
    """

    generator_learning_rate: Positive = 1e-4
    discriminator_learning_rate: Positive = 1e-4
    beta_1: Decay = 0.0
    beta_2: Decay = 0.9


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimizerSettings(StepSizes):
    """What `make_optimizers` takes, but for what the run decides.

    Attributes:
        optimizer: Update rule of both players; RMSprop as in PyTorch, or as
            in TensorFlow 1.
        learning_rate_hold: Share of the steps before the step sizes fall.
    """

    optimizer: Literal["adam", "rmsprop", "rmsprop_tf"] = "adam"
    learning_rate_hold: Decay = 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rounds(Settings):
    """What a training step consists of.

    Attributes:
        n_critic: Discriminator updates a training step.
        ema_decay: Decay of the averaged generator; none for no average.
        ema_start: Step before which the average is a plain copy.
    """

    n_critic: Count = 1
    ema_decay: Decay | None = None
    ema_start: Natural = 0


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainerSettings(Rounds):
    """What the constructor of every `GAN` takes.

    Attributes:
        seed: Seed of latents and labels; of a run, of the weights and the
            order of the data too.
        generator_steps: Generator updates a training step.
        generator_batch: Images of a generator update in units of batch_size.
        share_fakes: Train both players on the same generated images, which
            saves a pass of the generator; papers draw afresh.
        accumulate: Parts, of batch_size images each, in which an update takes
            a batch of so many times the size: the memory is that of a part.
        remat: Compute features again where gradients need them, rather than
            keep them: less memory, about a third more time.
        freeze_discriminator: Blocks of the discriminator, from the images on,
            that keep the weights of initialize_from (FreezeD).
        averages: Relative lengths of power-function averages of the generator
            that are kept beside, in (0, 0.28], as 0.05,0.10.
    """

    seed: Seed = 0
    generator_steps: Count = 1
    generator_batch: Count = 1
    share_fakes: bool = False
    accumulate: Count = 1
    remat: bool = False
    freeze_discriminator: Natural = 0
    averages: tuple[Length, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class GANSettings(
    AugmentationSettings,
    RegularizerSettings,
    ProjectedSettings,
    TrainerSettings,
    OptimizerSettings,
):
    """Settings of a GAN of images; each paper's declaration derives from it.

    Attributes:
        resolution: Side of the images in pixels, or height and width, as
            32x64.
        channels: Image channels: 1 for grey, 3 for colour.
        latent_dim: Length of the latent vectors.
    """

    resolution: Resolution
    channels: Count = 3
    latent_dim: Count = 128

    # The file of presets: its name in this package, without `.json`, or the
    # path of one anywhere. None for a class without any.
    FAMILY: ClassVar[str | os.PathLike | None] = None

    @classmethod
    def preset_names(cls) -> list[str]:
        """The presets there are."""
        return [] if cls.FAMILY is None else presets.names(cls.FAMILY)

    @classmethod
    def read_preset(cls, name: str) -> dict[str, Any]:
        """Returns what a preset states, its keys checked.

        Besides fields of this class there are keys of `OF_THE_DATA` and
        `OF_THE_RUN`.

        Raises:
            ValueError: When there is no such preset, or no such setting.
        """
        settings = presets.load(name, cls.FAMILY)
        known = (*cls.names(), *OF_THE_DATA, *OF_THE_RUN)
        for key in settings:
            if key not in known:
                raise ValueError(
                    f"The preset {name} has the setting {key!r}, which "
                    f"{cls.__name__} does not declare."
                    f"{did_you_mean(key, known)}"
                )
        return cls.present(settings)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PenaltySettings(Settings):
    """Of a gradient penalty.

    Attributes:
        penalty_weight: Weight of the gradient penalty; 0 for none.
        penalty_interval: Discriminator updates from one penalty, of so many
            times the weight, to the next; 1 as published.
    """

    penalty_weight: Weight = 0.0
    penalty_interval: Count = 1

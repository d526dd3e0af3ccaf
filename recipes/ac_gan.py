"""AC-GAN: a discriminator that also names the class of every image.

Odena et al., 2017, https://arxiv.org/abs/1610.09585. The preset `paper` is
the configuration for CIFAR-10, at the middle of the 27 that the paper tried:
both learning rates 0.0001 to 0.0003, activation noise 0 to 0.2.

    python -m recipes.ac_gan --preset=paper --dataset=tfds:cifar10

The paper's ImageNet experiment is 100 models of 10 classes each. They train
one after the other into RUN_DIR/split_00 to split_99; the same command goes
on after an interruption, and the whole is sampled, scored and exported at
the end. --class_splits divides any labelled images likewise:

    python -m recipes.ac_gan --dataset=tfds:imagenet2012 --preset=imagenet

Training with a tenth of the labels:

    python -m recipes.ac_gan --labelled_fraction=0.1
"""

import dataclasses
from typing import Literal

from recipes.common.fields import check_range
from recipes.common.gan_config import (
    PAPER_RUN,
    GANConfig,
    library_preset,
    smoke,
)
from recipes.common.images import load_data
from recipes.common.main import image_recipe


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(GANConfig):
    """Settings of AC-GAN.

    Attributes:
        class_splits: Models to train, each on a contiguous part of the
            classes; 1 trains one model on all of them.
        classes: First class and the class after the last that a single model
            trains on, as in 10,20; empty for all.
        labelled_fraction: Share of the training images of each class that
            keep their label; the others train without.
        latent_distribution: Distribution of the latents.
        generator_width: Base width of the generator.
        discriminator_width: Base width of the discriminator.
        generator_multipliers: Widths of the generator's stages in units of
            its base width; empty for the published ones.
        dropout: Share of the discriminator's features that is dropped.
        activation_noise: Standard deviation of the noise on the
            discriminator's activations.
        momentum: Decay of both networks' moving statistics.
        saturating: Let the generator minimize the likelihood of being fake,
            as printed, rather than maximize that of being real.
        class_loss_on: Whether the discriminator learns the classes of real
            and generated images or of real ones only.
        discriminator_class_weight: Weight of the discriminator's class loss.
        generator_class_weight: Weight of the generator's class loss.
    """

    class_splits: int = 1
    classes: tuple[int, ...] = ()
    labelled_fraction: float = 1.0
    latent_distribution: Literal["normal", "uniform"] = "normal"
    generator_width: int = 64
    discriminator_width: int = 16
    generator_multipliers: tuple[int, ...] = ()
    dropout: float = 0.5
    activation_noise: float = 0.0
    momentum: float = 0.99
    saturating: bool = False
    class_loss_on: Literal["both", "real"] = "both"
    discriminator_class_weight: float = 1.0
    generator_class_weight: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        widths = ("generator_width", "discriminator_width", "class_splits")
        for name in widths:
            check_range(self, name, minimum=1)
        for name in ("dropout", "momentum"):
            check_range(self, name, minimum=0, below=1)
        check_range(self, "activation_noise", minimum=0, maximum=1)
        check_range(self, "labelled_fraction", above=0, maximum=1)
        for name in ("discriminator_class_weight", "generator_class_weight"):
            check_range(self, name, minimum=0)
        self._check_classes()

    def _check_classes(self):
        if self.classes and (
            len(self.classes) != 2 or not 0 <= self.classes[0] < self.classes[1]
        ):
            raise ValueError(
                "classes must be empty or the first class and the class after "
                f"the last, as in 10,20. Received: {self.classes}."
            )
        by_class = self.class_splits > 1 or self.labelled_fraction < 1
        if (by_class or self.classes) and not self.conditional:
            raise ValueError(
                "class_splits, classes and labelled_fraction are for "
                "conditional models. Received: conditional=False. Leave them "
                "out, or leave conditional as it is."
            )
        if self.class_splits > 1 and self.classes:
            raise ValueError(
                "A run trains several models on parts of the classes, or one "
                f"on the part that `classes` names. Received: class_splits="
                f"{self.class_splits}, classes={self.classes}."
            )


PAPER = Config(
    **library_preset("ac_gan_cifar10_32", Config),
    **PAPER_RUN | {"evaluate_every": 5000},
)
IMAGENET = dataclasses.replace(
    PAPER,
    **library_preset("ac_gan_imagenet_128", Config),
    class_splits=100,
)
# Chosen on the embedded images, docs/results.md: in a short run dropout of one
# half blurs the textures that the discriminator sees, and a discriminator that
# learns the classes of generated images too lets the generator ignore them.
CPU = Config(
    resolution=32,
    channels=1,
    latent_dim=64,
    steps=5000,
    batch_size=16,
    precision="mixed_bfloat16",
    generator_width=48,
    discriminator_width=16,
    dropout=0.0,
    class_loss_on="real",
    momentum=0.9,
    share_fakes=True,
    generator_learning_rate=5e-4,
    discriminator_learning_rate=1e-3,
    beta_1=0.5,
    beta_2=0.999,
    learning_rate_decay=True,
    learning_rate_hold=0.5,
    ema_decay=0.998,
    ema_start=2500,
    evaluate_every=0,
    sample_every=1250,
    checkpoint_every=1250,
    evaluation_samples=2500,
)
SMOKE = smoke(CPU, generator_width=8, discriminator_width=2)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER, "imagenet": IMAGENET}


def load(config: Config):
    """Returns the images of a configuration, with the labels it leaves."""
    images = load_data(config)
    if config.classes:
        images = images.subset_of_classes(*config.classes)
    if config.labelled_fraction < 1:
        images = images.with_labelled_fraction(config.labelled_fraction)
    return images


if __name__ == "__main__":
    image_recipe("ac_gan", "ACGAN", Config, PRESETS, __doc__, load=load)

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
from typing import TYPE_CHECKING, Annotated

from recipes.common.gan_config import CPU_RUN, GANConfig
from recipes.common.images import load_data
from recipes.common.light import without_keras
from recipes.common.main import image_recipe

with without_keras():
    from keras_gans.presets.ac_gan import ACGANSettings
    from keras_gans.presets.fields import Bounds, Count

if TYPE_CHECKING:
    from keras_gans.data import ImageSet


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config(ACGANSettings, GANConfig):
    """Settings of the recipe: AC-GAN's, and those of a run.

    Attributes:
        class_splits: Models to train, each on a contiguous part of the
            classes; 1 trains one model on all of them.
        classes: First class and the class after the last that a single model
            trains on, as in 10,20; empty for all.
        labelled_fraction: Share of the training images of each class that
            keep their label; the others train without.
    """

    class_splits: Count = 1
    classes: tuple[int, ...] = ()
    labelled_fraction: Annotated[float, Bounds(above=0, maximum=1)] = 1.0

    def __post_init__(self):
        super().__post_init__()
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


PAPER = dataclasses.replace(
    Config.of_preset("ac_gan_cifar10_32"), evaluate_every=5000
)
IMAGENET = dataclasses.replace(
    Config.of_preset("ac_gan_imagenet_128"),
    evaluate_every=5000,
    class_splits=100,
)
# Chosen on the embedded images, docs/results.md: in a short run dropout of one
# half blurs the textures that the discriminator sees, and a discriminator that
# learns the classes of generated images too lets the generator ignore them.
CPU = Config(
    **CPU_RUN,
    steps=5000,
    generator_width=48,
    discriminator_width=16,
    dropout=0.0,
    class_loss_on="real",
    momentum=0.9,
    generator_learning_rate=5e-4,
    discriminator_learning_rate=1e-3,
    beta_1=0.5,
    beta_2=0.999,
    ema_start=2500,
    sample_every=1250,
    checkpoint_every=1250,
)
SMOKE = CPU.smoke(generator_width=8, discriminator_width=2)
PRESETS = {"cpu": CPU, "smoke": SMOKE, "paper": PAPER, "imagenet": IMAGENET}


def load(config: Config) -> "ImageSet":
    """Returns the images of a configuration, with the labels it leaves."""
    images = load_data(config)
    if config.classes:
        images = images.subset_of_classes(*config.classes)
    if config.labelled_fraction < 1:
        images = images.with_labelled_fraction(config.labelled_fraction)
    return images


if __name__ == "__main__":
    image_recipe("ac_gan", "ACGAN", Config, PRESETS, __doc__, load=load)

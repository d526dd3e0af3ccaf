"""The settings of augmentation on both sides."""

import dataclasses
from typing import Annotated, Literal

from keras_gans.presets.fields import Bounds, Positive, Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class AugmentationSettings(Settings):
    """How real and generated images are augmented before they are scored.

    Attributes:
        diffaugment: Augmentations of the images that the discriminator sees,
            real and generated ones alike (DiffAugment), for few images. Unlike
            those of augment the generator does not learn to draw them.
        ada: Augment them with a probability that rises while the discriminator
            learns the real images by heart (ADA). Instead of diffaugment.
        ada_target: Mean sign of real images' scores, between -1 and 1, at
            which ada holds the discriminator.
        ada_speed: Thousands of real images in which ada may go from no
            augmentation to all of it; fewer for short runs.
        ada_categories: What ada does: flips, turns and shifts (blit), other
            geometry, colours, and squares cut out.
        augment_probability: Probability of ada's augmentations that stays;
            none lets it adapt.
    """

    diffaugment: tuple[Literal["color", "translation", "cutout"], ...] = ()
    ada: bool = False
    ada_target: Annotated[float, Bounds(above=-1, below=1)] = 0.6
    ada_speed: Positive = 500.0
    ada_categories: tuple[
        Literal["blit", "geometry", "color", "cutout"], ...
    ] = ("blit", "geometry", "color")
    augment_probability: (
        Annotated[float, Bounds(minimum=0, maximum=1)] | None
    ) = None

    def __post_init__(self):
        super().__post_init__()
        if self.ada and self.diffaugment:
            raise ValueError(
                "Images are augmented by diffaugment or by ada. Received both: "
                f"diffaugment={','.join(self.diffaugment)}, ada=true. Leave "
                "one of them out."
            )
        if self.augment_probability is not None and not self.ada:
            raise ValueError(
                "augment_probability is that of ada. Received: "
                f"augment_probability={self.augment_probability:g}, ada=false. "
                "Give ada=true too, or leave it out."
            )
        if self.ada and not self.ada_categories:
            raise ValueError(
                "ada needs something to augment by. Received no "
                "ada_categories. Name some of blit, geometry, color and "
                "cutout, or leave ada out."
            )

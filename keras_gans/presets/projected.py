"""The settings of a projected discriminator."""

import dataclasses
from typing import Annotated

from keras_gans.presets.fields import Bounds, Count, Settings


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProjectedSettings(Settings):
    """Whether the discriminator sees images or features of ImageNet.

    Attributes:
        projected_discriminator: Instead of the paper's discriminator, four
            small ones on fixed features of EfficientNet-Lite0 (Projected GAN,
            which augments by diffaugment=color,translation,cutout besides).
            FID-lite0 cannot judge such a run.
        projected_resolution: Pixels at which these features see images, a
            multiple of 32; 224 as published, 96 is a fifth of the work.
        projected_width: Base width of the small discriminators; 64 as
            published.
    """

    projected_discriminator: bool = False
    projected_resolution: Annotated[int, Bounds(minimum=32)] = 224
    projected_width: Count = 64

    def __post_init__(self):
        super().__post_init__()
        if self.projected_resolution % 32:
            raise ValueError(
                "projected_resolution must be a multiple of 32. Received: "
                f"{self.projected_resolution}. Use 96 or 224, for example."
            )

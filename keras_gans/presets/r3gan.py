"""The settings of R3GAN."""

import dataclasses
from typing import Annotated

from keras_gans.presets.fields import Bounds, Count, Decay, Positive, Weight
from keras_gans.presets.training import GANSettings, Loss

Part = Annotated[float, Bounds(minimum=0, maximum=1)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class R3GANSettings(GANSettings):
    """Settings of R3GAN: images of 8, 16, 32, ... pixels.

    The defaults are those of CIFAR-10, but for the burn-in, whose length
    depends on the run's. `r1_weight` and `r2_weight` are γ at the start.

    Attributes:
        generator_width: Base width of the generator.
        discriminator_width: Base width of the discriminator.
        generator_multipliers: Widths of the generator's stages in units of
            its base width, from that of 4 pixels on; none for equal ones.
        discriminator_multipliers: The same for the discriminator, from that
            of 4 pixels on too, which is its last.
        blocks: Residual blocks of a stage.
        expansion: Width within a residual block in units of the stage's.
        group_size: Channels of a group of the 3x3 convolutions.
        loss: Adversarial loss.
        burn_in: Steps in which γ, the step sizes, beta_2, the half-life of
            the averaged generator and augment_probability go from what they
            are at the start to what stays; none for no change.
        final_beta_2: Adam's decay of the second moment after the burn-in.
        remaining_rate: Part of both step sizes that remains after it.
        remaining_penalty: Part of r1_weight and r2_weight that remains.
    """

    latent_dim: Count = 64
    generator_width: Count = 768
    discriminator_width: Count = 768
    generator_multipliers: tuple[Count, ...] | None = None
    discriminator_multipliers: tuple[Count, ...] | None = None
    blocks: Count = 2
    expansion: Count = 2
    group_size: Count = 16
    loss: Loss = "relativistic_pairing"
    r1_weight: Weight = 0.05
    r2_weight: Weight = 0.05
    burn_in: Count | None = None
    final_beta_2: Decay = 0.99
    remaining_rate: Part = 0.25
    remaining_penalty: Part = 0.1
    generator_learning_rate: Positive = 2e-4
    discriminator_learning_rate: Positive = 2e-4
    ema_decay: Decay | None = 0.9999

    FAMILY = "r3gan"

    def __post_init__(self):
        super().__post_init__()
        if self.burn_in is not None and self.optimizer != "adam":
            raise ValueError(
                "A burn-in changes Adam's β₂. Received: "
                f"burn_in={self.burn_in}, optimizer={self.optimizer!r}. Use "
                "optimizer=adam, or no burn-in."
            )

"""The settings of MSG-GAN."""

import dataclasses
from typing import Annotated, Literal

from keras_gans.presets.fields import Bounds, Count, Decay, Positive
from keras_gans.presets.training import GANSettings, Loss, PenaltySettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class MSGGANSettings(PenaltySettings, GANSettings):
    """Settings of MSG-GAN: images of up to 8, 16, ... 1,024 pixels.

    The optimizer is Adam, as in section 4 and the released code, or
    `rmsprop`, which section 3.5 names: Adam with β₁ = 0 but for the bias
    correction. WGAN-GP is `wasserstein` with a penalty of weight 10.

    Attributes:
        max_channels: Channels of feature maps of up to 32 pixels; they halve
            with each doubling from there on.
        combine: How the discriminator joins the images of a scale and its
            features; concat as published.
        group_size: Images of one minibatch deviation; none for the batch.
        loss: Adversarial loss.
        folding: Use the exact, cheaper form of resampling convolutions.
    """

    latent_dim: Count = 512
    max_channels: Annotated[int, Bounds(minimum=2)] = 512
    combine: Literal["concat", "add"] = "concat"
    group_size: Count | None = None
    loss: Loss = "relativistic_hinge"
    folding: bool = True
    generator_learning_rate: Positive = 1e-3
    discriminator_learning_rate: Positive = 1e-3
    beta_2: Decay = 0.99
    ema_decay: Decay | None = 0.999

    FAMILY = "msg_gan"

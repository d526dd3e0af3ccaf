"""The settings of ProGAN."""

import dataclasses

from keras_gans.presets.fields import Count, Decay, Natural, Positive, Weight
from keras_gans.presets.training import GANSettings, Loss, PenaltySettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class ProGANSettings(PenaltySettings, GANSettings):
    """Settings of ProGAN: images of up to 8, 16, ... 1,024 pixels.

    Lengths are in training steps: the published 800,000 images are 50,000
    steps of 16.

    Attributes:
        max_channels: Channels of feature maps of up to 32 pixels; they halve
            with each doubling from there on.
        group_size: Images of one minibatch deviation; none for the batch.
        fade_steps: Steps in which images of twice the size are faded in; 0
            for no fading.
        stable_steps: Steps of each size before the next one is faded in.
        loss: Adversarial loss.
        penalty_target: Norm of gradients γ that the penalty pulls to, whose
            weight is penalty_weight / γ².
        drift_weight: Weight of the squared scores of real images; 0 for none.
        folding: Use the exact, cheaper form of resampling convolutions.
    """

    latent_dim: Count = 512
    max_channels: Count = 512
    group_size: Count | None = None
    fade_steps: Natural = 50_000
    stable_steps: Natural = 50_000
    loss: Loss = "wasserstein"
    penalty_weight: Weight = 10.0
    penalty_target: Positive = 1.0
    drift_weight: Weight = 0.001
    folding: bool = True
    generator_learning_rate: Positive = 1e-3
    discriminator_learning_rate: Positive = 1e-3
    beta_2: Decay = 0.99
    ema_decay: Decay | None = 0.999

    FAMILY = "progan"

    def __post_init__(self):
        super().__post_init__()
        if not self.fade_steps + self.stable_steps:
            raise ValueError(
                "Of fade_steps and stable_steps one must be positive, or all "
                "sizes would begin at once. Received: fade_steps=0, "
                "stable_steps=0."
            )
        if self.optimizer != "adam":
            raise ValueError(
                "Where ProGAN grows, Adam's moments begin anew. Received: "
                f"optimizer={self.optimizer!r}. Use optimizer=adam."
            )
        if self.projected_discriminator:
            raise ValueError(
                "ProGAN's discriminator grows with its generator, and a "
                "projected one does not. Received: "
                "projected_discriminator=true. Train another model, or leave "
                "it out."
            )

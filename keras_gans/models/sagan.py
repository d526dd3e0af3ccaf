"""SAGAN: self-attention and spectral normalization in both players."""

import keras

from keras_gans import presets
from keras_gans.models.gan import GAN
from keras_gans.networks import resnet_discriminator, resnet_generator

# Which networks a value of `spectral_norm` normalizes.
SPECTRAL_NORM = {
    "both": (True, True),
    "discriminator": (False, True),
    "none": (False, False),
}


@keras.saving.register_keras_serializable(package="keras_gans")
class SAGAN(GAN):
    """Self-attention generative adversarial network.

    ResNets with conditional batch normalization in the generator, projection
    in the discriminator, self-attention and spectral normalization in both,
    trained on the hinge loss (equation 4)

        L_D = E[max(0, 1 - D(x, y))] + E[max(0, 1 + D(G(z), y))]
        L_G = -E[D(G(z), y)]

    with a learning rate for each player (TTUR) and one update of each a step.
    Generated labels are uniform over the classes, as in the released code.

    Args:
        generator: See `GAN`.
        discriminator: See `GAN`.
        loss: Hinge by default.
        **kwargs: See `GAN`.

    Example:
    >>> gan = SAGAN.from_preset(
    ...     "sagan_cifar10_32", generator_width=8, discriminator_width=8)
    >>> gan.generator.output_shape
    (None, 32, 32, 3)

    Reference: [Zhang et al., 2019](https://arxiv.org/abs/1805.08318).
    """

    def __init__(self, generator, discriminator, *, loss="hinge", **kwargs):
        super().__init__(generator, discriminator, loss=loss, **kwargs)

    @classmethod
    def from_preset(cls, name: str, **changes) -> "SAGAN":
        """Builds and compiles the model of a preset, without data or network.

        Args:
            name: One of `keras_gans.presets.names("sagan")`.
            **changes: Settings of `from_settings` to use instead.

        Raises:
            ValueError: When there is no such preset.
        """
        settings = presets.load(name, "sagan") | changes
        settings = {
            key: value
            for key, value in settings.items()
            if key not in ("batch_size", "steps")
        }
        return cls.from_settings(**settings)

    @classmethod
    def from_settings(
        cls,
        *,
        resolution: int,
        channels: int = 3,
        num_classes: int = 0,
        latent_dim: int = 128,
        generator_width: int = 64,
        discriminator_width: int = 64,
        generator_multipliers: tuple[int, ...] = (),
        discriminator_multipliers: tuple[int, ...] = (),
        attention_resolution: int = 32,
        attention_variant: str = "code",
        spectral_norm: str = "both",
        momentum: float = 0.999,
        final_momentum: float = 0.9999,
        folding: bool = True,
        loss: str = "hinge",
        n_critic: int = 1,
        share_fakes: bool = False,
        generator_learning_rate: float = 1e-4,
        discriminator_learning_rate: float = 4e-4,
        beta_1: float = 0.0,
        beta_2: float = 0.9,
        decay_steps: int | None = None,
        ema_decay: float | None = None,
        ema_start: int = 0,
        seed: int = 0,
    ) -> "SAGAN":
        """Builds both ResNets and compiles with Adam for each.

        Args:
            resolution: 32, 64 or 128 pixels.
            channels: Image channels.
            num_classes: Classes, 0 for an unconditional model.
            latent_dim: Length of the latent vectors.
            generator_width: Base width, see `resnet_generator`.
            discriminator_width: Base width, see `resnet_discriminator`.
            generator_multipliers: Stage widths in units of the base width;
                empty for the published ones.
            discriminator_multipliers: The same for the discriminator.
            attention_resolution: Feature-map height of self-attention in
                both networks, 0 for none.
            attention_variant: `code` or `paper`, see `SelfAttention`.
            spectral_norm: `both`, `discriminator` or `none`.
            momentum: Decay of the generator blocks' moving statistics.
            final_momentum: That of the generator's last normalization.
            folding: Whether resampling convolutions are folded (exact).
            loss: Name of the adversarial loss.
            n_critic: Discriminator updates a step.
            share_fakes: Whether both players train on the same generated
                images, see `GAN`.
            generator_learning_rate: Adam's α for the generator.
            discriminator_learning_rate: Adam's α for the discriminator.
            beta_1: Adam's β₁ for both.
            beta_2: Adam's β₂ for both: 0.9 in the paper, 0.999 in the
                released code, which leaves it at its default.
            decay_steps: Steps over which both learning rates fall linearly
                to 0; None keeps them constant, as in the paper.
            ema_decay: Decay of the averaged generator, None for none.
            ema_start: Step from which to average.
            seed: Seed of latents and labels; weights follow
                `keras.utils.set_random_seed`.

        Raises:
            ValueError: For a value that the architecture has not.
        """
        if spectral_norm not in SPECTRAL_NORM:
            raise ValueError(
                f"`spectral_norm` must be one of {list(SPECTRAL_NORM)}. "
                f"Received: spectral_norm={spectral_norm!r}."
            )
        in_generator, in_discriminator = SPECTRAL_NORM[spectral_norm]
        common = {
            "resolution": resolution,
            "channels": channels,
            "num_classes": num_classes,
            "attention_resolution": attention_resolution,
            "attention_variant": attention_variant,
            "folding": folding,
        }
        generator = resnet_generator(
            latent_dim=latent_dim,
            width=generator_width,
            multipliers=tuple(generator_multipliers),
            spectral_norm=in_generator,
            momentum=momentum,
            final_momentum=final_momentum,
            **common,
        )
        discriminator = resnet_discriminator(
            width=discriminator_width,
            multipliers=tuple(discriminator_multipliers),
            spectral_norm=in_discriminator,
            **common,
        )
        gan = cls(
            generator,
            discriminator,
            num_classes=num_classes,
            loss=loss,
            n_critic=n_critic,
            share_fakes=share_fakes,
            ema_decay=ema_decay,
            ema_start=ema_start,
            seed=seed,
        )
        gan.compile(
            _adam(generator_learning_rate, beta_1, beta_2, decay_steps),
            _adam(
                discriminator_learning_rate,
                beta_1,
                beta_2,
                decay_steps and decay_steps * n_critic,
            ),
        )
        return gan


def _adam(learning_rate, beta_1, beta_2, decay_steps):
    if decay_steps:
        learning_rate = keras.optimizers.schedules.PolynomialDecay(
            learning_rate, decay_steps, end_learning_rate=0.0
        )
    return keras.optimizers.Adam(learning_rate, beta_1, beta_2, epsilon=1e-8)

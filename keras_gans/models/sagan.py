"""SAGAN: self-attention and spectral normalization in both players."""

import keras

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
        **kwargs: See `GAN`.

    Example:
    >>> gan = SAGAN.from_preset(
    ...     "sagan_cifar10_32", generator_width=8, discriminator_width=8)
    >>> gan.generator.output_shape
    (None, 32, 32, 3)

    Reference: [Zhang et al., 2019](https://arxiv.org/abs/1805.08318).
    """

    FAMILY = "sagan"
    TRAINING = {
        "loss": "hinge",
        "generator_learning_rate": 1e-4,
        "discriminator_learning_rate": 4e-4,
    }

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
        hidden_channels: str = "out",
        release: str = "sagan",
        momentum: float = 0.999,
        final_momentum: float = 0.9999,
        folding: bool = True,
        **training,
    ) -> "SAGAN":
        """Builds both ResNets and compiles the model.

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
            attention_variant: `code` or `paper`, see `SelfAttention`; or
                `residual`, Table 1's control of equal size.
            spectral_norm: `both`, `discriminator` or `none`.
            hidden_channels: `out` or, as SNGAN has it, `in`: see
                `resnet_discriminator`.
            release: `sagan` or `sngan`, whose released code the initial
                kernels and the like follow: see `resnet_generator`.
            momentum: Decay of the generator blocks' moving statistics.
            final_momentum: That of the generator's last normalization.
            folding: Whether resampling convolutions are folded (exact).
            **training: See `GAN.assemble`. The paper's β₂ is 0.9; the
                released code leaves it at 0.999.

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
            "release": release,
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
            hidden_channels=hidden_channels,
            **common,
        )
        return cls.assemble(
            generator, discriminator, num_classes=num_classes, **training
        )

"""SAGAN: self-attention and spectral normalization in both players."""

from typing import Any

import keras

from keras_gans.models.gan import GAN
from keras_gans.networks import resnet_discriminator, resnet_generator
from keras_gans.presets.sagan import SAGANSettings


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

    `shared_embedding`, `skip_z` and `orthogonal_regularization` make the
    trunk BigGAN's ([Brock et al., 2018](https://arxiv.org/abs/1809.11096)),
    see `keras_gans.networks.conditioning`.

    Arguments are those of `GAN`.

    Example:
    >>> gan = SAGAN.from_preset(
    ...     "sagan_cifar10_32", generator_width=8, discriminator_width=8)
    >>> gan.generator.output_shape
    (None, 32, 32, 3)

    Reference: [Zhang et al., 2019](https://arxiv.org/abs/1805.08318).
    """

    SETTINGS = SAGANSettings

    @classmethod
    def arguments(
        cls, settings: SAGANSettings, num_classes: int
    ) -> dict[str, Any]:
        common = settings.select(
            "resolution",
            "channels",
            "attention_resolution",
            "attention_variant",
            "release",
            "folding",
        )
        common["num_classes"] = num_classes
        return {
            "generator": resnet_generator(
                width=settings.generator_width,
                multipliers=settings.generator_multipliers or (),
                spectral_norm=settings.spectral_norm == "both",
                **settings.select(
                    "latent_dim",
                    "momentum",
                    "final_momentum",
                    "shared_embedding",
                    "skip_z",
                ),
                **common,
            ),
            "discriminator": resnet_discriminator(
                width=settings.discriminator_width,
                multipliers=settings.discriminator_multipliers or (),
                spectral_norm=settings.spectral_norm != "none",
                hidden_channels=settings.hidden_channels,
                **common,
            ),
            **settings.select("loss", "orthogonal_regularization"),
        }

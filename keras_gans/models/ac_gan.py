"""AC-GAN: a discriminator that names the class of every image."""

import itertools
from typing import Any

import keras

from keras_gans.models.auxiliary import AuxiliaryClassifierGAN
from keras_gans.networks.ac_gan import ac_gan_discriminator, ac_gan_generator
from keras_gans.presets.ac_gan import ACGANSettings

# What the CIFAR-10 experiment searched, each as changes to the preset
# ac_gan_cifar10_32: both learning rates and the activation noise.
CIFAR10_GRID = tuple(
    {
        "generator_learning_rate": generator_rate,
        "discriminator_learning_rate": discriminator_rate,
        "activation_noise": noise,
    }
    for generator_rate, discriminator_rate, noise in itertools.product(
        (1e-4, 2e-4, 3e-4), (1e-4, 2e-4, 3e-4), (0.0, 0.1, 0.2)
    )
)


@keras.saving.register_keras_serializable(package="keras_gans")
class ACGAN(AuxiliaryClassifierGAN):
    """Auxiliary classifier generative adversarial network.

    With the log-likelihoods of the source S and of the class C of real
    images X_r and generated ones X_f,

        L_S = E[log P(real | X_r)] + E[log P(fake | X_f)]
        L_C = E[log P(c | X_r)] + E[log P(c | X_f)],

    the discriminator maximizes L_S + L_C and the generator L_C - L_S
    (equations 2 and 3). As printed, the generator lowers log P(fake | X_f),
    which saturates; as in all public code the default raises
    log P(real | X_f) instead, and `loss="saturating"` is the printed form.
    The discriminator's L_C counts generated images too, as printed;
    `class_loss_on="real"` leaves them to the generator.

    The discriminator has batch statistics, so that real and generated images
    are scored apart. Images with label -1 count for L_S alone, which makes
    the training semi-supervised. `class_probabilities` of
    `keras_gans.networks.ac_gan` gives P(real | x) and P(c | x).

    Arguments are those of `AuxiliaryClassifierGAN`.

    Example:
    >>> gan = ACGAN.from_preset(
    ...     "ac_gan_cifar10_32", generator_width=8, discriminator_width=2)
    >>> gan.generator.output_shape
    (None, 32, 32, 3)

    Reference: [Odena et al., 2017](https://arxiv.org/abs/1610.09585).
    """

    SETTINGS = ACGANSettings

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        joint_scoring: bool = False,
        **kwargs: Any,
    ):
        super().__init__(
            generator, discriminator, joint_scoring=joint_scoring, **kwargs
        )

    @classmethod
    def arguments(
        cls, settings: ACGANSettings, num_classes: int
    ) -> dict[str, Any]:
        common = settings.select("resolution", "channels", "momentum")
        common["num_classes"] = num_classes
        return {
            "generator": ac_gan_generator(
                width=settings.generator_width,
                multipliers=settings.generator_multipliers or (),
                **settings.select("latent_dim", "latent_distribution"),
                **common,
            ),
            "discriminator": ac_gan_discriminator(
                width=settings.discriminator_width,
                **settings.select("dropout", "activation_noise"),
                **common,
            ),
            "loss": "saturating" if settings.saturating else "non_saturating",
            **settings.select(
                "class_loss_on",
                "discriminator_class_weight",
                "generator_class_weight",
            ),
        }

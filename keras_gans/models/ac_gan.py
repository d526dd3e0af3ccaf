"""AC-GAN: a discriminator that names the class of every image."""

import itertools

import keras

from keras_gans.models.auxiliary import AuxiliaryClassifierGAN
from keras_gans.networks.ac_gan import ac_gan_discriminator, ac_gan_generator

# What the CIFAR-10 experiment searched, each as changes to the preset
# ac_gan_cifar10_32: both learning rates and the activation noise.
CIFAR10_GRID = tuple(
    {
        "generator_learning_rate": generator_learning_rate,
        "discriminator_learning_rate": discriminator_learning_rate,
        "activation_noise": activation_noise,
    }
    for (
        generator_learning_rate,
        discriminator_learning_rate,
        activation_noise,
    ) in itertools.product(
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

    Args:
        generator: See `GAN`.
        discriminator: See `AuxiliaryClassifierGAN`.
        joint_scoring: See `GAN`.
        **kwargs: See `AuxiliaryClassifierGAN`.

    Example:
    >>> gan = ACGAN.from_preset(
    ...     "ac_gan_cifar10_32", generator_width=8, discriminator_width=2)
    >>> gan.generator.output_shape
    (None, 32, 32, 3)

    Reference: [Odena et al., 2017](https://arxiv.org/abs/1610.09585).
    """

    FAMILY = "ac_gan"
    TRAINING = {
        "generator_learning_rate": 2e-4,
        "discriminator_learning_rate": 2e-4,
        "beta_1": 0.5,
        "beta_2": 0.999,
    }

    def __init__(
        self, generator, discriminator, *, joint_scoring=False, **kwargs
    ):
        super().__init__(
            generator, discriminator, joint_scoring=joint_scoring, **kwargs
        )

    @classmethod
    def from_settings(
        cls,
        *,
        resolution: int,
        channels: int = 3,
        num_classes: int = 0,
        latent_dim: int = 100,
        latent_distribution: str = "normal",
        generator_width: int = 64,
        discriminator_width: int = 16,
        generator_multipliers: tuple[int, ...] = (),
        dropout: float = 0.5,
        activation_noise: float = 0.0,
        momentum: float = 0.99,
        saturating: bool = False,
        **training,
    ) -> "ACGAN":
        """Builds both networks and compiles the model.

        Args:
            resolution: 32, 64 or 128 pixels.
            channels: Image channels.
            num_classes: Classes, 0 for a model without labels or classifier.
            latent_dim: Length of the latent vectors, without the label.
            latent_distribution: `normal`, or `uniform` in (-1, 1); the paper
                does not say.
            generator_width: Base width, see `ac_gan_generator`.
            discriminator_width: Base width, see `ac_gan_discriminator`.
            generator_multipliers: Stage widths in units of the base width;
                empty for the published ones.
            dropout: Dropout rate of the discriminator.
            activation_noise: Standard deviation of the noise on the
                discriminator's activations.
            momentum: Decay of both networks' moving statistics.
            saturating: Whether the generator minimizes log P(fake), as
                printed, rather than maximizes log P(real).
            **training: See `GAN.assemble`. The appendix prints 10⁻³ for
                Adam's β₂, here 0.999.

        Raises:
            ValueError: For a value that the architecture has not.
        """
        common = {
            "resolution": resolution,
            "channels": channels,
            "num_classes": num_classes,
            "momentum": momentum,
        }
        generator = ac_gan_generator(
            latent_dim=latent_dim,
            latent_distribution=latent_distribution,
            width=generator_width,
            multipliers=tuple(generator_multipliers),
            **common,
        )
        discriminator = ac_gan_discriminator(
            width=discriminator_width,
            dropout=dropout,
            activation_noise=activation_noise,
            **common,
        )
        return cls.assemble(
            generator,
            discriminator,
            num_classes=num_classes,
            loss="saturating" if saturating else "non_saturating",
            **training,
        )

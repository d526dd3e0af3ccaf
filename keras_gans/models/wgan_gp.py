"""WGAN-GP: a critic held 1-Lipschitz by a penalty on its gradient."""

from typing import Any

import keras

from keras_gans.losses import AdversarialLoss
from keras_gans.models.auxiliary import AuxiliaryClassifierGAN
from keras_gans.models.declared import gradient_penalty
from keras_gans.networks.wgan_gp import (
    critic_normalization,
    wgan_gp_critic,
    wgan_gp_generator,
)
from keras_gans.penalties import GradientPenalty
from keras_gans.presets.wgan_gp import WGANGPSettings

# The losses of the methods that the paper compares.
LOSSES = {
    "wgan_gp": "wasserstein",
    "wgan": "wasserstein",
    "dcgan": "dcgan",
    "lsgan": "least_squares",
}


@keras.saving.register_keras_serializable(package="keras_gans")
class WGANGP(AuxiliaryClassifierGAN):
    """Wasserstein GAN with gradient penalty.

    Equation 3 and Algorithm 1: for real images x, generated images x̃ = G(z)
    and x̂ = ε x + (1 - ε) x̃ with one ε ~ U[0, 1] an image,

        L_D = E[D(x̃)] - E[D(x)] + λ E[(‖∇_x̂ D(x̂)‖₂ - 1)²]
        L_G = -E[D(x̃)],

    λ = 10 and five critic updates for each of the generator. With classes,
    the generator's batch normalization is conditional, the critic has an
    auxiliary classifier, and with cross-entropies C

        L_D += 1.0 · C(real images),    L_G += 0.1 · C(generated images).

    Generated labels are uniform over the classes.

    Args:
        loss: `wasserstein` by default.
        penalty: A `GradientPenalty`, λ = 10 by default; None for none.
        n_critic: See `GAN`; 5 by default.
        discriminator_class_weight: 1 by default.
        generator_class_weight: 0.1 by default.
        class_loss_on: `real` by default.
        **kwargs: See `AuxiliaryClassifierGAN`.

    Example:
    >>> gan = WGANGP.from_preset(
    ...     "wgan_gp_cifar10_32", generator_width=8, discriminator_width=8)
    >>> gan.n_critic, gan.penalty.weight, gan.generator.output_shape
    (5, 10.0, (None, 32, 32, 3))

    Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028).
    """

    SETTINGS = WGANGPSettings

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        loss: str | AdversarialLoss = "wasserstein",
        penalty: GradientPenalty | str | None = "default",
        n_critic: int = 5,
        discriminator_class_weight: float = 1.0,
        generator_class_weight: float = 0.1,
        class_loss_on: str = "real",
        **kwargs: Any,
    ):
        super().__init__(
            generator,
            discriminator,
            loss=loss,
            penalty=GradientPenalty() if penalty == "default" else penalty,
            n_critic=n_critic,
            discriminator_class_weight=discriminator_class_weight,
            generator_class_weight=generator_class_weight,
            class_loss_on=class_loss_on,
            **kwargs,
        )

    @classmethod
    def arguments(
        cls, settings: WGANGPSettings, num_classes: int
    ) -> dict[str, Any]:
        method = settings.method
        common = settings.select(
            "architecture", "resolution", "channels", "folding"
        )
        common["num_classes"] = num_classes
        normalization = settings.discriminator_normalization
        if normalization is None:
            normalization = critic_normalization(
                settings.architecture, settings.resolution, method
            )
        elif normalization == "off":
            normalization = "none"
        return {
            "generator": wgan_gp_generator(
                width=settings.generator_width,
                **settings.select("method", "latent_dim", "batch_statistics"),
                **common,
            ),
            "discriminator": wgan_gp_critic(
                width=settings.discriminator_width,
                normalization=normalization,
                **common,
            ),
            "loss": LOSSES[method],
            "penalty": gradient_penalty(
                settings, settings.one_sided, settings.penalty_target
            )
            if method == "wgan_gp"
            else None,
            "weight_clipping": settings.weight_clipping
            if method == "wgan"
            else None,
            # Batch statistics are those of real or of generated images.
            "joint_scoring": normalization != "batch",
            **settings.select(
                "discriminator_class_weight", "generator_class_weight"
            ),
        }

"""WGAN-GP: a critic held 1-Lipschitz by a penalty on its gradient."""

import keras

from keras_gans import presets
from keras_gans.models.auxiliary import AuxiliaryClassifierGAN
from keras_gans.networks.wgan_gp import (
    critic_normalization,
    wgan_gp_critic,
    wgan_gp_generator,
)
from keras_gans.networks.wgan_layers import check_normalization
from keras_gans.penalties import GradientPenalty

# The training methods that the paper compares, and their own settings.
METHODS = {
    "wgan_gp": {
        "loss": "wasserstein",
        "n_critic": 5,
        "optimizer": "adam",
        "generator_learning_rate": 1e-4,
        "discriminator_learning_rate": 1e-4,
        "beta_1": 0.0,
        "beta_2": 0.9,
    },
    "wgan": {
        "loss": "wasserstein",
        "n_critic": 5,
        "optimizer": "rmsprop",
        "generator_learning_rate": 5e-5,
        "discriminator_learning_rate": 5e-5,
        "beta_2": 0.9,
    },
    "dcgan": {
        "loss": "dcgan",
        "n_critic": 1,
        "optimizer": "adam",
        "generator_learning_rate": 2e-4,
        "discriminator_learning_rate": 2e-4,
        "beta_1": 0.5,
        "beta_2": 0.999,
    },
    "lsgan": {
        "loss": "least_squares",
        "n_critic": 1,
        "optimizer": "rmsprop",
        "generator_learning_rate": 1e-4,
        "discriminator_learning_rate": 1e-4,
        "beta_2": 0.9,
    },
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
        generator: See `GAN`.
        discriminator: The critic, see `AuxiliaryClassifierGAN`.
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

    FAMILY = "wgan_gp"

    def __init__(
        self,
        generator,
        discriminator,
        *,
        loss="wasserstein",
        penalty="default",
        n_critic=5,
        discriminator_class_weight=1.0,
        generator_class_weight=0.1,
        class_loss_on="real",
        **kwargs,
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
    def from_preset(cls, name: str, **changes) -> "WGANGP":
        """Builds and compiles the model of a preset, without data or network.

        With another `method` than the preset's, the settings that the
        methods differ in are the method's own unless they are given too:
        `from_preset("wgan_gp_lsun_gated_64", method="lsgan")` is a cell of
        Figure 2.

        Args:
            name: One of `keras_gans.presets.names("wgan_gp")`.
            **changes: Settings of `from_settings` to use instead.

        Raises:
            ValueError: When there is no such preset.
        """
        method = presets.load(name, cls.FAMILY)["method"]
        if changes.get("method", method) != method:
            changes = dict.fromkeys(METHODS["wgan_gp"]) | changes
        return super().from_preset(name, **changes)

    @classmethod
    def from_settings(
        cls,
        *,
        resolution: int,
        channels: int = 3,
        num_classes: int = 0,
        latent_dim: int = 128,
        architecture: str = "resnet",
        method: str = "wgan_gp",
        generator_width: int | None = None,
        discriminator_width: int | None = None,
        discriminator_normalization: str = "auto",
        batch_statistics: bool = True,
        folding: bool = True,
        penalty_weight: float = 10.0,
        penalty_target: float = 1.0,
        penalty_interval: int = 1,
        one_sided: bool = False,
        weight_clipping: float = 0.01,
        **training,
    ) -> "WGANGP":
        """Builds the networks of an experiment and compiles.

        Args:
            resolution: 32, 64 or 128 pixels for `resnet`; 28, 32 or 64 for
                `dcgan` and its variants; 64 for `resnet101`.
            channels: Image channels.
            num_classes: Classes, 0 for an unconditional model; of `resnet`.
            latent_dim: Length of the latent vectors.
            architecture: `resnet`, `dcgan`, `dcgan_no_bn_constant`,
                `dcgan_mlp`, `dcgan_no_norm`, `dcgan_gated`, `dcgan_tanh` or
                `resnet101`.
            method: `wgan_gp`; `wgan`, weight clipping instead of the
                penalty; `dcgan`, the non-saturating loss; or `lsgan`.
            generator_width: Base width, None for the published one.
            discriminator_width: Base width, None for the published one.
            discriminator_normalization: `layer`, `batch`, `none`, or `auto`
                for the published one, which depends on the method.
            batch_statistics: Whether the generator's batch normalization
                uses the batch's moments in sampling too, as published. False
                samples with moving averages, to serve single images.
            folding: Whether resampling convolutions are folded (exact).
            penalty_weight: λ, of `wgan_gp` alone.
            penalty_target: The norm that the penalty asks for. MNIST's
                penalty is on images in [0, 1]; for ours in [-1, 1], with
                gradients half as large, 10 (2‖∇‖ - 1)² is a weight of 40 and
                a target of 1/2.
            penalty_interval: Critic updates from one penalty, of so many
                times the weight, to the next; 1 as published.
            one_sided: Whether smaller norms are free; `wgan_gp` alone.
            weight_clipping: Limit c of the weights, of `wgan` alone.
            **training: See `GAN.assemble`. What is None or not given is the
                method's own: Wasserstein losses, five critic updates and
                Adam(1e-4, 0, 0.9) for `wgan_gp` (Algorithm 1); the same
                losses and updates with RMSprop(5e-5) for `wgan`; one update
                and Adam(2e-4, 0.5, 0.999) for `dcgan`, or RMSprop(1e-4) for
                `lsgan`.

        Raises:
            ValueError: For a value that the architecture has not, or batch
                normalization in a critic with a gradient penalty.
        """
        own = _method(method)
        normalization = discriminator_normalization
        if normalization == "auto":
            normalization = critic_normalization(
                architecture, resolution, method
            )
        _check_critic(normalization, method)
        common = {
            "architecture": architecture,
            "resolution": resolution,
            "channels": channels,
            "num_classes": num_classes,
            "folding": folding,
        }
        generator = wgan_gp_generator(
            method=method,
            latent_dim=latent_dim,
            width=generator_width,
            batch_statistics=batch_statistics,
            **common,
        )
        critic = wgan_gp_critic(
            width=discriminator_width, normalization=normalization, **common
        )
        penalty = GradientPenalty(
            penalty_weight,
            one_sided,
            penalty_target,
            interval=penalty_interval,
        )
        chosen = {k: v for k, v in training.items() if v is not None}
        return cls.assemble(
            generator,
            critic,
            num_classes=num_classes,
            penalty=penalty if method == "wgan_gp" else None,
            weight_clipping=weight_clipping if method == "wgan" else None,
            # Batch statistics are those of real or of generated images.
            joint_scoring=normalization != "batch",
            **own | chosen,
        )


def _method(method):
    if method not in METHODS:
        raise ValueError(
            f"`method` must be one of {', '.join(METHODS)}. Received: "
            f"method={method!r}."
        )
    return METHODS[method]


def _check_critic(normalization, method):
    check_normalization(normalization)
    if normalization == "batch" and method == "wgan_gp":
        raise ValueError(
            "The gradient penalty is on the gradient for each image by "
            "itself, which batch normalization in the critic mixes with "
            "others'. Received: discriminator_normalization='batch', "
            "method='wgan_gp'. Use 'layer' or 'none'."
        )

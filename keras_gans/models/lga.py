"""LGA: the hinge loss on a map of scores, with local amplification."""

from typing import Any

import keras

from keras_gans.checks import sides
from keras_gans.losses import AdversarialLoss
from keras_gans.losses.decomposed_hinge import SpatiallyDecomposedHinge
from keras_gans.models.declared import gradient_penalty
from keras_gans.models.gan import GAN
from keras_gans.networks import resnet_discriminator, resnet_generator
from keras_gans.networks.frame import square
from keras_gans.networks.geo_gan import (
    geo_gan_discriminator,
    geo_gan_generator,
)
from keras_gans.networks.wgan_resnet import (
    wgan_resnet_critic,
    wgan_resnet_generator,
)
from keras_gans.presets.lga import LGASettings

# Base widths of the published networks by player; SNGAN's at 32 pixels and
# above.
SNGAN_WIDTHS = {True: (256, 128), False: (64, 64)}
GEO_GAN_WIDTH = 128


@keras.saving.register_keras_serializable(package="keras_gans")
class LGAGAN(GAN):
    """GAN with the local gradient amplifier, and its paper's comparisons.

    The discriminator gives a map Y of scores; the discriminator's hinge loss
    is averaged over the cells, and the generator's gradient at each cell is
    multiplied by an amplification map A made of Y:

        L_D = E[max(0, 1 - Y(x))] + E[max(0, 1 + Y(G(z)))]
        L_G = -E[Y(G(z)) ⊙ A]

    The paper's A = min(Y, 1) makes unrealistic regions worse; the default is
    A = |min(Y, 1)|. See `SpatiallyDecomposedHinge` for that and the other
    modes. A gradient penalty on a map is on the gradient of its mean.

    What the paper compares, as settings of `from_settings`, each on
    `backbone="wgan_gp"`:

        wgan_gp     loss="wasserstein", map_resolution=0, penalty_weight=10
        hinge       loss="hinge", map_resolution=0
        LGA 4x4     map_resolution=4
        zero LGA    map_resolution=4, zero=True
        LGA 8x8     map_resolution=8

    and `backbone="sngan"` with and without LGA 4x4, and
    `backbone="geo_gan"`. The models have no classes.

    Args:
        discriminator: Model from images to scores (N, n, n, 1) or (N, 1).
        loss: `SpatiallyDecomposedHinge` by default.
        **kwargs: See `GAN`.

    Example:
    >>> gan = LGAGAN.from_preset(
    ...     "lga_cifar10_32", generator_width=8, discriminator_width=8)
    >>> gan.discriminator.output_shape
    (None, 8, 8, 1)

    Reference: Spatially Decomposed Hinge Adversarial Loss by Local Gradient
    Amplifier (anonymous submission).
    """

    SETTINGS = LGASettings

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        loss: str | AdversarialLoss | None = None,
        **kwargs: Any,
    ):
        if loss is None:
            loss = SpatiallyDecomposedHinge()
        super().__init__(generator, discriminator, loss=loss, **kwargs)

    @classmethod
    def arguments(
        cls, settings: LGASettings, num_classes: int
    ) -> dict[str, Any]:
        if num_classes:
            raise ValueError(
                "The models of the LGA paper have no classes. Received: "
                f"num_classes={num_classes}. Use num_classes=0 (for the "
                "recipe, --conditional=false)."
            )
        generator, discriminator = BACKBONES[settings.backbone](settings)
        loss = settings.loss
        if loss == "decomposed_hinge":
            loss = SpatiallyDecomposedHinge(
                **settings.select(
                    "amplification", "zero", "stop_gradient", "hinge_on"
                )
            )
        clips_all = settings.clip_last_layer or not settings.weight_clipping
        exempt = () if clips_all else (_last_layer(discriminator),)
        return {
            "generator": generator,
            "discriminator": discriminator,
            "loss": loss,
            "penalty": gradient_penalty(settings),
            "weight_clipping": settings.weight_clipping,
            "weight_clipping_exempt": exempt,
            # Geometric GAN's discriminator has batch statistics.
            "joint_scoring": settings.backbone != "geo_gan",
        }


def _wgan_gp(settings):
    common = settings.select("resolution", "channels", "folding")
    return (
        wgan_resnet_generator(
            width=settings.generator_width,
            **settings.select("latent_dim", "batch_statistics"),
            **common,
        ),
        wgan_resnet_critic(
            width=settings.discriminator_width,
            map_resolution=settings.map_resolution,
            **common,
        ),
    )


def _sngan(settings):
    published = SNGAN_WIDTHS[min(sides(settings.resolution)) == 32]
    common = settings.select("resolution", "channels", "release", "folding")
    return (
        resnet_generator(
            latent_dim=settings.latent_dim,
            width=settings.generator_width or published[0],
            spectral_norm=False,
            momentum=settings.momentum,
            final_momentum=settings.momentum,
            **common,
        ),
        resnet_discriminator(
            width=settings.discriminator_width or published[1],
            map_resolution=settings.map_resolution,
            hidden_channels="in" if settings.release == "sngan" else "out",
            **common,
        ),
    )


def _geo_gan(settings):
    square(settings.resolution, "Geometric GAN's networks")
    common = settings.select("resolution", "channels", "momentum")
    return (
        geo_gan_generator(
            latent_dim=settings.latent_dim,
            width=settings.generator_width or GEO_GAN_WIDTH,
            **common,
        ),
        geo_gan_discriminator(
            width=settings.discriminator_width or GEO_GAN_WIDTH,
            weight_decay=settings.weight_decay,
            **common,
        ),
    )


BACKBONES = {"wgan_gp": _wgan_gp, "sngan": _sngan, "geo_gan": _geo_gan}


def _last_layer(network):
    return [layer.name for layer in network.layers if layer.weights][-1]

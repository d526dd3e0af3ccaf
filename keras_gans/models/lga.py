"""LGA: the hinge loss on a map of scores, with local amplification."""

import keras

from keras_gans import losses
from keras_gans.losses.decomposed_hinge import SpatiallyDecomposedHinge
from keras_gans.models.gan import GAN
from keras_gans.networks import resnet_discriminator, resnet_generator
from keras_gans.networks.geo_gan import (
    geo_gan_discriminator,
    geo_gan_generator,
)
from keras_gans.networks.wgan_resnet import (
    wgan_resnet_critic,
    wgan_resnet_generator,
)
from keras_gans.penalties import GradientPenalty

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
        generator: See `GAN`.
        discriminator: See `GAN`; its scores are (N, n, n, 1) or (N, 1).
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

    FAMILY = "lga"
    TRAINING = {"n_critic": 5}

    def __init__(self, generator, discriminator, *, loss=None, **kwargs):
        if loss is None:
            loss = SpatiallyDecomposedHinge()
        super().__init__(generator, discriminator, loss=loss, **kwargs)

    @classmethod
    def from_settings(
        cls,
        *,
        resolution: int,
        channels: int = 3,
        num_classes: int = 0,
        latent_dim: int = 128,
        backbone: str = "wgan_gp",
        map_resolution: int = 8,
        generator_width: int = 0,
        discriminator_width: int = 0,
        batch_statistics: bool = True,
        momentum: float = 0.9,
        release: str = "sagan",
        folding: bool = True,
        loss: str = "decomposed_hinge",
        amplification: str = "abs",
        zero: bool = False,
        stop_gradient: bool = True,
        hinge_on: str = "cells",
        penalty_weight: float = 1.0,
        penalty_interval: int = 1,
        weight_decay: float = 0.0,
        weight_clipping: float | None = None,
        clip_last_layer: bool = False,
        **training,
    ) -> "LGAGAN":
        """Builds both networks and compiles the model.

        The defaults are the paper's LGA 8x8. What it leaves open, the
        learning rate, `n_critic`, the batch size and the networks, is that
        of WGAN-GP's algorithm and code.

        Args:
            resolution: 32 or 64 pixels; what the backbone has.
            channels: Image channels.
            num_classes: Must be 0: these models are unconditional.
            latent_dim: Length of the latent vectors.
            backbone: `wgan_gp`, the ResNets of WGAN-GP; `sngan`, those of
                SNGAN with a spectrally normalized discriminator; or
                `geo_gan`, the DCGAN of geometric GAN.
            map_resolution: Height of the map of scores: 4 or 8, or 0 for one
                score an image, geometric GAN's only choice.
            generator_width: Base width, see the backbone's builder; 0 for
                the published one.
            discriminator_width: The same for the discriminator.
            batch_statistics: Whether the generator of `wgan_gp` normalizes
                by the batch in sampling too, as published.
            momentum: Decay of the moving statistics of the other backbones.
            release: `sngan` for all details of the backbone `sngan` as in
                its released code; `sagan` for those of SAGAN's: see
                `resnet_discriminator`.
            folding: Whether resampling convolutions are folded (exact).
            loss: `decomposed_hinge`, or a name of `keras_gans.losses.NAMES`.
            amplification: See `SpatiallyDecomposedHinge`, as for the next
                three.
            zero: Whether realistic regions get no gradient.
            stop_gradient: Whether the amplification map is a constant.
            hinge_on: `cells` or `mean`.
            penalty_weight: λ of the gradient penalty, 0 for none; the paper
                has 10 for plain WGAN-GP and 1 otherwise.
            penalty_interval: Discriminator updates from one penalty, of so
                many times the weight, to the next; 1 as published.
            weight_decay: Of geometric GAN's last layer; its soft margin is
                1 / (C · batch size).
            weight_clipping: Discriminator weights are clipped to ± this
                after each update; None for no clipping.
            clip_last_layer: Whether that includes the last layer, which
                geometric GAN's code exempts.
            **training: See `GAN.assemble`.

        Raises:
            ValueError: For a value that the architecture has not.
        """
        _check(num_classes, backbone, map_resolution, weight_decay)
        generator, discriminator = BACKBONES[backbone](
            {"resolution": resolution, "channels": channels},
            latent_dim=latent_dim,
            widths=(generator_width, discriminator_width),
            map_resolution=map_resolution,
            batch_statistics=batch_statistics,
            momentum=momentum,
            release=release,
            folding=folding,
            weight_decay=weight_decay,
        )
        if loss == "decomposed_hinge":
            loss = SpatiallyDecomposedHinge(
                amplification, zero, stop_gradient, hinge_on
            )
        exempt = ()
        if weight_clipping is not None and not clip_last_layer:
            exempt = (_last_layer(discriminator),)
        return cls.assemble(
            generator,
            discriminator,
            loss=losses.get(loss),
            penalty=GradientPenalty(penalty_weight, interval=penalty_interval)
            if penalty_weight
            else None,
            weight_clipping=weight_clipping,
            weight_clipping_exempt=exempt,
            # Geometric GAN's discriminator has batch statistics.
            joint_scoring=backbone != "geo_gan",
            **training,
        )


def _wgan_gp(
    images,
    *,
    latent_dim,
    widths,
    map_resolution,
    batch_statistics,
    folding,
    **unused,
):
    return (
        wgan_resnet_generator(
            latent_dim=latent_dim,
            width=widths[0] or None,
            batch_statistics=batch_statistics,
            folding=folding,
            **images,
        ),
        wgan_resnet_critic(
            width=widths[1] or None,
            map_resolution=map_resolution,
            folding=folding,
            **images,
        ),
    )


def _sngan(
    images,
    *,
    latent_dim,
    widths,
    map_resolution,
    momentum,
    release,
    folding,
    **unused,
):
    images = images | {"release": release}
    published = SNGAN_WIDTHS[images["resolution"] == 32]
    return (
        resnet_generator(
            latent_dim=latent_dim,
            width=widths[0] or published[0],
            spectral_norm=False,
            momentum=momentum,
            final_momentum=momentum,
            folding=folding,
            **images,
        ),
        resnet_discriminator(
            width=widths[1] or published[1],
            map_resolution=map_resolution,
            hidden_channels="in" if release == "sngan" else "out",
            folding=folding,
            **images,
        ),
    )


def _geo_gan(images, *, latent_dim, widths, momentum, weight_decay, **unused):
    return (
        geo_gan_generator(
            latent_dim=latent_dim,
            width=widths[0] or GEO_GAN_WIDTH,
            momentum=momentum,
            **images,
        ),
        geo_gan_discriminator(
            width=widths[1] or GEO_GAN_WIDTH,
            weight_decay=weight_decay,
            momentum=momentum,
            **images,
        ),
    )


BACKBONES = {"wgan_gp": _wgan_gp, "sngan": _sngan, "geo_gan": _geo_gan}


def _last_layer(network):
    return [layer.name for layer in network.layers if layer.weights][-1]


def _check(num_classes, backbone, map_resolution, weight_decay):
    if backbone not in BACKBONES:
        raise ValueError(
            f"`backbone` must be one of {', '.join(BACKBONES)}. Received: "
            f"backbone={backbone!r}."
        )
    if num_classes:
        raise ValueError(
            "The models of the LGA paper have no classes. Received: "
            f"num_classes={num_classes}. Use num_classes=0 (for the recipe, "
            "--conditional=false)."
        )
    if backbone == "geo_gan" and map_resolution:
        raise ValueError(
            "Geometric GAN's discriminator gives one score an image. "
            f"Received: map_resolution={map_resolution}. Use "
            "map_resolution=0, or another backbone."
        )
    if backbone != "geo_gan" and weight_decay:
        raise ValueError(
            "`weight_decay` is the soft margin of geometric GAN. Received: "
            f"weight_decay={weight_decay} with backbone={backbone!r}. Use "
            "weight_decay=0."
        )

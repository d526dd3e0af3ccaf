"""ProGAN: networks that grow, a stage faded in after the other."""

import functools
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.losses import AdversarialLoss
from keras_gans.models.growing import GrowingGAN
from keras_gans.models.growth import GrowingAdam, Growth
from keras_gans.models.rematerialization import Rematerialized
from keras_gans.networks.progan import (
    discriminator_at,
    generator_at,
    progan_discriminator,
    progan_generator,
    stages,
)
from keras_gans.penalties import Drift, GradientPenalty
from keras_gans.presets.progan import ProGANSettings


@keras.saving.register_keras_serializable(package="keras_gans")
class ProGAN(GrowingGAN):
    """Progressive growing: training begins with images of 4 pixels.

    Stage k has images of 4·2^k pixels. A training step of it runs the layers
    of stages up to k alone, on real images x averaged down to that size,

        x_k ← (1 - α_k) up(pool(x_k)) + α_k x_k,

    and on generated ones, which are faded alike, as are the features of both
    networks (see `progan_generator`, `progan_discriminator`). α_k rises from
    0 to 1 in `fade_steps` steps and stays for `stable_steps`, see
    `keras_gans.models.growth`. With D's scores of these images,

        L_D = E[D(G(z))] - E[D(x)] + λ/γ² E[(‖∇D(x̂)‖ - γ)²] + ε E[D(x)²]
        L_G = -E[D(G(z))].

    Stage and α follow from the number of training steps, so that a model that
    is saved goes on as it would have gone. Between two calls of the step the
    stage changes: the step is traced anew, and both moments of `GrowingAdam`
    begin anew. Other optimizers keep theirs. With `steps_per_execution` of
    m, that is up to m - 1 steps late.

    Samples are images of the last stage's size by the averaged generator:
    before it has grown, smaller ones with repeated pixels. They may leave
    [-1, 1], and are clipped where they become bytes (`to_uint8`).

    Args:
        generator: Of `progan_generator`, or one with its names of layers.
        discriminator: Of `progan_discriminator`, likewise.
        fade_steps: Non-negative int, steps in which a stage is faded in.
        stable_steps: Non-negative int, steps of each stage before the next.
        loss: The Wasserstein loss by default; any other by name.
        joint_scoring: False by default, so that the minibatch deviation is
            one of real or of generated images.
        ema_decay: 0.999 by default.
        **kwargs: See `GAN`, as for these two.

    Raises:
        ValueError: When the networks' stages differ, or a length is none.

    Example:
    >>> gan = ProGAN.from_preset(
    ...     "progan_celebahq_128", max_channels=8, latent_dim=6)
    >>> gan.sizes, gan.growth.begin(2)
    ([4, 8, 16, 32, 64, 128], 150000)
    >>> gan.phase, gan.sampling_generator.output_shape
    (0, (None, 128, 128, 3))

    Reference: [Karras et al., 2018](https://arxiv.org/abs/1710.10196).
    """

    SETTINGS = ProGANSettings

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        fade_steps: int = 50_000,
        stable_steps: int = 50_000,
        loss: str | AdversarialLoss = "wasserstein",
        joint_scoring: bool = False,
        ema_decay: float | None = 0.999,
        **kwargs: Any,
    ):
        _check_stages(generator, discriminator)
        sizes = stages(generator)
        growth = Growth(fade_steps, stable_steps, len(sizes) - 1)
        super().__init__(
            generator,
            discriminator,
            loss=loss,
            joint_scoring=joint_scoring,
            ema_decay=ema_decay,
            **kwargs,
        )
        self.sizes = sizes
        self._begin_growth(growth)
        # In caches, because Keras would count the weights of attributes twice.
        self._networks_at = functools.cache(self._build_networks_at)

    def adversarial_step(self, data: Any) -> dict[str, Any]:
        """Trains both players on one batch at the model's stage."""
        shares = self._shares()
        for network in (self.generator, self.discriminator):
            for size, share in zip(self.sizes[1:], shares, strict=True):
                network.get_layer(f"fade_{size}").share.assign(share)
        return super().adversarial_step(data)

    def real_inputs(self, images: Any) -> Any:
        """Returns real images of the stage's size, faded as generated ones."""
        size = self.sizes[self.phase]
        factor = self.sizes[-1] // size
        if factor > 1:
            images = ops.average_pool(images, factor, factor)
        if not self.phase:
            return images
        share = self.discriminator.get_layer(f"fade_{size}").share
        share = ops.cast(share, images.dtype)
        old = backend.upsample(backend.average_pool(images))
        return (1.0 - share) * old + share * images

    def generate(
        self,
        latents: Any,
        labels: Any,
        training: bool = False,
        remat: bool = False,
    ) -> Any:
        """Returns images of the stage's size, of the trained generator."""
        del labels
        generator, _ = self._networks_at(self.phase, remat)
        return generator(latents, training=training)

    def score(
        self,
        images: Any,
        labels: Any,
        training: bool = False,
        remat: bool = False,
    ) -> Any:
        """Returns the discriminator's outputs for images of that size."""
        del labels
        _, discriminator = self._networks_at(self.phase, remat)
        return discriminator(images, training=training)

    def _build_networks_at(self, stage, remat):
        """Returns both networks of a stage."""
        size = self.sizes[stage]
        with backend.variable_scope(self):
            parts = (
                generator_at(self.generator, size),
                discriminator_at(self.discriminator, size),
            )
        return tuple(map(Rematerialized, parts)) if remat else parts

    def _update_average(self):
        super()._update_average()
        # It has grown as far as the generator: shares are not averaged.
        for size in self.sizes[1:]:
            shares = [
                network.get_layer(f"fade_{size}").share
                for network in (self.averaged_generator, self.generator)
            ]
            shares[0].assign(ops.convert_to_tensor(shares[1]))

    @classmethod
    def arguments(
        cls, settings: ProGANSettings, num_classes: int
    ) -> dict[str, Any]:
        if num_classes:
            raise ValueError(
                "ProGAN is unconditional. Received: "
                f"num_classes={num_classes}. Train without labels: "
                "num_classes=0, or conditional=false in a recipe."
            )
        common = settings.select("resolution", "channels", "max_channels")
        weight, target = settings.penalty_weight, settings.penalty_target
        gradients = GradientPenalty(
            weight / target**2,
            target=target,
            interval=settings.penalty_interval,
        )
        penalties = {
            gradients: weight,
            Drift(settings.drift_weight): settings.drift_weight,
        }
        return {
            "generator": progan_generator(
                **settings.select("latent_dim", "folding"), **common
            ),
            "discriminator": progan_discriminator(
                **settings.select("group_size"), **common
            ),
            "loss": settings.loss,
            "penalty": [p for p, weight in penalties.items() if weight],
            **settings.select("fade_steps", "stable_steps"),
        }

    @classmethod
    def optimizers(
        cls, settings: ProGANSettings, decay_steps: int | None
    ) -> Sequence[keras.optimizers.Optimizer]:
        return [
            GrowingAdam.from_config(optimizer.get_config())
            for optimizer in super().optimizers(settings, decay_steps)
        ]


def _check_stages(generator, discriminator):
    found = [
        stages(network) if isinstance(network, keras.Model) else []
        for network in (generator, discriminator)
    ]
    if found[0] != found[1] or len(found[0]) < 2:
        raise ValueError(
            "ProGAN's networks have the same stages, two or more, as those of "
            "progan_generator and progan_discriminator. Received: a generator "
            f"with the stages {found[0]}, a discriminator with {found[1]}."
        )

"""R3GAN: relativistic pairs, R1 and R2 on networks without tricks."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_gans.augmentation import AdaptiveAugmentation
from keras_gans.checks import integer
from keras_gans.losses import AdversarialLoss
from keras_gans.models.gan import GAN
from keras_gans.models.r3gan_schedules import BurnInAdam, wave
from keras_gans.networks.r3gan import r3gan_discriminator, r3gan_generator
from keras_gans.penalties import R1, R2
from keras_gans.presets.r3gan import R3GANSettings


@keras.saving.register_keras_serializable(package="keras_gans")
class R3GAN(GAN):
    """The modern baseline GAN: a regularized relativistic loss.

    Of pairs of a real image x and latents z, of one class y where there are
    classes (equations 2 and 7),

        L_D = E[softplus(D(G(z)) - D(x))] + γ/2 E[‖∇D(x)‖² + ‖∇D(G(z))‖²]
        L_G = E[softplus(D(x) - D(G(z)))].

    In a burn-in of T steps these change by half a cosine, and stay then: γ,
    the learning rates, Adam's β₂, the half-life of the averaged generator,
    which is 0 at first, and the probability of an `AdaptiveAugmentation` that
    does not adapt, which is 0 too.

    Args:
        generator: See `GAN`.
        discriminator: See `GAN`.
        loss: Relativistic pairing by default.
        penalty: `R1` and `R2` of weight 1 by default; `from_settings` gives
            them their burn-in.
        burn_in: Positive int T, or None for no burn-in.
        **kwargs: See `GAN`. `ema_decay` is the decay after the burn-in; with
            w as in `keras_gans.models.r3gan_schedules` it is
            ema_decay^(1 / (1 - w(t))) at step t, of which the half-life is
            1 - w(t) times that of `ema_decay`.

    Example:
    >>> gan = R3GAN.from_preset(
    ...     "r3gan_cifar10_32", generator_width=8, discriminator_width=8)
    >>> gan.burn_in, [penalty.weight.start for penalty in gan.penalty]
    (39063, [0.05, 0.05])

    Reference: [Huang et al., 2024](https://arxiv.org/abs/2501.05441).
    """

    SETTINGS = R3GANSettings

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        loss: str | AdversarialLoss = "relativistic_pairing",
        penalty: Any = "default",
        burn_in: int | None = None,
        **kwargs: Any,
    ):
        if penalty == "default":
            penalty = [R1(1.0), R2(1.0)]
        super().__init__(
            generator, discriminator, loss=loss, penalty=penalty, **kwargs
        )
        self.burn_in = burn_in
        if burn_in is not None:
            # A variable, so that a step that was traced reads another one.
            self.burn_in_length = keras.Variable(
                integer("burn_in", burn_in),
                trainable=False,
                dtype="float32",
                name="burn_in",
            )

    def set_schedule(
        self,
        steps: int,
        ema_start: int | None = None,
        burn_in: int | None = None,
    ) -> None:
        super().set_schedule(steps, ema_start)
        if self.burn_in is None:
            return
        if burn_in is not None:
            self.burn_in = integer("burn_in", burn_in)
        self.burn_in_length.assign(self.burn_in)
        for penalty in self.penalties:
            for schedule in getattr(penalty, "schedules", ()):
                schedule.set_updates(self.burn_in * self.n_critic)
        players = (
            (self.optimizer.generator, self.generator_steps),
            (self.optimizer.discriminator, self.n_critic),
        )
        for optimizer, updates in players:
            if isinstance(optimizer, BurnInAdam):
                optimizer.wave.set_updates(self.burn_in * updates)

    def adversarial_step(self, data: Any) -> dict[str, Any]:
        """Trains both players on one batch, see `GAN`."""
        layer = self.augmentation
        fixed = isinstance(layer, AdaptiveAugmentation) and not layer.adapts
        if fixed and self.burn_in is not None:
            layer.probability.assign(layer.fixed * self._done())
        return super().adversarial_step(data)

    def average_decay(self) -> Any:
        """Returns the decay at this step; its half-life grows from 0."""
        if self.burn_in is None:
            return self.ema_decay
        # A decay of 0 stays 0 whatever the half-life.
        start = math.log(max(self.ema_decay, 1e-30))
        return ops.exp(start / ops.maximum(self._done(), 1e-8))

    def _done(self):
        """Returns 1 - w(t), float32: from 0 to 1 in the burn-in."""
        steps = ops.cast(self.optimizer.iterations, "float32")
        length = ops.convert_to_tensor(self.burn_in_length)
        share = ops.minimum(steps / length, 1.0)
        # Which is small at first: 1 - cos would be rounded.
        return ops.square(ops.sin(math.pi / 2.0 * share))

    def fake_labels(self, labels: Any, count: Any) -> Any:
        """Returns the real images' labels: pairs are of one class."""
        del count
        if labels is None or self.generator_batch == 1:
            return labels
        return ops.tile(labels, self.generator_batch)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "burn_in": self.burn_in}

    @classmethod
    def arguments(
        cls, settings: R3GANSettings, num_classes: int
    ) -> dict[str, Any]:
        common = settings.select(
            "resolution", "channels", "blocks", "expansion", "group_size"
        )
        common["num_classes"] = num_classes
        return {
            "generator": r3gan_generator(
                latent_dim=settings.latent_dim,
                width=settings.generator_width,
                multipliers=settings.generator_multipliers or (),
                **common,
            ),
            "discriminator": r3gan_discriminator(
                width=settings.discriminator_width,
                multipliers=settings.discriminator_multipliers or (),
                **common,
            ),
            "loss": settings.loss,
            # R1 and R2 are those of the settings that all models share.
            "penalty": None,
            "burn_in": settings.burn_in,
        }

    @classmethod
    def optimizers(
        cls, settings: R3GANSettings, decay_steps: int | None
    ) -> Sequence[keras.optimizers.Optimizer]:
        optimizers = super().optimizers(settings, decay_steps)
        if settings.burn_in is None:
            return optimizers
        updates = (settings.generator_steps, settings.n_critic)
        return [
            BurnInAdam.from_config(
                {
                    **optimizer.get_config(),
                    **settings.select("final_beta_2", "remaining_rate"),
                    "burn_in": settings.burn_in * count,
                }
            )
            for optimizer, count in zip(optimizers, updates, strict=True)
        ]

    @classmethod
    def scheduled_weight(cls, settings: R3GANSettings, weight: float) -> Any:
        if settings.burn_in is None:
            return weight
        length = settings.burn_in * settings.n_critic
        return wave(length, weight, weight * settings.remaining_penalty)

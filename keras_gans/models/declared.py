"""From the declared settings of a paper to its compiled model."""

from functools import partial
from typing import Any, Self

import keras

from keras_gans.checks import did_you_mean
from keras_gans.losses.top_k import TopK
from keras_gans.models.augmenting import augmentation_of, check_sign
from keras_gans.models.optimizers import make_optimizers
from keras_gans.models.projecting import projected
from keras_gans.penalties import BCR, R1, R2, ZCR, GradientPenalty, LeCam
from keras_gans.penalties.penalty import as_penalties
from keras_gans.presets.regularizers import RegularizerSettings
from keras_gans.presets.training import (
    OF_THE_DATA,
    OF_THE_RUN,
    GANSettings,
    OptimizerSettings,
    PenaltySettings,
    TrainerSettings,
)

# Arguments of the constructor that no preset or flag can state.
BESIDES = ("augmentation", "joint_scoring", "name", "penalty")


class DeclaredModel:
    """What a GAN with `SETTINGS` can be built from: these, or a preset.

    A paper's class names the declaration of its settings and implements
    `arguments`.
    """

    # The declaration of a paper's settings; None for a class without any.
    SETTINGS: type[GANSettings] | None = None

    @classmethod
    def from_preset(cls, name: str, **changes: Any) -> Self:
        """Builds and compiles the model of a preset, without data or network.

        Args:
            name: One of `keras_gans.presets.names(cls.SETTINGS.FAMILY)`.
            **changes: Settings of `from_settings` to use instead.

        Raises:
            ValueError: When there is no such preset.
            TypeError: When called on a class without presets, such as `GAN`,
                or with a setting that there is not.
        """
        if cls.SETTINGS is None or cls.SETTINGS.FAMILY is None:
            raise TypeError(
                f"{cls.__name__} has no presets. Call from_preset of a "
                "paper's class, for example SAGAN."
            )
        settings = cls.SETTINGS.read_preset(name)
        settings = {k: v for k, v in settings.items() if k not in OF_THE_RUN}
        return cls.from_settings(**cls.SETTINGS.merged(settings, changes))

    @classmethod
    def from_settings(
        cls,
        *,
        num_classes: int = 0,
        decay_steps: int | None = None,
        **settings: Any,
    ) -> Self:
        """Builds the networks of a paper and compiles the model.

        Args:
            num_classes: Classes of the labels, 0 for a model without labels.
            decay_steps: Training steps over which both learning rates fall
                linearly to 0; None keeps them constant.
            **settings: Fields of `cls.SETTINGS`, which describes them; `loss`
                may be an `AdversarialLoss` too. Besides, `augmentation`,
                `joint_scoring`, `penalty` and `name` of the constructor.

        Raises:
            ValueError: For a value that the architecture has not.
            TypeError: For a setting that there is not.
        """
        if cls.SETTINGS is None:
            raise TypeError(
                f"{cls.__name__} has no settings of its own. Construct it of "
                "two networks, or call from_settings of a paper's class."
            )
        own = {key: settings.pop(key) for key in BESIDES if key in settings}
        if not isinstance(settings.get("loss", ""), str):
            own["loss"] = settings.pop("loss")
        for name in settings:
            if name not in cls.SETTINGS.names():
                known = (*cls.SETTINGS.names(), *OF_THE_DATA, *BESIDES)
                raise TypeError(
                    f"{cls.__name__} has no setting `{name}`."
                    f"{did_you_mean(name, known)}"
                )
        chosen = cls.SETTINGS(**cls.SETTINGS.present(settings))
        augmentation = augmentation_of(chosen, chosen.seed)
        if augmentation is not None:
            if own.get("augmentation") is not None:
                raise ValueError(
                    "Images pass one augmentation. Received: an "
                    "`augmentation`, and diffaugment or ada besides. Leave "
                    "one of them out."
                )
            own["augmentation"] = augmentation
        arguments = cls.arguments(chosen, num_classes) | own
        arguments |= projected(
            chosen,
            arguments,
            num_classes=num_classes,
            auxiliary=not cls.discriminator_takes_labels,
            seed=chosen.seed,
        )
        arguments |= cls._regularizers(chosen, arguments.get("penalty"))
        trainer = chosen.select(*TrainerSettings.names())
        gan = cls(num_classes=num_classes, **arguments, **trainer)
        check_sign(gan.augmentation, gan.adversarial_loss)
        gan.compile(*cls.optimizers(chosen, decay_steps))
        return gan

    @classmethod
    def arguments(
        cls, settings: GANSettings, num_classes: int
    ) -> dict[str, Any]:
        """Returns the constructor's arguments for a paper's settings.

        A paper's class builds its `generator` and `discriminator` here, and
        names what else is its own, such as the loss. `TrainerSettings` are
        passed on besides.
        """
        raise NotImplementedError

    @classmethod
    def optimizers(
        cls, settings: GANSettings, decay_steps: int | None
    ) -> tuple[keras.optimizers.Optimizer, keras.optimizers.Optimizer]:
        """Returns both players' optimizers for a paper's settings."""
        return make_optimizers(
            decay_steps=decay_steps,
            **settings.select("n_critic", "generator_steps"),
            **settings.select(*OptimizerSettings.names()),
        )

    @classmethod
    def scheduled_weight(cls, settings: GANSettings, weight: float) -> Any:
        """Returns the weight γ of R1 or R2, or how it changes in training."""
        del settings
        return weight

    @classmethod
    def _regularizers(cls, settings, penalty):
        """Returns what regularizers add to the constructor's arguments."""
        chosen = settings.select(*RegularizerSettings.names())
        r1, r2 = chosen["r1_weight"], chosen["r2_weight"]
        lecam, bcr = chosen["lecam_weight"], chosen["bcr_weight"]
        zcr = chosen["zcr_weight"]
        weight = partial(cls.scheduled_weight, settings)
        added = {
            R1(weight(r1), chosen["r1_interval"]): r1,
            R2(weight(r2), chosen["r2_interval"]): r2,
            LeCam(lecam, start=chosen["lecam_start"]): lecam,
            BCR(bcr, bcr): bcr,
            ZCR(zcr, chosen["zcr_diversity"]): zcr,
        }
        added = [each for each, size in added.items() if size]
        arguments = {}
        if added:
            arguments["penalty"] = [*as_penalties(penalty), *added]
        if chosen["top_k"] is not None:
            arguments["top_k"] = TopK(
                chosen["top_k"], interval=chosen["top_k_interval"]
            )
        return arguments


def gradient_penalty(
    settings: PenaltySettings, one_sided: bool = False, target: float = 1.0
) -> GradientPenalty | None:
    """Returns the penalty of a paper's settings, None for weight 0."""
    if not settings.penalty_weight:
        return None
    return GradientPenalty(
        settings.penalty_weight,
        one_sided,
        target,
        interval=settings.penalty_interval,
    )

"""The players' optimizers, and both as the one that Keras keeps track of."""

import dataclasses
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.checks import integer, one_of

OPTIMIZERS = ("adam", "rmsprop", "rmsprop_tf")


@keras.saving.register_keras_serializable(package="keras_gans")
class PlayerOptimizers(keras.optimizers.Optimizer):
    """Holds the generator's and the discriminator's optimizer.

    Keras carries, saves and restores the variables of `model.optimizer`
    alone; this one has those of both players. Each player's gradients go to
    its own optimizer: `optimizers.generator.apply(...)`. Its own
    `iterations` counts training steps, that is generator updates. Its
    `learning_rate` is the generator's; setting it, as Keras's callbacks do,
    changes both players' by the same factor.

    Args:
        generator: A `keras.optimizers.Optimizer`, its name or its config.
        discriminator: Another one.
        name: Name of the optimizer.

    Raises:
        ValueError: When both players share one optimizer, whose moments
            would then mix.
    """

    def __init__(
        self,
        generator: Any,
        discriminator: Any,
        name: str = "player_optimizers",
    ):
        super().__init__(learning_rate=0.0, name=name)
        self.generator = _optimizer(generator, "generator_optimizer")
        self.discriminator = _optimizer(
            discriminator, "discriminator_optimizer"
        )
        self._ratio = None
        backend.accelerate(self.generator)
        backend.accelerate(self.discriminator)
        self._schedule = _Schedule()
        if self.generator is self.discriminator:
            raise ValueError(
                "The generator and the discriminator need an optimizer each: "
                "shared moments would mix their gradients. Received the same "
                f"{type(generator).__name__} for both. Construct it twice."
            )

    def build_players(
        self, generator_variables: list, discriminator_variables: list
    ) -> None:
        """Creates the variables of both optimizers, once."""
        if self.built:
            return
        with keras.name_scope(self.name):
            self.generator.build(generator_variables)
            self.discriminator.build(discriminator_variables)
            self._schedule.build(self._schedules())
        self.build([])

    @property
    def average_start(self) -> keras.Variable:
        """Training step from which the generator is averaged."""
        return self._schedule.average_start

    def set_updates(self, generator: int, discriminator: int) -> None:
        """Sets after how many updates learning rates that decay are 0.

        Args:
            generator: Positive int, updates of the generator.
            discriminator: Those of the discriminator.
        """
        players = (self.generator, self.discriminator)
        for player, updates in zip(
            players, (generator, discriminator), strict=True
        ):
            if isinstance(player._learning_rate, LinearDecay):
                player._learning_rate.set_steps(updates)

    def _schedules(self):
        """Returns what a step reads from variables: decays and burn-ins."""
        players = (self.generator, self.discriminator)
        rates = (player._learning_rate for player in players)
        decays = [rate for rate in rates if isinstance(rate, LinearDecay)]
        waves = (getattr(player, "wave", None) for player in players)
        return [*decays, *(wave for wave in waves if wave is not None)]

    @property
    def learning_rate(self) -> Any:
        """The generator's step size; the ratio stays when it is set.

        That is refused where a player's step size follows a schedule, and
        where the generator's was 0 from the start.
        """
        return self.generator.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        players = (self.generator, self.discriminator)
        for player in players:
            if not isinstance(player._learning_rate, keras.Variable):
                raise TypeError(
                    "A learning rate can be set where both players' are "
                    f"numbers. Received: {player.name} with the schedule "
                    f"{type(player._learning_rate).__name__}. Compile with "
                    "numbers, or leave it to the schedules."
                )
        generator, discriminator = (
            float(ops.convert_to_numpy(player.learning_rate))
            for player in players
        )
        if generator:  # After a rate of 0, the ratio is the one before.
            self._ratio = discriminator / generator
        if self._ratio is None:
            raise ValueError(
                "A generator's learning rate of 0 has no ratio to the "
                f"discriminator's, {discriminator}. Compile with a positive "
                "learning rate."
            )
        self.generator.learning_rate = value
        self.discriminator.learning_rate = value * self._ratio

    @property
    def variables(self) -> list[keras.Variable]:
        return (
            super().variables
            + self.generator.variables
            + self.discriminator.variables
            + self._schedule.variables
        )

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        raise TypeError(
            "The players are updated one after the other: call "
            "`generator.apply` or `discriminator.apply` of this optimizer."
        )

    def save_own_variables(self, store: Any) -> None:
        # The two optimizers are attributes and save themselves.
        for index, variable in enumerate(super().variables):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        for index, variable in enumerate(super().variables):
            variable.assign(store[str(index)])

    def get_config(self) -> dict[str, Any]:
        serialize = keras.optimizers.serialize
        return {
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "name": self.name,
        }


class _Schedule:
    """What depends on the length of training, in variables: no constants.

    A plain object, which an optimizer does not track: a step reads them, and
    files do not have them.
    """

    def __init__(self):
        self.variables = []

    def build(self, schedules):
        self.average_start = keras.Variable(
            0, trainable=False, dtype="int32", name="average_start"
        )
        lengths = [schedule.build() for schedule in schedules]
        self.variables = [self.average_start, *lengths]


def _optimizer(optimizer, argument):
    optimizer = keras.optimizers.get(optimizer)
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            f"`{argument}` must not scale losses: float16 training is not "
            "supported. Use the dtype policy mixed_bfloat16, which needs no "
            "loss scaling."
        )
    return optimizer


@keras.saving.register_keras_serializable(package="keras_gans")
@dataclasses.dataclass(eq=False)
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Falls linearly to 0 after having been constant for a while.

    After t of T updates, of which a share h is held, the learning rate is
    α·min(1, max(0, 1 - t/T) / (1 - h)).

    Args:
        learning_rate: Float α, at the start.
        steps: Positive int T, updates after which it is 0.
        hold: Float h in [0, 1).
    """

    learning_rate: float
    steps: int
    hold: float = 0.0

    def __post_init__(self):
        self._total = None

    def build(self) -> keras.Variable:
        """Makes T a variable, which a step that was traced reads."""
        if self._total is None:
            self._total = keras.Variable(
                self.steps, trainable=False, dtype="float32", name="decay_steps"
            )
        return self._total

    def set_steps(self, steps: int) -> None:
        """Sets T.

        Raises:
            ValueError: When it is no positive int.
        """
        self.steps = integer("steps", steps)
        if self._total is not None:
            self._total.assign(steps)

    def __call__(self, step: Any) -> Any:
        total = self.steps if self._total is None else self._total.value
        left = 1.0 - ops.cast(step, "float32") / total
        return self.learning_rate * ops.clip(left / (1.0 - self.hold), 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@keras.saving.register_keras_serializable(package="keras_gans")
class RMSpropTorch(keras.optimizers.RMSprop):
    """RMSprop as in PyTorch, with ε outside of the root.

    From v = 0, each gradient g moves v ← ρ v + (1 - ρ) g² and then
    w ← w - α g / (√v + ε). Keras divides by √(v + ε), for which 1e-8 is a
    floor of 1e-4 on the root mean square of the gradient. Arguments are those
    of `keras.optimizers.RMSprop`; momentum and `centered` are refused.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.momentum or self.centered:
            raise ValueError(
                "RMSpropTorch has neither momentum nor centred moments. "
                f"Received: momentum={self.momentum}, "
                f"centered={self.centered}. Use keras.optimizers.RMSprop."
            )

    def update_step(
        self, gradient: Any, variable: Any, learning_rate: Any
    ) -> None:
        rate = ops.cast(learning_rate, variable.dtype)
        gradient = ops.cast(gradient, variable.dtype)
        velocity = self._velocities[self._get_variable_index(variable)]
        square = (1 - self.rho) * ops.square(gradient)
        self.assign(velocity, self.rho * velocity + square)
        root = ops.sqrt(velocity) + self.epsilon
        self.assign_sub(variable, rate * gradient / root)


@keras.saving.register_keras_serializable(package="keras_gans")
class RMSpropTF(keras.optimizers.RMSprop):
    """RMSprop as in TensorFlow 1, whose mean square starts at 1.

    From v = 1, each gradient g moves v ← ρ v + (1 - ρ) g² and then
    w ← w - α g / √(v + ε), with ε = 1e-10 there: first updates are short.
    Arguments are those of `keras.optimizers.RMSprop`.
    """

    def add_optimizer_variables(
        self, variables: list, name: str, initializer: str = "zeros"
    ) -> list:
        initializer = "ones" if name == "velocity" else initializer
        return super().add_optimizer_variables(variables, name, initializer)


def make_optimizers(
    optimizer: str = "adam",
    generator_learning_rate: float = 1e-4,
    discriminator_learning_rate: float = 1e-4,
    *,
    beta_1: float = 0.0,
    beta_2: float = 0.9,
    decay_steps: int | None = None,
    learning_rate_hold: float = 0.0,
    n_critic: int = 1,
    generator_steps: int = 1,
) -> tuple[keras.optimizers.Optimizer, keras.optimizers.Optimizer]:
    """Returns the generator's and the discriminator's optimizer.

    Args:
        optimizer: `adam`; or, with ρ = `beta_2`, `rmsprop` as in PyTorch with
            ε = 1e-8, or `rmsprop_tf` as in TensorFlow 1 with ε = 1e-10. Adam
            is TensorFlow 1's, w ← w - α √(1 - β₂ᵗ) / (1 - β₁ᵗ) m / (√v + ε)
            with ε = 1e-8: "epsilon hat" of its paper. PyTorch adds ε after
            the bias correction, which is ε √(1 - β₂ᵗ) here: less in the first
            updates, the same later.
        generator_learning_rate: Step size of the generator.
        discriminator_learning_rate: Step size of the discriminator.
        beta_1: Adam's β₁, in [0, 1).
        beta_2: Adam's β₂, or ρ of RMSprop, in [0, 1).
        decay_steps: Training steps over which both step sizes fall linearly
            to 0; None keeps them constant.
        learning_rate_hold: Share of `decay_steps` before they fall, in
            [0, 1).
        n_critic: Discriminator updates a training step.
        generator_steps: Generator updates a training step.

    Raises:
        ValueError: For another optimizer.
    """
    one_of("optimizer", optimizer, OPTIMIZERS)

    def make(learning_rate, updates):
        if decay_steps:
            learning_rate = LinearDecay(
                learning_rate, decay_steps * updates, learning_rate_hold
            )
        if optimizer == "rmsprop":
            return RMSpropTorch(learning_rate, beta_2, epsilon=1e-8)
        if optimizer == "rmsprop_tf":
            return RMSpropTF(learning_rate, beta_2, epsilon=1e-10)
        return keras.optimizers.Adam(
            learning_rate, beta_1, beta_2, epsilon=1e-8
        )

    return (
        make(generator_learning_rate, generator_steps),
        make(discriminator_learning_rate, n_critic),
    )

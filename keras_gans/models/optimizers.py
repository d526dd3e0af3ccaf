"""The players' optimizers, and both as the one that Keras keeps track of."""

import keras
from keras import ops

OPTIMIZERS = ("adam", "rmsprop")


@keras.saving.register_keras_serializable(package="keras_gans")
class PlayerOptimizers(keras.optimizers.Optimizer):
    """Holds the generator's and the discriminator's optimizer.

    Keras carries, saves and restores the variables of `model.optimizer`
    alone; this one has those of both players. Each player's gradients go to
    its own optimizer: `optimizers.generator.apply(...)`. Its own
    `iterations` counts training steps, that is generator updates.

    Args:
        generator: A `keras.optimizers.Optimizer`.
        discriminator: Another `keras.optimizers.Optimizer`.
        name: Name of the optimizer.

    Raises:
        ValueError: When both players share one optimizer, whose moments
            would then mix.
    """

    def __init__(self, generator, discriminator, name="player_optimizers"):
        super().__init__(learning_rate=0.0, name=name)
        self.generator = _optimizer(generator, "generator_optimizer")
        self.discriminator = _optimizer(
            discriminator, "discriminator_optimizer"
        )
        if self.generator is self.discriminator:
            raise ValueError(
                "The generator and the discriminator need an optimizer each: "
                "shared moments would mix their gradients. Received the same "
                f"{type(generator).__name__} for both. Construct it twice."
            )

    def build_players(self, generator_variables, discriminator_variables):
        """Creates the variables of both optimizers, once."""
        if self.built:
            return
        with keras.name_scope(self.name):
            self.generator.build(generator_variables)
            self.discriminator.build(discriminator_variables)
        self.build([])

    @property
    def variables(self):
        return (
            super().variables
            + self.generator.variables
            + self.discriminator.variables
        )

    def apply(self, grads, trainable_variables=None):
        raise TypeError(
            "The players are updated one after the other: call "
            "`generator.apply` or `discriminator.apply` of this optimizer."
        )

    def save_own_variables(self, store):
        # The two optimizers are attributes and save themselves.
        for index, variable in enumerate(super().variables):
            store[str(index)] = variable.numpy()

    def load_own_variables(self, store):
        for index, variable in enumerate(super().variables):
            variable.assign(store[str(index)])

    def get_config(self):
        serialize = keras.optimizers.serialize
        return {
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for player in ("generator", "discriminator"):
            config[player] = keras.optimizers.deserialize(
                config[player], custom_objects
            )
        return cls(**config)


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
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Falls linearly to 0 after having been constant for a while.

    After t of T updates, of which a share h is held, the learning rate is
    α·min(1, max(0, 1 - t/T) / (1 - h)).

    Args:
        learning_rate: Float α, at the start.
        steps: Positive int T, updates after which it is 0.
        hold: Float h in [0, 1).
    """

    def __init__(self, learning_rate, steps, hold=0.0):
        self.learning_rate = learning_rate
        self.steps = steps
        self.hold = hold

    def __call__(self, step):
        left = 1.0 - ops.cast(step, "float32") / self.steps
        return self.learning_rate * ops.clip(left / (1.0 - self.hold), 0.0, 1.0)

    def get_config(self):
        return {
            "learning_rate": self.learning_rate,
            "steps": self.steps,
            "hold": self.hold,
        }


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
        optimizer: `adam`, with ε = 1e-8; or `rmsprop`, with ρ = `beta_2` and
            ε = 1e-8, that is Adam with β₁ = 0 without bias correction.
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
    if optimizer not in OPTIMIZERS:
        raise ValueError(
            f"`optimizer` must be one of {OPTIMIZERS}. Received: "
            f"optimizer={optimizer!r}."
        )

    def make(learning_rate, updates):
        if decay_steps:
            learning_rate = LinearDecay(
                learning_rate, decay_steps * updates, learning_rate_hold
            )
        if optimizer == "rmsprop":
            return keras.optimizers.RMSprop(
                learning_rate, rho=beta_2, epsilon=1e-8
            )
        return keras.optimizers.Adam(
            learning_rate, beta_1, beta_2, epsilon=1e-8
        )

    return (
        make(generator_learning_rate, generator_steps),
        make(discriminator_learning_rate, n_critic),
    )

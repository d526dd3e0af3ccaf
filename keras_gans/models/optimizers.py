"""Two players' optimizers as the one that Keras keeps track of."""

import keras


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

"""One of the two players of a GAN."""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.models.accumulation import accumulated_gradients


@dataclasses.dataclass(eq=False)
class Player:
    """A network, what changes it, and what is logged of its updates.

    Keras does not look into it when it saves: networks, optimizers and losses
    stay where files have always had them, and scores are not in files.

    Attributes:
        network: The model whose trainable variables are the player's.
        loss: Mean of its objective over the updates of an epoch.
        logs: Means of what the objective gives beside the loss, by name.
        buffers: Variables that the objective moves besides the network's.
        optimizer: Its own optimizer, from `GAN.compile` on.
    """

    network: keras.Model
    loss: keras.metrics.Mean
    logs: dict[str, keras.metrics.Mean] = dataclasses.field(
        default_factory=dict
    )
    buffers: Sequence[keras.Variable] = ()
    optimizer: keras.optimizers.Optimizer | None = None

    def update(
        self,
        objective: Callable[..., tuple[Any, dict]],
        batch: Sequence[Any],
        parts: int,
        state: list[keras.Variable],
    ) -> dict[str, Any]:
        """Lowers the loss of `objective(*batch)`, which it takes in parts.

        The objective returns the loss and, by name, what is logged beside it,
        which is returned; see `accumulated_gradients`.
        """
        if parts > 1:
            value, gradients = accumulated_gradients(
                objective,
                batch,
                parts,
                self.network,
                state,
                self.logs,
                self.buffers,
            )
        else:
            value, gradients = backend.value_and_gradients(
                partial(objective, *batch),
                self.network.trainable_variables,
                state,
            )
        self.apply(value, gradients)
        return value[1]

    def apply(self, value: tuple[Any, dict], gradients: list[Any]) -> None:
        """Takes a step of these gradients; counts the objective's value."""
        loss, logs = value
        self.optimizer.apply(gradients, self.network.trainable_variables)
        self.loss.update_state(loss)
        for name, metric in self.logs.items():
            metric.update_state(logs[name])

    def with_regularization(
        self,
        value: tuple[Any, dict],
        gradients: list[Any],
        state: list[keras.Variable],
    ) -> tuple[tuple[Any, dict], list[Any]]:
        """Adds what regularizers add to a loss, and to its gradients.

        For an objective that does not see the network's weights.
        """
        variables = self.network.trainable_variables
        if not any(variable.regularizer for variable in variables):
            return value, gradients
        (added, _), further = backend.value_and_gradients(
            lambda: (self.regularization(), {}), variables, state
        )
        loss, logs = value
        return (loss + added, logs), list(map(ops.add, gradients, further))

    def regularization(self) -> Any:
        """Returns the sum of the regularizers of its weights, float32."""
        return sum(
            ops.cast(variable.regularizer(variable), "float32")
            for variable in self.network.trainable_variables
            if variable.regularizer is not None
        )

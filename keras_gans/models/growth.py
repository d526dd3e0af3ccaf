"""How ProGAN's networks grow: when, and what then begins anew.

With S steps of stabilization and F steps of fading in, stage k, of which the
first is 0, begins to be faded in after b_k training steps, and its share of
the images after t steps is α_k(t):

    b_k = (k - 1)(S + F) + S,    α_k(t) = min(1, max(0, (t - b_k) / F)).

Without fading, F = 0, it is 0 before b_k and 1 from there on.
"""

import dataclasses
from typing import Any

import keras
from keras import ops

from keras_gans.checks import integer


@dataclasses.dataclass(frozen=True)
class Growth:
    """The schedule of growth.

    Args:
        fade_steps: Non-negative int F, steps in which a stage is faded in.
        stable_steps: Non-negative int S, steps of each stage before the next
            one is; they are not both 0.
        last: Positive int, the last stage.

    Raises:
        ValueError: When one is no such number.

    Example:
    >>> growth = Growth(fade_steps=4, stable_steps=2, last=2)
    >>> [growth.share(1, step) for step in (0, 2, 3, 6, 9)]
    [0.0, 0.0, 0.25, 1.0, 1.0]
    >>> [growth.stage(step) for step in (0, 2, 3, 8, 9)]
    [0, 0, 1, 1, 2]
    """

    fade_steps: int
    stable_steps: int
    last: int

    def __post_init__(self):
        lengths = dataclasses.asdict(self)
        for name in ("fade_steps", "stable_steps"):
            integer(name, lengths[name], minimum=0)
        integer("last", self.last)
        if not self.fade_steps + self.stable_steps:
            raise ValueError(
                "Of fade_steps and stable_steps one must be positive, or all "
                "stages would begin at once. Received: fade_steps=0, "
                "stable_steps=0."
            )

    def begin(self, stage: int) -> int:
        """Returns b_k, the steps before a stage begins to be faded in.

        The first one is there from the start.
        """
        if not stage:
            return 0
        return stage * self.stable_steps + (stage - 1) * self.fade_steps

    def share(self, stage: int, step: int) -> float:
        """Returns α_k(t) of a stage."""
        since = step - self.begin(stage)
        if not self.fade_steps or not stage:
            return float(since >= 0)
        return min(1.0, max(0.0, since / self.fade_steps))

    def stage(self, step: int) -> int:
        """Returns the last stage that has a share after t steps."""
        grown = (k for k in range(1, self.last + 1) if self.share(k, step))
        return max(grown, default=0)

    def reached(self, stage: int) -> int:
        """Returns the first training step in which a stage has a share."""
        return self.begin(stage) + (stage > 0 and self.fade_steps > 0)

    def phases(self, begin: int, end: int) -> list[tuple[int, float]]:
        """Returns the stages of training from a step to another.

        Each with its share of the steps; those without any are left out, but
        for the one of the step, where there is none.
        """
        counts = {}
        for stage in range(self.last + 1):
            first = max(begin, self.reached(stage))
            after = self.reached(stage + 1) if stage < self.last else end
            counts[stage] = max(min(end, after) - first, 0)
        total = sum(counts.values())
        if not total:
            return [(self.stage(begin), 1.0)]
        return [(k, count / total) for k, count in counts.items() if count]


@keras.saving.register_keras_serializable(package="keras_gans")
class GrowingAdam(keras.optimizers.Adam):
    """Adam that can begin anew, and then corrects the bias of new moments.

    Update t after t₀ updates at the last `restart` has the step size

        α √(1 - β₂^(t - t₀ + 1)) / (1 - β₁^(t - t₀ + 1)),

    in which α, by a schedule or constant, is that of update t. t₀ is saved
    with the moments. Arguments are those of `keras.optimizers.Adam`.
    """

    # The formula of an update is Adam's.
    is_adam = True

    def build(self, variables: list) -> None:
        if self.built:
            return
        super().build(variables)
        self.born = self.add_variable(
            shape=(), initializer="zeros", dtype="int", name="born"
        )

    def restart(self) -> None:
        """Forgets both moments; not within a training step."""
        for moment in (*self._momentums, *self._velocities):
            moment.assign(ops.zeros(moment.shape, moment.dtype))
        # A number of its own: JAX gives memory of a step's variables away.
        self.born.assign(int(ops.convert_to_numpy(self.iterations)))

    @property
    def learning_rate(self) -> Any:
        """α of the next update, times what new moments change; see above."""
        rate = super().learning_rate
        if not self.built:
            return rate
        done = ops.convert_to_tensor(self.iterations)
        own = self._correction(done - ops.convert_to_tensor(self.born))
        # What Keras multiplies by.
        return rate * (own / self._correction(done))

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        keras.optimizers.Adam.learning_rate.fset(self, value)

    def _correction(self, updates):
        count = ops.cast(updates, "float32") + 1.0
        second = 1.0 - ops.power(float(self.beta_2), count)
        return ops.sqrt(second) / (1.0 - ops.power(float(self.beta_1), count))


class Grow(keras.callbacks.Callback):
    """Lets a model grow before the call of the step that needs it."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        self._done = self._epoch_start = self.model.step

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._epoch_start = self._done

    def on_train_batch_begin(
        self, batch: int, logs: dict | None = None
    ) -> None:
        if self.model.stage_at(self._done) != self.model.phase:
            self.model.synchronize()
            self.model.make_train_function()

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._done = self._epoch_start + batch + 1

"""Training whose step changes where a model's networks grow."""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from keras_gans.models.gan import GAN
from keras_gans.models.growth import Grow, GrowingAdam, Growth


class GrowingGAN(GAN):
    """A GAN whose training step is that of a stage, which is its `phase`.

    The stage follows from the training steps done by a `Growth`. From one
    call of the step to the next it may change: a step of the new stage is
    then traced, or the one that there is is taken.
    """

    def _begin_growth(self, growth: Growth) -> None:
        self.growth = growth
        # A variable, so that a step that was traced reads another one.
        self.growth_lengths = keras.Variable(
            [growth.fade_steps, growth.stable_steps],
            trainable=False,
            dtype="int32",
        )
        self._held_phase = None
        self._train_functions = {}

    @property
    def fade_steps(self) -> int:
        """Steps in which a stage is faded in."""
        return self.growth.fade_steps

    @property
    def stable_steps(self) -> int:
        """Steps of each stage before the next one."""
        return self.growth.stable_steps

    def stage_at(self, step: int) -> int:
        """Returns the stage that a training step is of, from 0 on."""
        if self._held_phase is not None:
            return self._held_phase
        return self.growth.stage(step)

    def phases(self, steps: int) -> list[tuple[int, float]]:
        return self.growth.phases(self.step, steps)

    @contextlib.contextmanager
    def in_phase(self, phase: int) -> Iterator[None]:
        self._held_phase = phase
        try:
            yield
        finally:
            self._held_phase = None

    def set_schedule(
        self,
        steps: int,
        ema_start: int | None = None,
        fade_steps: int | None = None,
        stable_steps: int | None = None,
    ) -> None:
        lengths = [
            old if new is None else new
            for new, old in (
                (fade_steps, self.fade_steps),
                (stable_steps, self.stable_steps),
            )
        ]
        growth = Growth(*lengths, self.growth.last)
        super().set_schedule(steps, ema_start)
        self.growth = growth
        self.growth_lengths.assign(lengths)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        **options: Any,
    ) -> keras.callbacks.History:
        """Trains the model, which grows; see `GAN`."""
        if isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks.append(Grow())
        else:
            callbacks = [*keras.tree.flatten(callbacks or []), Grow()]
        return super().fit(
            x, y, batch_size, epochs, verbose, callbacks, **options
        )

    def make_train_function(self, force: bool = False) -> Any:
        if force or self.train_function is None:
            # Compiled anew.
            self._train_functions.clear()
        self.grow()
        super().make_train_function(force)
        self._train_functions[self.phase] = self.train_function
        return self.train_function

    def grow(self) -> None:
        """Takes the stage of the training step that comes next.

        `fit` and `train_on_batch` do; not within a training step.
        """
        step = self.step
        stage = self.stage_at(step)
        if stage != self.phase:
            self.phase = stage
            # JAX would find the trace of an equal function again.
            step_function = functools.partial(type(self).train_step, self)
            vars(self)["train_step"] = step_function
            self.train_function = self._train_functions.get(stage)
        players = (
            (self.optimizer.generator, self.generator_steps),
            (self.optimizer.discriminator, self.n_critic),
        )
        for optimizer, updates in players:
            if isinstance(optimizer, GrowingAdam):
                born = int(ops.convert_to_numpy(optimizer.born))
                if self.growth.stage(born // updates) != stage:
                    optimizer.restart()

    def _shares(self):
        """Returns α_k at this step from stage 1 on, float32 scalars."""
        step = ops.cast(self.optimizer.iterations, "int32")
        lengths = ops.convert_to_tensor(self.growth_lengths)
        fade, stable = lengths[0], lengths[1]
        # Without fading a stage is there at once.
        sudden = ops.cast(ops.equal(fade, 0), "int32")
        length = ops.cast(ops.maximum(fade, 1), "float32")
        shares = []
        for stage in range(1, self.growth.last + 1):
            since = step - (stage * stable + (stage - 1) * fade) + sudden
            share = ops.clip(ops.cast(since, "float32") / length, 0.0, 1.0)
            # What is not run has no share, when a call is of several steps.
            shares.append(share if stage <= self.phase else share * 0.0)
        return shares

    def get_config(self) -> dict[str, Any]:
        lengths = {
            "fade_steps": self.fade_steps,
            "stable_steps": self.stable_steps,
        }
        return {**super().get_config(), **lengths}

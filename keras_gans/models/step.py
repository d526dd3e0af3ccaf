"""The training step of every GAN, written once for all backends."""

import contextlib
from functools import partial
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.models.data_checks import check_batch
from keras_gans.models.objectives import Objectives
from keras_gans.models.power_averages import PowerAverages

_map = keras.tree.map_structure


class AdversarialTrainer(Objectives):
    """Algorithm 1: what `GAN`, which holds the players, does in a step.

    Images may be one tensor or, for networks at several resolutions, a list.
    """

    # The average of the generator, if there is one.
    averaged_generator: keras.Model | None
    # Further averages of it, of which files are kept.
    power_averages: PowerAverages | None
    # See the arguments of `GAN` of these names.
    n_critic: int
    generator_steps: int
    generator_batch: int
    share_fakes: bool
    accumulate: int
    ema_decay: float | None
    ema_start: int
    # What a traced step depends on besides its data, as the stage of a model
    # that grows.
    phase: int = 0

    def phases(self, steps: int) -> list[tuple[int, float]]:
        """Returns the phases of training from now to so many steps.

        Each with its share of these; steps of one take equally long.
        """
        del steps
        return [(self.phase, 1.0)]

    def in_phase(self, phase: int) -> contextlib.AbstractContextManager:
        """Returns a context in which steps are those of a phase."""
        del phase
        return contextlib.nullcontext()

    def adversarial_step(self, data: Any) -> dict[str, Any]:
        """Trains both players on one batch and returns the epoch's means.

        Args:
            data: Images, `(n_critic * batch, height, width, channels)` in
                [-1, 1], or a pair of images and integer labels.
        """
        *others, (images, labels) = self._parts(data)
        for part in others:
            self._train_discriminator(*part, *self._drawn(*part))
        if self.share_fakes:
            self._train_on_shared_fakes(images, labels)
        else:
            drawn = self._drawn(images, labels)
            self._train_discriminator(images, labels, *drawn)
            for _ in range(self.generator_steps):
                latents = self._drawn(images, labels, self.generator_batch)
                self._train_generator(*latents, images, labels)
        if self.averaged_generator is not None:
            self._update_average()
        if self.power_averages is not None:
            iterations = self.optimizer.iterations
            self.power_averages.update(self.generator, iterations)
        self.optimizer.iterations.assign_add(1)
        return self.get_metrics_result()

    def _parts(self, data):
        """Returns the batch as `n_critic` pairs of images and labels."""
        batch = keras.utils.unpack_x_y_sample_weight(data)
        images, labels = batch[0], check_batch(self, *batch)
        parts = ops.split(images, self.n_critic)
        if not self.num_classes:
            return [(part, None) for part in parts]
        labels = ops.split(labels, self.n_critic)
        return list(zip(parts, labels, strict=True))

    def _drawn(self, images, labels=None, multiple=1):
        """Returns latents and labels, `multiple` for each of the images."""
        count = multiple * ops.shape(images)[0]
        return self.draw_latents(count), self.fake_labels(labels, count)

    def fake_labels(self, labels: Any, count: Any) -> Any:
        """Returns the labels of `count` generated images of an update.

        Drawn by themselves, whatever `labels` the real images have.
        """
        del labels
        return self.draw_labels(count)

    def _train_discriminator(self, *batch):
        def objective(images, labels, latents, fake_labels):
            with backend.no_gradient(), self._frozen():
                fake = self.generate(latents, fake_labels, training=True)
            with backend.no_gradient():
                near = self._near(latents, fake_labels)
            return self.discriminator_objective(
                images, labels, fake, fake_labels, *_given(near)
            )

        logs = self.discriminator_player.update(
            objective, batch, self.accumulate, self._state
        )
        self._adapt(logs, batch[0])

    def _train_generator(self, *batch):
        def objective(latents, labels, real, real_labels):
            fake = self.generate(
                latents, labels, training=True, remat=self.remat
            )
            near = self._near(latents, labels)
            loss, logs = self._generator_loss(
                (fake, *_given(near)), labels, real, real_labels
            )
            return loss + self.generator_player.regularization(), logs

        self.generator_player.update(
            objective, batch, self.accumulate, self._state
        )

    def _train_on_shared_fakes(self, images, labels):
        """Trains both players on one pass of the generator.

        The generator has not changed since it made the images, so they give
        its exact gradients against the updated discriminator.
        """
        latents, fake_labels = self._drawn(images, labels)

        def generate():
            fake = self.generate(
                latents, fake_labels, training=True, remat=self.remat
            )
            return (fake, *_given(self._near(latents, fake_labels)))

        fakes, pullback = backend.value_and_pullback(
            generate, self.generator.trainable_variables, self._state
        )
        fakes = _map(ops.stop_gradient, fakes)
        batch = (images, labels, fakes[0], fake_labels, *fakes[1:])
        logs = self.discriminator_player.update(
            self.discriminator_objective, batch, 1, self._state
        )
        self._adapt(logs, images)
        value, gradients = backend.value_and_input_gradients(
            partial(
                self._generator_loss,
                labels=fake_labels,
                real=images,
                real_labels=labels,
            ),
            fakes,
            self._state,
        )
        self.generator_player.apply(
            *self.generator_player.with_regularization(
                value, pullback(gradients), self._state
            )
        )

    def _generator_loss(self, fakes, labels, real, real_labels):
        """Returns L_G for generated images, and what is logged.

        After the images there may be others, of latents nearby.
        """
        loss, logs = self.generator_objective(
            fakes[0], labels, real, real_labels
        )
        for near in fakes[1:]:
            terms = self._diversity(fakes[0], near)
            loss += sum(terms.values())
            logs = logs | terms
        return loss, logs

    def _update_average(self):
        optimizer = self.optimizer
        averaging = optimizer.iterations >= optimizer.average_start
        decay = ops.where(averaging, self.average_decay(), 0.0)
        pairs = zip(
            self.averaged_generator.weights,
            self.generator.weights,
            strict=True,
        )
        backend.update_averages(list(pairs), decay)

    def average_decay(self) -> Any:
        """Returns the decay of the averaged generator at this step."""
        return self.ema_decay


def _given(near):
    """Returns images of latents nearby as arguments: none if there are none."""
    return () if near is None else (near,)

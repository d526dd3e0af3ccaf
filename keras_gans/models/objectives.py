"""What the players of every GAN minimize, written once for all backends."""

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.augmentation import Augmentation
from keras_gans.layers.spectral_normalization import normalized_once
from keras_gans.losses.adversarial import AdversarialLoss
from keras_gans.models.augmenting import mean_sign
from keras_gans.models.optimizers import PlayerOptimizers
from keras_gans.models.player import Player
from keras_gans.models.regularized import Regularized

_map = keras.tree.map_structure


class Objectives(Regularized):
    """The objectives of two networks, and how one scores the other's images.

    An objective gives the loss, and by name what is logged beside it.
    """

    # The two networks, each with its optimizer and its losses' mean.
    generator_player: Player
    discriminator_player: Player
    # The networks themselves.
    generator: keras.Model
    discriminator: keras.Model
    # Both players' optimizers, which count updates.
    optimizer: PlayerOptimizers
    # L_D and L_G, to which regularizers add.
    adversarial_loss: AdversarialLoss
    # What images pass on their way into the discriminator.
    augmentation: keras.layers.Layer | None
    # Draws latents, labels and the places of the penalty.
    seed_generator: keras.random.SeedGenerator
    # See the arguments of `GAN` of these names.
    num_classes: int
    joint_scoring: bool
    remat: bool
    # Whether halves of a batch have the scores of the whole.
    _halves: bool
    # Whether the discriminator of a model with classes is given the labels.
    discriminator_takes_labels: bool = True

    def discriminator_objective(
        self,
        real: Any,
        labels: Any,
        fake: Any,
        fake_labels: Any,
        near: Any = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Returns L_D with penalties and regularization, and what is logged.

        Mean scores D(x) and D(G(z)) and each weighted penalty; all float32.
        `near` are images of latents nearby, for a penalty on them.
        """
        real = self.real_inputs(real)
        as_real = partial(_map, lambda r, f: ops.cast(f, r.dtype), real)
        images = {
            "real": self.augmented(real),
            "fake": self.augmented(as_real(fake)),
        }
        if near is not None:
            near = self.augmented(as_real(near))
        outputs, penalties = self._scored(
            images, {"real": labels, "fake": fake_labels}, near
        )
        loss = self.discriminator_criterion(
            outputs["real"], labels, outputs["fake"], fake_labels
        )
        logs = {
            f"{side}_score": ops.mean(self._one_score(output))
            for side, output in outputs.items()
        }
        logs |= self._observed(outputs.values())
        for name, penalty in penalties.items():
            loss += penalty
            logs[name] = penalty
        return loss + self.discriminator_player.regularization(), logs

    def generator_objective(
        self, fake: Any, labels: Any, real: Any = None, real_labels: Any = None
    ) -> tuple[Any, dict[str, Any]]:
        """Returns L_G for generated images, float32, and what is logged.

        Relativistic losses compare them with the real ones.
        """
        score = partial(self.score, training=True, remat=self.remat)
        real_outputs = None
        with self._frozen():
            outputs = self._score_in_halves(self.augmented(fake), labels)
            if self.adversarial_loss.relativistic:
                real = self.augmented(self.real_inputs(real))
                real_outputs = score(real, real_labels)
        best = self._best(outputs)
        loss = self.generator_criterion(outputs, labels, real_outputs, **best)
        return loss, self._share_of(best)

    def discriminator_criterion(
        self,
        real_outputs: Any,
        labels: Any,
        fake_outputs: Any,
        fake_labels: Any,
    ) -> Any:
        """Returns L_D for the discriminator's outputs."""
        del labels, fake_labels
        return self.adversarial_loss.discriminator(real_outputs, fake_outputs)

    def generator_criterion(
        self,
        fake_outputs: Any,
        labels: Any,
        real_outputs: Any = None,
        **best: Any,
    ) -> Any:
        """Returns L_G for the discriminator's outputs.

        With a `TopK` there is an argument more: `weights` of the images.
        """
        del labels
        return self.adversarial_loss.generator(
            fake_outputs, real_outputs, **best
        )

    def adversarial_scores(self, outputs: Any) -> Any:
        """Returns one score an image, which penalties and top-k go by."""
        return ops.mean(outputs, axis=tuple(range(1, len(outputs.shape))))

    def real_inputs(self, images: Any) -> Any:
        """Returns real images as the discriminator takes them."""
        return images

    def augmented(self, images: Any) -> Any:
        """Returns what the discriminator sees of images in training.

        Real and generated images of both players' updates go through here; a
        penalty is on what lies between images that have.
        """
        if self.augmentation is None:
            return images
        options = {}
        if isinstance(self.augmentation, Augmentation):
            count = ops.shape(keras.tree.flatten(images)[0])[0]
            options["draws"] = self.draw_augmentation(count)
        return self.augmentation(images, training=True, **options)

    def draw_augmentation(self, count: Any) -> Any:
        """Returns the random numbers by which images are augmented."""
        return self.augmentation.draw(count)

    def _observed(self, outputs):
        """Returns what the augmentation logs of real and generated outputs."""
        wanted = isinstance(self.augmentation, Augmentation)
        if not wanted or not self.augmentation.LOGS:
            return {}
        scores = map(self.adversarial_scores, outputs)
        sign = mean_sign(self.adversarial_loss, *scores)
        return self.augmentation.observed(sign)

    def _adapt(self, logs, images):
        """Lets the augmentation learn from an update on these images."""
        if isinstance(self.augmentation, Augmentation):
            self.augmentation.learn(logs, ops.shape(images)[0])

    def generate(
        self,
        latents: Any,
        labels: Any,
        training: bool = False,
        remat: bool = False,
    ) -> Any:
        """Returns images of the trained, not the averaged, generator.

        With `remat` its features are computed again where gradients need
        them, as in `Rematerialized`.
        """
        network = self._rematerialized_generator if remat else self.generator
        inputs = latents if labels is None else [latents, labels]
        return network(inputs, training=training)

    def score(
        self,
        images: Any,
        labels: Any,
        training: bool = False,
        remat: bool = False,
    ) -> Any:
        """Returns the discriminator's outputs; `remat` as in `generate`."""
        network = self.discriminator
        if remat:
            network = self._rematerialized_discriminator
        if labels is None or not self.discriminator_takes_labels:
            return network(images, training=training)
        return network([images, labels], training=training)

    def _outputs(self, real, labels, fake, fake_labels, apart=False):
        """Returns the outputs for real and for generated images.

        One pass over both moves spectral vectors once an update. Where a
        batch is scored as a whole, by its statistics, each has its own pass,
        of which the first moves the buffers. `apart` asks for two passes
        where these are as good as one.
        """
        score = partial(self.score, training=True, remat=self.remat)
        if not self.joint_scoring:
            real_outputs = score(real, labels)
            with self._frozen():
                return real_outputs, score(fake, fake_labels)
        if self._branches or (apart and self._halves):
            with normalized_once():
                return score(real, labels), score(fake, fake_labels)
        joined = None
        if labels is not None:
            joined = ops.concatenate([labels, fake_labels])
        images = _map(lambda *pair: ops.concatenate(pair), real, fake)
        outputs = score(images, joined)
        return (
            _map(lambda output: ops.split(output, 2)[0], outputs),
            _map(lambda output: ops.split(output, 2)[1], outputs),
        )

    @property
    def _branches(self):
        """Whether two halves of a batch are computed side by side."""
        if not (self._halves and backend.BRANCHES):
            return False
        return backend.device_kind() == "cpu"

    def _score_in_halves(self, images, labels):
        """Returns the outputs for images; see `_branches`."""
        score = partial(self.score, training=True, remat=self.remat)
        sizes = {image.shape[0] or 1 for image in keras.tree.flatten(images)}
        if not self._branches or any(size % 2 for size in sizes):
            return score(images, labels)
        parts = (
            (
                _map(lambda image, i=half: ops.split(image, 2)[i], images),
                None if labels is None else ops.split(labels, 2)[half],
            )
            for half in range(2)
        )
        with normalized_once():
            outputs = [score(*part) for part in parts]
        return _map(lambda *pair: ops.concatenate(pair), *outputs)

    @property
    def _state(self):
        """Every variable that an objective may read or assign."""
        optimizer = self.optimizer
        players = (optimizer, optimizer.generator, optimizer.discriminator)
        return [*self.variables, *(player.iterations for player in players)]

    def _random_states(self):
        """Returns the states of all random number generators.

        Keras does not save them; a run that resumes must draw what it would
        have drawn.
        """
        weights = {id(weight) for weight in self.weights}
        return [v for v in self.variables if id(v) not in weights]

    @contextlib.contextmanager
    def _frozen(self) -> Iterator[None]:
        """Drops what calls of the networks assign, but for random seeds."""
        seeds = self._random_states()
        mapping = [(variable, variable) for variable in self._state]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            yield
        for seed in seeds:
            seed.assign(scope.get_current_value(seed))

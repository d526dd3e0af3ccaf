"""What regularizers of the two players add to a training step."""

import contextlib
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.layers.spectral_normalization import normalized_once
from keras_gans.losses.top_k import TopK
from keras_gans.penalties.penalty import (
    SIDES,
    DiscriminatorUpdate,
    Penalty,
    as_penalties,
    name_of,
    value_of,
)

_map = keras.tree.map_structure


class Regularized(backend.BackendTrainer):
    """Penalties of the discriminator, and whom the generator learns from."""

    # See the arguments of `GAN` of these names.
    penalty: Any
    top_k: TopK | None

    @property
    def penalties(self) -> tuple:
        """The discriminator's penalties, each of a name of its own."""
        return as_penalties(self.penalty)

    def _scored(self, images, labels, near):
        """Returns the discriminator's outputs by side, and its penalties.

        Args:
            images: By side, what the discriminator sees.
            labels: By side, labels, or None without classes.
            near: Of latents nearby, what it would see; or None.
        """
        penalties = self.penalties
        if not penalties:
            return self._outputs_by_side(images, labels), {}
        compares = any(getattr(p, "compares", False) for p in penalties)
        with normalized_once() if compares else contextlib.nullcontext():
            outputs, gradients = self._with_gradients(images, labels)
            updates = self.optimizer.discriminator.iterations
            update = DiscriminatorUpdate(
                images=images,
                labels=labels,
                scores=_map_sides(self._one_score, outputs),
                score=lambda images, labels: self.adversarial_scores(
                    self.score(images, labels, training=True)
                ),
                score_again=lambda images: self._scores_again(images, labels),
                state=self._state,
                seed=self.seed_generator,
                count=ops.convert_to_tensor(updates),
                near=near,
                gradients=gradients,
            )
            values = {name_of(p): value_of(p, update) for p in penalties}
        return outputs, values

    def _with_gradients(self, images, labels):
        """Returns the outputs by side, and the gradients of their scores.

        Of those sides that a penalty of every update needs, and from the pass
        that makes the outputs: there is no other. Features that are computed
        again cannot be differentiated twice.
        """
        chosen = {
            side: images[side]
            for penalty in self.penalties
            for side in getattr(penalty, "every_gradient_of", ())
        }
        if not chosen or self.remat:
            return self._outputs_by_side(images, labels), {}

        def total(chosen):
            # The images of one side are a batch of their own, so that no
            # gradient goes back through the others.
            outputs = self._outputs_by_side(
                images | chosen, labels, apart=len(chosen) == 1
            )
            scores = [self.adversarial_scores(outputs[s]) for s in chosen]
            return sum(map(ops.sum, scores)), outputs

        (_, outputs), gradients = backend.value_and_input_gradients(
            total, chosen, self._state, again=True
        )
        return outputs, gradients

    def _outputs_by_side(self, images, labels, apart=False):
        outputs = self._outputs(
            images["real"],
            labels["real"],
            images["fake"],
            labels["fake"],
            apart,
        )
        return dict(zip(SIDES, outputs, strict=True))

    def _scores_again(self, images, labels):
        with self._frozen():
            if len(images) == len(SIDES):
                outputs = self._outputs_by_side(images, labels)
            else:
                outputs = {
                    side: self.score(
                        images[side],
                        labels[side],
                        training=True,
                        remat=self.remat,
                    )
                    for side in images
                }
        return _map_sides(self._one_score, outputs)

    def _one_score(self, outputs):
        return ops.cast(self.adversarial_scores(outputs), "float32")

    def _near(self, latents: Any, labels: Any) -> Any:
        """Returns images of latents nearby; None if no penalty is on them.

        By the labels of the latents. The pass moves no buffers.
        """
        penalty = self._near_penalty
        if penalty is None:
            return None
        moved = self.draw_latents(ops.shape(latents)[0])
        with self._frozen():
            return self.generate(
                latents + penalty.noise * moved,
                labels,
                training=True,
                remat=self.remat,
            )

    @property
    def _near_penalty(self):
        chosen = [p for p in self.penalties if getattr(p, "needs_near", False)]
        return chosen[0] if chosen else None

    def _diversity(self, fake: Any, near: Any) -> dict[str, Any]:
        """Returns the generator's term on images of latents nearby, by name."""
        if near is None:
            return {}
        penalty = self._near_penalty
        return {penalty.diversity_name: penalty.of_generator(fake, near)}

    def _best(self, outputs: Any) -> dict[str, Any]:
        """Returns what the generator's criterion is told of a top-k."""
        if self.top_k is None:
            return {}
        scores = self.adversarial_scores(outputs)
        updates = ops.convert_to_tensor(self.optimizer.generator.iterations)
        return {"weights": self.top_k.weights(scores, updates)}

    def _share_of(self, best):
        """Returns which share of the images counts, by its name in logs."""
        return {"top_k": ops.mean(best["weights"])} if best else {}

    def _build_penalties(self, images):
        """Builds the penalties; returns what the model keeps of them."""
        kept = [
            each
            for penalty in self.penalties
            if isinstance(penalty, Penalty)
            for each in penalty.build(images)
        ]
        return list({id(each): each for each in kept}.values())

    def _regularizer_logs(self):
        """Returns what each player logs of its regularizers, by name."""
        near = self._near_penalty
        generator = [] if self.top_k is None else ["top_k"]
        generator += [] if near is None else [near.diversity_name]
        return generator, list(map(name_of, self.penalties))


def _map_sides(function: Callable, by_side: dict) -> dict:
    return {side: function(value) for side, value in by_side.items()}

"""What penalties of the discriminator have in common."""

import abc
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from keras_gans import backend

SIDES = ("real", "fake")


@dataclasses.dataclass(eq=False)
class DiscriminatorUpdate:
    """What one update of the discriminator has computed, for its penalties.

    What is there twice, for real and for generated images, is by side: a dict
    with the entries `real` and `fake`.

    Attributes:
        images: By side, what the discriminator sees: `(N, ...)`, or a list of
            such tensors, one a scale.
        labels: By side, the labels, None without classes.
        scores: By side, one float32 score an image, `(N,)`, through which
            gradients flow to the discriminator's weights.
        score: Function from images and labels to one score an image. What it
            assigns stays.
        score_again: Function from images by side, of one side or both, to
            their scores. What it assigns is dropped, but for random seeds.
        state: Every variable that `score` may read or assign.
        seed: Where random numbers come from.
        count: Number of the discriminator's update, from 0 on.
        near: Images by generated images' latents, moved a little; None but
            for a penalty that `needs_near`.
        gradients: By side, ∇_x of the scores, of those penalties that have
            `every_gradient_of`.
    """

    images: dict[str, Any]
    labels: dict[str, Any]
    scores: dict[str, Any]
    score: Callable[[Any, Any], Any]
    score_again: Callable[[dict], dict]
    state: list[keras.Variable]
    seed: keras.random.SeedGenerator
    count: Any
    near: Any = None
    gradients: dict[str, Any] = dataclasses.field(default_factory=dict)

    def squared_gradient_norms(self, side: str) -> Any:
        """Returns ‖∇_x D(x)‖² of each image of a side, float32 `(N,)`.

        Over all pixels, channels and scales of an image. A pass of the
        discriminator more, unless the gradients are there.
        """
        gradients = self.gradients.get(side)
        if gradients is None:
            gradients = backend.input_gradients(
                lambda images: self.score(images, self.labels[side]),
                self.images[side],
                self.state,
            )
        return squared_norms(gradients)


class Penalty(abc.ABC):
    """A term of the discriminator's loss besides the game's.

    Attributes:
        name: What its value is logged as.
        interval: From one update that has the penalty to the next.
        compares: Whether it scores images again: kernels are then normalized
            once for all scores of an update.
        needs_near: Whether it is on images of latents nearby.
    """

    name = "penalty"
    interval = 1
    compares = False
    needs_near = False

    @abc.abstractmethod
    def of(self, update: DiscriminatorUpdate) -> Any:
        """Returns the weighted penalty of an update, a float32 scalar."""

    @property
    def every_gradient_of(self) -> tuple[str, ...]:
        """The sides whose gradients each update needs, of `SIDES`."""
        return ()

    def build(self, images: Any) -> list:
        """Returns layers and variables, made if need be, for the model to keep.

        Layers are saved with it. `images` is what the generator gives:
        symbolic tensors.
        """
        del images
        return []

    @property
    def schedules(self) -> tuple:
        """What fits itself to the training's length, by `set_updates`."""
        return ()


def as_penalties(penalty: Any) -> tuple:
    """Returns the penalties of a `penalty` argument: none, one or several.

    Raises:
        ValueError: When there is one that cannot be called, or two of a name.
    """
    if penalty is None:
        return ()
    several = isinstance(penalty, Sequence) and not isinstance(penalty, str)
    penalties = tuple(penalty) if several else (penalty,)
    for each in penalties:
        if not isinstance(each, Penalty) and not callable(each):
            raise ValueError(
                "`penalty` must be a penalty of keras_gans.penalties, or a "
                f"list of such. Received: {each!r}. Write for example "
                "penalty=[R1(10.0), LeCam()]."
            )
    names = list(map(name_of, penalties))
    if len(set(names)) < len(names):
        raise ValueError(
            "A model has each penalty once, which is logged by its name. "
            f"Received penalties of the names {', '.join(names)}. Add up the "
            "weights of those of one name."
        )
    return penalties


def name_of(penalty: Any) -> str:
    """Returns what a penalty's value is logged as."""
    return getattr(penalty, "name", Penalty.name)


def value_of(penalty: Any, update: DiscriminatorUpdate) -> Any:
    """Returns the value of a penalty: a `Penalty`, or a function."""
    if isinstance(penalty, Penalty):
        return penalty.of(update)
    return called(penalty, update)


def called(penalty: Callable, update: DiscriminatorUpdate) -> Any:
    """Returns what a function of images gives for an update.

    It takes what `GradientPenalty` does: score, real, fake, state and seed,
    and if it has an `interval` above 1, update.
    """
    options = {}
    if getattr(penalty, "interval", 1) > 1:
        options["update"] = update.count
    return penalty(
        lambda images: update.score(images, update.labels["real"]),
        *(update.images[side] for side in SIDES),
        state=update.state,
        seed=update.seed,
        **options,
    )


def lazily(interval: int, count: Any, value: Callable[[], Any]) -> Any:
    """Returns k times the value at every k-th update, and 0 at others.

    The value is not computed then.
    """
    if interval == 1:
        return value()
    return ops.cond(
        ops.equal(count % interval, 0),
        lambda: interval * value(),
        lambda: ops.zeros((), "float32"),
    )


def squared_norms(gradients: Any) -> Any:
    """Returns the squared norms of an image's gradients, `(N,)`, float32.

    Over all scales, if there are several.
    """
    return sum(map(_squared_norms, keras.tree.flatten(gradients)))


def _squared_norms(gradients):
    gradients = ops.cast(gradients, "float32")
    axes = tuple(range(1, len(gradients.shape)))
    return ops.sum(ops.square(gradients), axis=axes)

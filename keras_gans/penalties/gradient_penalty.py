"""The gradient penalty of WGAN-GP."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.checks import integer
from keras_gans.penalties.penalty import (
    DiscriminatorUpdate,
    Penalty,
    called,
    lazily,
    squared_norms,
)


@keras.saving.register_keras_serializable(package="keras_gans")
@dataclasses.dataclass(eq=False)
class GradientPenalty(Penalty):
    """Pulls the discriminator's gradient norm to 1 between real and fake.

    With one ε ~ U[0, 1] for each image and x̂ = ε x + (1 - ε) x̃,

        P = λ E[(‖∇_x̂ D(x̂)‖₂ - γ)²],

    the norm over all pixels and channels of an image, and over all its
    resolutions if it is given at several. One-sided, only norms above γ are
    penalized: λ E[max(0, ‖∇‖ - γ)²]. Norms are float32.

    The extra forward pass changes no state: batch statistics and spectral
    vectors stay as they were.

    With an interval k > 1, the penalty is k P at every k-th update of the
    discriminator, from the first on, and 0 at the others: P on average, for
    one k-th of the work (lazy regularization).

    Args:
        weight: Non-negative float λ.
        one_sided: Whether norms below γ are free.
        target: Positive float γ. For images in [-1, 1] instead of the [0, 1]
            of a paper, gradients are half as large: γ = 1/2 and 4λ are its
            penalty.
        epsilon: Positive float under the root, whose derivative at a zero
            gradient would otherwise be infinite.
        interval: Positive int k; 1 as published.

    Raises:
        ValueError: When `weight` is negative, or `target` or `interval` not
            positive.

    Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
    equation 3 and Appendix B; intervals,
    [Karras et al., 2020](https://arxiv.org/abs/1912.04958), §3.1.
    """

    weight: float = 10.0
    one_sided: bool = False
    target: float = 1.0
    epsilon: float = 1e-12
    interval: int = 1

    def __post_init__(self):
        if self.weight < 0 or self.target <= 0:
            raise ValueError(
                "A penalty's weight must not be negative, and its target norm "
                f"must be positive. Received: weight={self.weight}, "
                f"target={self.target}."
            )
        integer("interval", self.interval)

    def __call__(
        self,
        score: Callable[[Any], Any],
        real: Any,
        fake: Any,
        state: list[keras.Variable],
        seed: int | keras.random.SeedGenerator,
        update: Any = 0,
    ) -> Any:
        """Returns the weighted penalty, a float32 scalar.

        Args:
            score: Function from images to discriminator outputs.
            real: Images, `(batch, ...)`, or a list of such tensors.
            fake: Generated images of the same shapes.
            state: Variables that `score` may read or assign; assignments
                are dropped.
            seed: Int or `keras.random.SeedGenerator`, draws ε.
            update: Number of the discriminator's update, from 0 on.
        """
        count = ops.shape(keras.tree.flatten(real)[0])[0]
        mix = keras.random.uniform((count,), seed=seed)

        def between(real, fake):
            ranked = ops.reshape(mix, (-1,) + (1,) * (len(real.shape) - 1))
            return fake + ops.cast(ranked, real.dtype) * (real - fake)

        images = keras.tree.map_structure(between, real, fake)
        return lazily(
            self.interval, update, lambda: self._value(score, images, state)
        )

    def of(self, update: DiscriminatorUpdate) -> Any:
        """Returns the weighted penalty of an update, a float32 scalar."""
        return called(self, update)

    def _value(self, score, images, state):
        gradients = backend.input_gradients(score, images, state)
        squares = squared_norms(gradients)
        excess = ops.sqrt(squares + self.epsilon) - self.target
        if self.one_sided:
            excess = ops.relu(excess)
        return self.weight * ops.mean(ops.square(excess))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "GradientPenalty":
        """Returns the penalty with these constructor arguments."""
        return cls(**config)

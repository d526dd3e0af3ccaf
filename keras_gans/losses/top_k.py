"""Top-k: the generator learns from its better images."""

import dataclasses
from typing import Any

import keras
from keras import ops

from keras_gans.checks import integer


@keras.saving.register_keras_serializable(package="keras_gans")
@dataclasses.dataclass(eq=False)
class TopK:
    """Weighs a batch's k generated images of the highest scores, no others.

    Of N images, at update t of the generator,

        k = ⌈max(ν, γ^⌊t / T⌋) N⌉,

    so that k falls from N to νN. L_G is then a mean over these k images. Of
    equal scores, those of the first images are higher. Shapes stay: the other
    images have weight 0.

    With parts of a batch (`accumulate`), or on several devices, the best of
    each part are taken.

    Args:
        fraction: Float ν in (0, 1], the share of images at the end.
        decay: Float γ in (0, 1]; 1 has the share ν from the start.
        interval: Positive int T, updates from one share to the next: the
            paper's is an epoch, 781 of CIFAR-10 with 64 images.

    Raises:
        ValueError: When a value is out of range.

    Example:
    >>> scores = keras.ops.array([0.1, 3.0, -2.0, 1.0])
    >>> weights = TopK(fraction=0.5, decay=1.0).weights(scores, 0)
    >>> keras.ops.convert_to_numpy(weights).tolist()
    [0.0, 1.0, 0.0, 1.0]

    Reference: [Sinha et al., 2020](https://arxiv.org/abs/2002.06224), §3.
    """

    fraction: float = 0.5
    decay: float = 0.99
    interval: int = 781

    def __post_init__(self):
        for name in ("fraction", "decay"):
            value = getattr(self, name)
            if isinstance(value, bool) or not 0 < value <= 1:
                raise ValueError(
                    "Top-k keeps a share of the generated images: its "
                    f"{name} must be in (0, 1]. Received: {name}={value!r}."
                )
        integer("interval", self.interval)

    def share(self, update: Any) -> Any:
        """Returns max(ν, γ^⌊t / T⌋), float32; ν alone for γ = 1."""
        if self.decay == 1:
            return ops.convert_to_tensor(self.fraction, "float32")
        power = ops.cast(update // self.interval, "float32")
        share = ops.power(ops.convert_to_tensor(self.decay, "float32"), power)
        return ops.maximum(share, self.fraction)

    def weights(self, scores: Any, update: Any) -> Any:
        """Returns 1 for the k highest scores and 0 for others, `(N,)`.

        Args:
            scores: One score an image, `(N,)`.
            update: Number of the generator's update, from 0 on.
        """
        scores = ops.stop_gradient(ops.cast(scores, "float32"))
        count = ops.shape(scores)[0]
        places = ops.arange(count)
        higher = scores[None, :] > scores[:, None]
        first = ops.logical_and(
            scores[None, :] == scores[:, None],
            places[None, :] < places[:, None],
        )
        above = ops.logical_or(higher, first)
        rank = ops.sum(ops.cast(above, "float32"), axis=1)
        # Rounding of the product must not make one more of it.
        kept = ops.ceil(self.share(update) * ops.cast(count, "float32") - 1e-3)
        return ops.cast(rank < kept, "float32")

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "TopK":
        """Returns the selection with these constructor arguments."""
        return cls(**config)


def as_top_k(top_k: Any) -> TopK | None:
    """Returns the selection of a `top_k` argument, which may be its share.

    Raises:
        ValueError: When it is neither, nor None.
    """
    if top_k is None or isinstance(top_k, TopK):
        return top_k
    if isinstance(top_k, int | float):
        return TopK(top_k)
    raise ValueError(
        "`top_k` must be a keras_gans.losses.TopK, or the share of the "
        f"generated images that is kept in the end. Received: {top_k!r}."
    )

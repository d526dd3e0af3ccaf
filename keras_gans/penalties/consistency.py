"""Consistency: what changes little should be scored alike."""

import dataclasses
from typing import Any

import keras
from keras import ops

from keras_gans.penalties.flip_and_shift import FlipAndShift
from keras_gans.penalties.penalty import SIDES, DiscriminatorUpdate, Penalty
from keras_gans.penalties.weights import check_weight


@keras.saving.register_keras_serializable(package="keras_gans")
@dataclasses.dataclass(eq=False)
class BCR(Penalty):
    """Balanced consistency: images and transformed ones are scored alike.

    With a random transformation T, for real and for generated images,

        P = λ_r E[(D(x) - D(T(x)))²] + λ_f E[(D(G(z)) - D(T(G(z))))²].

    Of a map of scores D is the mean. The pass over the transformed images
    moves no state, and kernels are normalized as for the others.

    Args:
        real_weight: Non-negative float λ_r.
        fake_weight: Non-negative float λ_f.
        augmentation: Layer T, as `GAN.augmentation` is one; None for
            `FlipAndShift`, by up to 4 pixels.

    Raises:
        ValueError: When a weight is negative.

    Reference: [Zhao et al., 2021](https://arxiv.org/abs/2002.04724),
    algorithm 1.
    """

    name = "bcr"
    compares = True

    real_weight: float = 10.0
    fake_weight: float = 10.0
    augmentation: keras.layers.Layer | None = None

    def __post_init__(self):
        check_weight("real_weight", self.real_weight)
        check_weight("fake_weight", self.fake_weight)
        self.transformation = self.augmentation

    def build(self, images: Any) -> list:
        if self.transformation is None:
            self.transformation = FlipAndShift()
        self.transformation(images, training=True)
        return [self.transformation]

    def of(self, update: DiscriminatorUpdate) -> Any:
        """Returns the weighted penalty of an update, a float32 scalar."""
        weights = {"real": self.real_weight, "fake": self.fake_weight}
        images = {
            side: self.transformation(update.images[side], training=True)
            for side in SIDES
            if weights[side]
        }
        again = update.score_again(images) if images else {}
        return sum(
            (
                weights[side] * _mean_square(update.scores[side] - scores)
                for side, scores in again.items()
            ),
            start=ops.zeros((), "float32"),
        )

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        serialize = keras.saving.serialize_keras_object
        return {
            "real_weight": self.real_weight,
            "fake_weight": self.fake_weight,
            "augmentation": serialize(self.augmentation),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "BCR":
        """Returns the penalty with these constructor arguments."""
        layer = keras.saving.deserialize_keras_object(config["augmentation"])
        return cls(**{**config, "augmentation": layer})


@keras.saving.register_keras_serializable(package="keras_gans")
@dataclasses.dataclass(eq=False)
class ZCR(Penalty):
    """Latent consistency: latents nearby make other images, scored alike.

    With z' = z + σ ε, ε ~ N(0, I), the discriminator's loss has

        P = λ_d E[(D(G(z)) - D(G(z')))²]

    and the generator's, against images that are all alike,

        P_G = -λ_g E[(G(z) - G(z'))²],

    means over images, pixels and channels, and over the scales if there are
    several. Both have passes of their own over z' that move no state. The
    images of z' are augmented by draws of their own, if images are.

    Args:
        weight: Non-negative float λ_d.
        diversity: Non-negative float λ_g.
        noise: Positive float σ.

    Raises:
        ValueError: When a value is out of range.

    Reference: [Zhao et al., 2021](https://arxiv.org/abs/2002.04724),
    algorithm 2.
    """

    name = "zcr"
    # What the generator's part is logged as.
    diversity_name = "zcr_diversity"
    compares = True
    needs_near = True

    weight: float = 5.0
    diversity: float = 0.5
    noise: float = 0.03

    def __post_init__(self):
        check_weight("weight", self.weight)
        check_weight("diversity", self.diversity)
        if not self.noise > 0:
            raise ValueError(
                "Latents nearby need noise: a positive standard deviation. "
                f"Received: noise={self.noise!r}."
            )

    def of(self, update: DiscriminatorUpdate) -> Any:
        """Returns the weighted penalty of an update, a float32 scalar."""
        scores = update.score_again({"fake": update.near})["fake"]
        return self.weight * _mean_square(update.scores["fake"] - scores)

    def of_generator(self, fake: Any, near: Any) -> Any:
        """Returns P_G of images of latents and of those nearby."""
        distances = [
            _mean_square(ops.cast(a, "float32") - ops.cast(b, "float32"))
            for a, b in zip(
                keras.tree.flatten(fake), keras.tree.flatten(near), strict=True
            )
        ]
        return -self.diversity * (sum(distances) / len(distances))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor's arguments."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "ZCR":
        """Returns the penalty with these constructor arguments."""
        return cls(**config)


def _mean_square(differences):
    return ops.mean(ops.square(differences))

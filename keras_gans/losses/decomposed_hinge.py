"""The spatially decomposed hinge game with the local gradient amplifier."""

import dataclasses
from typing import Any

import keras
from keras import ops

from keras_gans import checks
from keras_gans.losses.adversarial import as_float32, mean_over_images
from keras_gans.losses.hinge import Hinge

AMPLIFICATIONS = ("abs", "literal", "monotone")
HINGES = ("cells", "mean")


@keras.saving.register_keras_serializable(package="keras_gans")
@dataclasses.dataclass(eq=False)
class SpatiallyDecomposedHinge(Hinge):
    """Hinge loss on a map of scores, amplified where the generator fails.

    The discriminator gives a map Y of n x n scores, one a region of the
    image. With an amplification map A made of Y (equations 12 to 14),

        L_D = E[max(0, 1 - Y(x))] + E[max(0, 1 + Y(G(z)))]
        L_G = -E[Ŷ],    Ŷ = Y(G(z)) ⊙ A,    -dL_G/dY_ij = A_ij / (N n²),

    means over the N images and the n² cells. A is a constant: no gradient
    passes through it, so that the last identity is equation 15, the plain
    hinge's gradient times A. Reported is the value of L_G as defined; it
    falls strictly as Y rises wherever A > 0 in the modes `abs` and
    `monotone`.

    **As printed, the equations do the opposite of what the text says.** The
    paper sets A = min(Y, 1) (13) and claims to amplify the gradient of
    unrealistic regions. Where Y < 0, which is where the discriminator puts
    generated images, that A is negative: the generator is pushed to make
    those regions look more fake, and harder the worse they are. Zero-LGA,
    A = min(Y, 0), would then only ever push downwards. Without stopping the
    gradient of A nothing is won: d(Y·min(Y, 1))/dY = 2Y is negative too. The
    printed magnitudes make sense as |A|, hence the default:

        abs       A = |min(Y, 1)|: the sign corrected, no more.
        literal   A = min(Y, 1): as printed.
        monotone  A = 1 + max(0, 1 - Y): never below the plain hinge and the
                  larger the worse the region, "amplified" where it is
                  unrealistic and "sustained" where it is realistic.

    With `zero=True`, zero-LGA, 1 becomes 0 in all of these, and a region
    with Y ≥ 0 has no gradient; `abs` and `monotone` then coincide. N n² times
    the ascent direction -dL_G/dY:

        Y                        -2    -1   -0.5   0.5    1     2
        plain hinge               1     1    1     1      1     1
        abs                       2     1    0.5   0.5    1     1
        literal                  -2    -1   -0.5   0.5    1     1
        monotone                  4     3    2.5   1.5    1     1
        abs, zero                 2     1    0.5   0      0     0
        literal, zero            -2    -1   -0.5   0      0     0
        monotone, zero            2     1    0.5   0      0     0

    Args:
        amplification: `abs`, `literal` or `monotone`.
        zero: Whether realistic regions get no gradient (zero-LGA).
        stop_gradient: Whether A is a constant. If not, -N n² dL_G/dY becomes
            A + Y dA/dY: below the cap 2|Y| for `abs`, 2Y for `literal` and
            2 - 2Y for `monotone`.
        hinge_on: What L_D's hinge is applied to: each of the `cells`, whose
            losses are then averaged, or each image's `mean` score, which
            the paper leaves open. L_G is the same.

    Scores have the shape (N, n, n, 1) or (N, n, n); one score an image,
    (N, 1), is a map of one cell.

    Raises:
        ValueError: For an amplification or a hinge that there is not.

    Example:
    >>> scores = keras.ops.array([[[-2.0, 0.5], [1.0, 3.0]]])
    >>> amplification = SpatiallyDecomposedHinge().amplification_map(scores)
    >>> keras.ops.convert_to_numpy(amplification).tolist()
    [[[2.0, 0.5], [1.0, 1.0]]]

    Reference: Spatially Decomposed Hinge Adversarial Loss by Local Gradient
    Amplifier (anonymous submission), §3.
    """

    amplification: str = "abs"
    zero: bool = False
    stop_gradient: bool = True
    hinge_on: str = "cells"

    def __post_init__(self):
        checks.one_of("amplification", self.amplification, AMPLIFICATIONS)
        checks.one_of("hinge_on", self.hinge_on, HINGES)

    def discriminator(self, real: Any, fake: Any) -> Any:
        if self.hinge_on == "mean":
            real, fake = _image_means(real), _image_means(fake)
        return super().discriminator(real, fake)

    def generator(
        self, fake: Any, real: Any = None, weights: Any = None
    ) -> Any:
        fake = as_float32(fake)
        amplification = self.amplification_map(fake)
        if self.stop_gradient:
            amplification = ops.stop_gradient(amplification)
        return -mean_over_images(fake * amplification, weights)

    def amplification_map(self, scores: Any) -> Any:
        """Returns A for a map of scores, float32 of the same shape."""
        scores = as_float32(scores)
        cap = 0.0 if self.zero else 1.0
        if self.amplification == "monotone":
            return cap + ops.relu(cap - scores)
        capped = ops.minimum(scores, cap)
        return ops.abs(capped) if self.amplification == "abs" else capped

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def _image_means(scores):
    scores = ops.reshape(as_float32(scores), (ops.shape(scores)[0], -1))
    return ops.mean(scores, axis=1)

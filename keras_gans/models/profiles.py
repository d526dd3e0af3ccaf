"""Response profiles of power-function averages, and sums of them; NumPy only.

The average θ_γ of weights θ over T training steps is a weighted mean of what
they were on the way. With averages θ_γ(t) ← β θ_γ(t-1) + (1 - β) θ(t) and
β = (1 - 1/t)^(γ + 1), step t has the weight ∫ p over (t - 1, t] of

    p(t) = (γ + 1) t^γ / T^(γ + 1)    for 0 ≤ t ≤ T,

the response profile. Its standard deviation in units of T, the relative length

    σ = (γ + 1)^½ (γ + 2)^-1 (γ + 3)^-½,

stays the same however long training is.

Reference: [Karras et al., 2024](https://arxiv.org/abs/2312.02696), §3.1,
§3.2 and appendix C.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from keras_gans.presets.training import LONGEST

# A profile is met where it is missed by at most such a share of its norm, and
# where roundings of what is summed grow by at most such a factor.
MISSED, AMPLIFIED = 0.1, 100.0


def exponent(length: float) -> float:
    """Returns γ of a relative length.

    The largest root of (γ + 2)² (γ + 3) σ² = γ + 1.

    Args:
        length: Float σ in (0, 0.28]; above 1/√12, that of the plain mean of
            all steps, averages would weigh early steps most.

    Raises:
        ValueError: For another length.

    Example:
    >>> [round(exponent(length), 2) for length in (0.05, 0.10)]
    [16.97, 6.94]
    """
    if not 0.0 < length <= LONGEST:
        raise ValueError(
            "A length is the standard deviation of an average's response "
            f"profile, as a share of the run, above 0 and at most {LONGEST}. "
            f"Received: {length!r}."
        )
    inverse = length**-2.0
    return float(np.roots([1, 7, 16 - inverse, 12 - inverse]).real.max())


def check_lengths(lengths: Sequence[float]) -> tuple[float, ...]:
    """Returns relative lengths as a tuple.

    Raises:
        ValueError: When one is out of range, or named twice.
    """
    lengths = tuple(map(float, lengths))
    for length in lengths:
        exponent(length)
    if len(set(lengths)) < len(lengths):
        raise ValueError(
            f"Each length of an average is named once. Received: {lengths}."
        )
    return lengths


@dataclasses.dataclass(frozen=True)
class Combination:
    """A sum of averages that stands for another one.

    Attributes:
        factors: Of the averages, float64; their sum is 1.
        residual: By how much its response profile misses the one that was
            asked for, in the L² norm, as a share of that one's norm.
    """

    factors: np.ndarray
    residual: float

    @property
    def amplification(self) -> float:
        """By what factor roundings of the averages grow, if independent."""
        return float(np.linalg.norm(self.factors))

    @property
    def holds(self) -> bool:
        """Whether the sum is close enough, and of what is exact enough."""
        close = self.residual <= MISSED
        return bool(close and self.amplification <= AMPLIFIED)


def combination(
    steps: Sequence[float],
    lengths: Sequence[float],
    step: float,
    length: float,
) -> Combination:
    """Returns how to make an average of others, of other steps and lengths.

    Of all sums of averages whose factors add up to 1, so that weights that
    never change stay what they are, it is the one whose response profile is
    the nearest in the least-squares sense.

    Args:
        steps: Positive, the training steps T after which averages were kept.
        lengths: The relative length of each.
        step: T of the average that is wanted.
        length: Its relative length.

    Raises:
        ValueError: When a length is out of range.
    """
    # Steps relative to the wanted one make all entries of order 1.
    times = np.asarray(steps, "float64") / step
    exponents = np.array([exponent(value) for value in lengths])
    wanted = (1.0, exponent(length))
    gram = _products(times[:, None], exponents[:, None], times, exponents)
    right = _products(times, exponents, *wanted)
    square = _products(*wanted, *wanted)
    # Stationary points of the Lagrange function.
    count = len(times)
    system = np.ones((count + 1, count + 1))
    system[:count, :count] = gram
    system[count, count] = 0.0
    factors = np.linalg.lstsq(system, np.append(right, 1.0))[0][:count]
    missed = square - 2 * factors @ right + factors @ gram @ factors
    residual = np.sqrt(max(float(missed / square), 0.0))
    return Combination(factors, float(residual))


def _products(time, exponent, other_time, other_exponent):
    """Returns ∫ p q of response profiles p and q, by broadcasting.

    With t ≤ T, (γ + 1)(γ' + 1) / (γ + γ' + 1) (t / T)^γ' / T, where γ' is of
    the profile that ends at T.
    """
    early = np.minimum(time, other_time)
    late = np.maximum(time, other_time)
    of_late = np.where(time <= other_time, other_exponent, exponent)
    scale = (exponent + 1) * (other_exponent + 1)
    scale = scale / (exponent + other_exponent + 1)
    return scale * (early / late) ** of_late / late

"""95 % intervals of scores."""

from collections.abc import Sequence

import numpy as np

LEVEL = 0.95


def compare_intervals(a: tuple[float, float], b: tuple[float, float]) -> str:
    """Returns `lower` or `higher` where a is clear of b, else `tied`.

    Args:
        a: Ends of an interval, the lower first.
        b: Those of another.

    Example:
    >>> compare_intervals((1.0, 2.0), (3.0, 4.0))
    'lower'
    >>> compare_intervals((1.0, 3.0), (3.0, 4.0))
    'tied'
    """
    if a[1] < b[0]:
        return "lower"
    if a[0] > b[1]:
        return "higher"
    return "tied"


def student_interval(
    value: float, error: float, degrees: int
) -> dict[str, float]:
    """Returns `value` with its interval value ± t s of Student's distribution.

    Args:
        value: The estimate.
        error: Its standard error s.
        degrees: Degrees of freedom of t, which |T| exceeds in 5 % of cases.

    Returns:
        `value`, `standard_error`, `low` and `high`.
    """
    from scipy import stats

    reach = float(error) * float(stats.t.ppf((1 + LEVEL) / 2, degrees))
    return {
        "value": float(value),
        "standard_error": float(error),
        "low": float(value - reach),
        "high": float(value + reach),
    }


def jackknife_interval(
    value: float, without: Sequence[float]
) -> dict[str, float]:
    """Returns `value` with the interval of the delete-a-group jackknife.

        s² = (G - 1) / G Σ (vᵢ - mean v)²,    value ± t s,

    t the 97.5 % quantile of Student's distribution with G - 1 degrees of
    freedom.

    Args:
        value: Of all samples.
        without: Values vᵢ of all samples but those of group i, of G random
            groups of nearly equal size.

    Returns:
        `value`, `standard_error` s, `low` and `high`.

    Example:
    >>> result = jackknife_interval(2.0, [1.0, 3.0])
    >>> result["standard_error"], round(result["high"], 3)
    (1.0, 14.706)

    Reference: Efron and Tibshirani, 1993, "An Introduction to the Bootstrap",
    chapter 11; Kott, 2001, "The delete-a-group jackknife", Journal of
    Official Statistics 17.
    """
    degrees = len(without) - 1
    return student_interval(value, np.sqrt(degrees * np.var(without)), degrees)

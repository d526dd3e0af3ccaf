"""How samples of points spread over the modes of a mixture."""

from typing import Any

import numpy as np


def mode_coverage(
    points: Any,
    modes: Any,
    standard_deviation: float,
    *,
    radius: float = 4.0,
    minimum_share: float = 0.1,
) -> dict:
    """Counts the modes that samples reach, and the samples near a mode.

    A sample belongs to its nearest mode, and is near it when the Euclidean
    distance is at most `radius` standard deviations. With N samples and K
    modes, a mode is covered when at least `minimum_share` of its N / K
    samples are near it: of 10,000 samples of 8 modes, 125.

    Of the mixture itself, exp(-radius² / 2) of the points are not near, in
    the plane: 0.03 % for a radius of 4.

    Args:
        points: Samples, `(N, D)`, N >= 1. Points that are not finite are
            near no mode.
        modes: Means of the mixture, `(K, D)`, K >= 1.
        standard_deviation: Positive float, of each coordinate.
        radius: Positive float, in standard deviations.
        minimum_share: Float in (0, 1].

    Returns:
        A dict of `modes_covered` (int), `modes` (K), `near_share` (float in
        [0, 1], the share of samples near a mode) and `samples` (N).

    Raises:
        ValueError: When an argument is out of range, or shapes do not fit.

    Example:
    >>> mode_coverage([[0.0, 0.1], [9.0, 9.0]], [[0.0, 0.0], [5.0, 0.0]], 0.1)
    {'modes_covered': 1, 'modes': 2, 'near_share': 0.5, 'samples': 2}
    """
    points = np.asarray(points, np.float64)
    modes = np.asarray(modes, np.float64)
    _check(points, modes, standard_deviation, radius, minimum_share)
    # One coordinate at a time: (N, K) arrays, never (N, K, D).
    squares = sum(
        np.square(points[:, [axis]] - modes[:, axis])
        for axis in range(points.shape[1])
    )
    squares = np.where(np.isfinite(squares), squares, np.inf)
    nearest = squares.argmin(axis=1)
    near = squares.min(axis=1) <= (radius * standard_deviation) ** 2
    counts = np.bincount(nearest[near], minlength=len(modes))
    least = max(1.0, minimum_share * len(points) / len(modes))
    return {
        "modes_covered": int((counts >= least).sum()),
        "modes": len(modes),
        "near_share": float(near.mean()),
        "samples": len(points),
    }


def _check(points, modes, standard_deviation, radius, minimum_share):
    if (
        points.ndim != 2
        or modes.ndim != 2
        or not len(points)
        or not len(modes)
        or points.shape[1] != modes.shape[1]
    ):
        raise ValueError(
            "Points (N, D) and modes (K, D) must have as many coordinates, "
            f"and there must be some. Received: shapes {points.shape} and "
            f"{modes.shape}."
        )
    if standard_deviation <= 0 or radius <= 0 or not 0 < minimum_share <= 1:
        raise ValueError(
            "Coverage needs standard_deviation > 0, radius > 0 and "
            "minimum_share in (0, 1]. Received: standard_deviation="
            f"{standard_deviation}, radius={radius}, minimum_share="
            f"{minimum_share}."
        )

"""The sliced Wasserstein distance between points in the plane."""

from typing import Any

import numpy as np


def sliced_wasserstein(real: Any, fake: Any, *, directions: int = 64) -> float:
    """Returns the mean Wasserstein-1 distance over directions in the plane.

    For unit vectors u at `directions` equal angles of a half turn, and the
    N points of each set in the order of their projections x·u and y·u,

        SW = mean_u mean_i |x₍ᵢ₎·u - y₍ᵢ₎·u|.

    A shift of every point by d gives 2‖d‖/π.

    Args:
        real: Points, `(N, 2)`.
        fake: As many points.
        directions: Positive int.

    Returns:
        A float of the points' unit; NaN where a point is not finite.

    Raises:
        ValueError: When the sets are no points, or not equally many.

    Example:
    >>> sliced_wasserstein([[0.0, 0.0]], [[3.0, 0.0]], directions=2)
    1.5

    Reference: [Bonneel et al., 2015](https://doi.org/10.1007/s10851-014-0506-3).
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if real.shape != fake.shape or real.shape[1:] != (2,) or directions < 1:
        raise ValueError(
            "The sliced distance compares two sets of as many points (N, 2), "
            f"along one direction at least. Received: shapes {real.shape} and "
            f"{fake.shape}, directions={directions}."
        )
    if not np.isfinite(fake).all() or not np.isfinite(real).all():
        return float("nan")
    angles = np.pi * np.arange(directions) / directions
    axes = np.stack([np.cos(angles), np.sin(angles)])
    differences = np.sort(real @ axes, axis=0) - np.sort(fake @ axes, axis=0)
    return round(float(np.abs(differences).mean()), 12)

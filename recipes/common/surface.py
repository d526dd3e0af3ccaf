"""Pictures of points over a function of the plane."""

from collections.abc import Callable

import numpy as np

# The square that is shown, and its cells a side: Figure 1 of WGAN-GP.
LIMIT, CELLS = 3.0, 128
# Pixels of a cell.
SCALE = 4
BANDS = 24
# From the lowest value to the highest.
LOW, HIGH = np.array([44, 62, 110.0]), np.array([244, 246, 250.0])
REAL, GENERATED = (232, 140, 32), (30, 140, 70)


def grid_points() -> np.ndarray:
    """Returns the centres of the cells, row by row from the top, `(N, 2)`."""
    axis = (np.arange(CELLS) + 0.5) / CELLS * 2 * LIMIT - LIMIT
    x, y = np.meshgrid(axis, axis[::-1])
    return np.stack([x.ravel(), y.ravel()], axis=1).astype("float32")


def value_surface(
    function: Callable[[np.ndarray], np.ndarray],
    real: np.ndarray,
    fake: np.ndarray,
) -> np.ndarray:
    """Draws real and generated points over the level sets of a function.

    The square [-3, 3]² is shown, 24 bands from dark (low) to light (high)
    with equal shares of the area; real points are orange, generated ones
    green. Points outside of the square, or not finite, are left out.

    Args:
        function: From points `(N, 2)` to N values.
        real: Points, `(N, 2)`.
        fake: Points, `(M, 2)`.

    Returns:
        uint8 picture, `(512, 512, 3)`.
    """
    values = np.asarray(function(grid_points()), float).reshape(CELLS, CELLS)
    # Quantiles, for a critic's values can differ by orders of magnitude.
    bounds = np.quantile(values, np.arange(1, BANDS) / BANDS)
    bands = np.searchsorted(bounds, values)
    shares = (bands / (BANDS - 1))[..., None]
    picture = (LOW + shares * (HIGH - LOW)).round().astype("uint8")
    picture = picture.repeat(SCALE, axis=0).repeat(SCALE, axis=1)
    _mark(picture, real, REAL)
    _mark(picture, fake, GENERATED)
    return picture


def _mark(picture, points, colour):
    size = len(picture)
    points = np.asarray(points, float)
    inside = (np.abs(points) < LIMIT).all(axis=1)
    x, y = ((points[inside] + LIMIT) / (2 * LIMIT) * size).astype(int).T
    # Squares of three pixels.
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            rows = np.clip(size - 1 - y + dy, 0, size - 1)
            picture[rows, np.clip(x + dx, 0, size - 1)] = colour

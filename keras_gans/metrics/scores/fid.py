"""The Fréchet distance between two sets of features: FID."""

import numpy as np

from keras_gans.metrics.statistics.moments import Moments

# Ratio of pivots down to which a Cholesky factor loses no digits that matter.
_CONDITION = 1e-10


def frechet_distance(real: Moments, fake: Moments) -> float:
    """Returns the squared Fréchet distance of two fitted Gaussians.

        d² = |μ₁ - μ₂|² + tr Σ₁ + tr Σ₂ - 2 tr (Σ₁^½ Σ₂ Σ₁^½)^½

    With Σ₁ = F Fᵀ the last trace is the sum of the square roots of the
    eigenvalues of Fᵀ Σ₂ F, a symmetric matrix. F is the Cholesky factor; where
    Σ₁ is singular or nearly so, as with fewer vectors than dimensions, its
    eigenvectors without those below rounding. The result is real, and right
    to about 1e-8 of the traces for singular covariances too.

    Args:
        real: Moments of at least two vectors.
        fake: Likewise, of the same dimension.

    Returns:
        A number of at least 0; symmetric in its arguments.

    Raises:
        ValueError: Fewer than two vectors, or different dimensions.

    Example:
    >>> real, fake = Moments(1), Moments(1)
    >>> real.update_state([[-1.0], [0.0], [1.0]])
    >>> fake.update_state([[1.0], [3.0], [5.0]])
    >>> round(frechet_distance(real, fake), 6)  # 3² + (2 - 1)²
    10.0

    Reference: [Heusel et al., 2017](https://arxiv.org/abs/1706.08500), eq. 6.
    """
    require_two("real set", real)
    require_two("fake set", fake)
    if real.dimension != fake.dimension:
        raise ValueError(
            "A Fréchet distance is of vectors of one dimension. Received: "
            f"{real.dimension} and {fake.dimension}."
        )
    # Factoring the smaller of the two makes the result exactly symmetric.
    real, fake = sorted((real, fake), key=lambda m: np.trace(m.covariance))
    return FrechetDistance(real).distance_to(fake.mean, fake.covariance)


class FrechetDistance:
    """Fréchet distance to a fixed reference, which is factored once.

    See `frechet_distance` for the formula.

    Args:
        reference: Moments of at least two real feature vectors; not changed,
            and not to be changed while this object is used.
    """

    def __init__(self, reference: Moments):
        require_two("reference", reference)
        self.reference = reference
        self._reference_mean = reference.mean
        self._reference_covariance = reference.covariance
        self._reference_factor = None

    def distance_to(self, mean: np.ndarray, covariance: np.ndarray) -> float:
        """Returns the distance of the reference to a Gaussian.

        Args:
            mean: float64 `(dimension,)`.
            covariance: float64 `(dimension, dimension)`, symmetric.
        """
        if self._reference_factor is None:
            self._reference_factor = _factor(self._reference_covariance)
        cross = self._reference_factor.T @ covariance @ self._reference_factor
        squares = np.linalg.eigvalsh((cross + cross.T) / 2)
        difference = self._reference_mean - mean
        distance = (
            difference @ difference
            + (np.trace(self._reference_covariance) + np.trace(covariance))
            - 2 * np.sqrt(squares[squares > _rounding(squares)]).sum()
        )
        return max(float(distance), 0.0)


def _factor(covariance):
    """Returns F with F Fᵀ = `covariance`."""
    try:
        factor = np.linalg.cholesky(covariance)
        pivots = np.square(np.diagonal(factor))
        if pivots.min() > _CONDITION * pivots.max():
            return factor
    except np.linalg.LinAlgError:
        pass
    # Several times slower, but exact for singular covariances.
    values, vectors = np.linalg.eigh(covariance)
    kept = values > len(values) * _rounding(values)
    return vectors[:, kept] * np.sqrt(values[kept])


def _rounding(eigenvalues):
    """Returns the size below which an eigenvalue is an error of rounding."""
    return np.finfo(np.float64).eps * eigenvalues.max(initial=0.0)


def require_two(name: str, moments: Moments) -> None:
    """Raises a `ValueError` unless the moments have a covariance."""
    if moments.count < 2:
        raise ValueError(
            "A Fréchet distance needs at least 2 feature vectors on each "
            f"side. Received: {moments.count} in the {name}."
        )

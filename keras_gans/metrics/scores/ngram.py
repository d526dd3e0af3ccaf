"""How far sequences of characters are from text, by their n-grams."""

from collections.abc import Sequence
from typing import Any

import numpy as np

ORDERS = (1, 2, 3, 4)


class NgramDivergence:
    """Jensen-Shannon divergence of n-gram distributions from a text's.

    For the distributions p of the n-grams of the reference and q of those of
    the samples, all positions counted and m = (p + q) / 2,

        JSD_n = ½ Σ p log₂(p / m) + ½ Σ q log₂(q / m),

    in bits: 0 for equal distributions, 1 for disjoint ones, float64
    throughout. N-grams do not run across lines; padding counts as a
    character, as in the released code. A small set of samples misses most of
    the rarer n-grams: what held-out lines of the same number reach is the
    floor to compare with.

    Args:
        lines: Tokens of the reference, integers `(N, length)` from 0 to 2047.
        orders: The n to consider, each from 1 to 5 and at most the length.

    Raises:
        ValueError: When tokens or orders are out of range.

    Example:
    >>> divergence = NgramDivergence([[0, 1], [0, 1]], orders=(1, 2))
    >>> divergence([[0, 1]])
    {'jsd_1': 0.0, 'jsd_2': 0.0}
    >>> divergence([[1, 0]])
    {'jsd_1': 0.0, 'jsd_2': 1.0}

    Reference: [Gulrajani et al., 2017](https://arxiv.org/abs/1704.00028),
    §5.5; the released code's language experiment.
    """

    def __init__(self, lines: Any, orders: Sequence[int] = ORDERS):
        lines = _tokens(lines)
        for order in orders:
            if not 1 <= order <= min(5, lines.shape[1]):
                raise ValueError(
                    "The order of n-grams must be from 1 to 5 and at most the "
                    f"length of the lines. Received: {order}, for lines of "
                    f"{lines.shape[1]} tokens."
                )
        self.orders = tuple(orders)
        self._reference = {n: _distribution(lines, n) for n in self.orders}

    def __call__(self, lines: Any) -> dict[str, float]:
        """Returns `jsd_n` for each order n.

        Args:
            lines: Tokens of the samples, integers `(N, length)`.

        Raises:
            ValueError: When tokens are out of range or lines too short.
        """
        lines = _tokens(lines)
        if lines.shape[1] < max(self.orders):
            raise ValueError(
                f"Lines must have at least {max(self.orders)} tokens, the "
                f"longest n-gram. Received: {lines.shape[1]}."
            )
        return {
            f"jsd_{n}": _divergence(
                *self._reference[n], *_distribution(lines, n)
            )
            for n in self.orders
        }


def _tokens(lines) -> np.ndarray:
    lines = np.asarray(lines)
    if (
        lines.ndim != 2
        or not lines.size
        or lines.dtype.kind not in "iu"
        or lines.min() < 0
        # Five tokens of 11 bits make one int64.
        or lines.max() >= 2048
    ):
        raise ValueError(
            "Lines must be integer tokens from 0 to 2047, of shape (N, "
            f"length). Received: dtype {lines.dtype}, shape {lines.shape}."
        )
    return lines.astype(np.int64)


def _distribution(lines, order):
    """Returns the n-grams that occur, as sorted integers, and their shares."""
    positions = lines.shape[1] - order + 1
    grams = np.zeros((len(lines), positions), np.int64)
    for offset in range(order):
        grams = grams * 2048 + lines[:, offset : offset + positions]
    values, counts = np.unique(grams, return_counts=True)
    return values, counts / grams.size


def _divergence(real_grams, real_shares, fake_grams, fake_shares) -> float:
    places = np.searchsorted(real_grams, fake_grams)
    places = np.minimum(places, len(real_grams) - 1)
    shared = real_grams[places] == fake_grams
    p = np.where(shared, real_shares[places], 0.0)
    q = fake_shares
    middle = (p + q) / 2
    # Where only one of both has an n-gram, its term is the share times 1 bit.
    unseen = max(0.0, 1.0 - p.sum())
    terms = p * np.log2(np.where(p > 0, p, middle) / middle)
    terms += q * np.log2(q / middle)
    return float(max(0.0, 0.5 * (terms.sum() + unseen)))

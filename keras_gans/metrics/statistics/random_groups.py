"""Random groups of a stream of samples."""

import numpy as np


class RandomGroups:
    """Deals the items of a stream to groups at random.

    The first `count` items are divided like a shuffled pack of cards. From
    there on any `groups` items in succession go to different groups, in
    random order, so that labels that come in turn get no group of their own.
    Sizes differ by at most 1 after `count` items, and by 2 later on.
    """

    def __init__(self, groups: int, seed: int, count: int = 0):
        self._groups = groups
        self._random = np.random.default_rng(seed)
        pack = np.arange(count) % groups
        self._waiting = self._random.permutation(pack)

    def next(self, count: int) -> np.ndarray:
        """Returns the groups of the next `count` items, from 0 on."""
        rounds = max(0, -((len(self._waiting) - count) // self._groups))
        orders = np.tile(np.arange(self._groups), (rounds, 1))
        dealt = self._random.permuted(orders, axis=1).ravel()
        dealt = np.concatenate([self._waiting, dealt])
        self._waiting = dealt[count:]
        return dealt[:count]

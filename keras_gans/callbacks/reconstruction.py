"""Averages of any length, made of snapshots after training."""

import os
import pathlib
from collections.abc import Sequence

import keras
import numpy as np

from keras_gans.callbacks.snapshots import (
    Snapshot,
    find_snapshots,
    read_network,
)
from keras_gans.models.profiles import Combination, combination

# What is tried to say which lengths there are.
_TRIED = (0.01, 0.02, 0.03, 0.05, 0.07, 0.10, 0.15, 0.20, 0.25, 0.28)


class Reconstruction:
    """What the snapshots of a folder can be made into.

    An average of a length σ after a step T is a sum of the snapshots up to T,
    whose factors are `keras_gans.models.profiles.combination`. All weights are
    summed, moving statistics of batch normalization and spectral vectors
    among them.

    Args:
        directory: Folder that `Averages` has filled: `averages` of a run.
        step: Training step T; that of the last snapshot by default.

    Attributes:
        step: T.
        snapshots: Those up to T, in their order.

    Raises:
        FileNotFoundError: If there are no snapshots.
        ValueError: If T is not among the steps of the snapshots, or a file is
            damaged.

    Reference: [Karras et al., 2024](https://arxiv.org/abs/2312.02696), §3.2.
    """

    def __init__(self, directory: str | os.PathLike, step: int | None = None):
        self.directory = pathlib.Path(directory)
        found = find_snapshots(self.directory)
        if not found:
            raise FileNotFoundError(
                "Averages are made of the snapshots that a run keeps. "
                f"Received: {self.directory}, where there are none. Train with "
                "--averages=0.05,0.10."
            )
        first, last = found[0].step, found[-1].step
        self.step = last if step is None else step
        if not first <= self.step <= last:
            raise ValueError(
                "An average is of a step from the first snapshot's to the "
                f"last one's, {first} to {last}. Received: step={step}."
            )
        self.snapshots: list[Snapshot] = [
            snapshot for snapshot in found if snapshot.step <= self.step
        ]

    def combination(self, length: float) -> Combination:
        """Returns the factors of all averages, one snapshot after the other."""
        steps, lengths = zip(
            *(
                (snapshot.step, length)
                for snapshot in self.snapshots
                for length in snapshot.lengths
            ),
            strict=True,
        )
        return combination(steps, lengths, self.step, length)

    def combinations(
        self, lengths: Sequence[float]
    ) -> dict[float, Combination]:
        """Returns the sum for each length.

        Raises:
            ValueError: When the snapshots cannot be made into one of them;
                says into which they can.
        """
        found = {length: self.combination(length) for length in lengths}
        for length, sum_ in found.items():
            if not sum_.holds:
                raise ValueError(self._refusal(length, sum_))
        return found

    def _refusal(self, length, found):
        tried = [v for v in _TRIED if self.combination(v).holds]
        kept = sorted({v for one in self.snapshots for v in one.lengths})
        return (
            "The response profile of an average is met to a tenth of its norm "
            "or better. Received: a length of "
            f"{length:g}, whose profile {len(self.snapshots)} snapshots of "
            f"{', '.join(f'{v:g}' for v in kept)} up to step {self.step:,} "
            f"miss by {found.residual:.2f}, while roundings grow "
            f"{found.amplification:.0f} times. Lengths that they make: "
            f"{', '.join(f'{v:g}' for v in tried)}. Ask for these, or train "
            "with more --average_snapshots."
        )

    def weights(self, found: Combination) -> list[np.ndarray]:
        """Returns the weights of a sum, float32, for `network()`.

        Raises:
            ValueError: If a snapshot is damaged or not of finite numbers.
        """
        shapes = [weight.shape for weight in self.network().weights]
        sizes = [int(np.prod(shape)) for shape in shapes]
        total, start = np.zeros(sum(sizes)), 0
        for snapshot in self.snapshots:
            stop = start + len(snapshot.lengths)
            # In float64: factors of both signs cancel.
            total += found.factors[start:stop] @ snapshot.values(sizes)
            start = stop
        parts = np.split(total, np.cumsum(sizes)[:-1])
        return [
            part.reshape(shape).astype("float32")
            for part, shape in zip(parts, shapes, strict=True)
        ]

    def network(self) -> keras.Model:
        """Returns the generator, at all scales, with other weights."""
        return read_network(self.directory)


def reconstruct(
    directory: str | os.PathLike, length: float, step: int | None = None
) -> keras.Model:
    """Returns the generator whose weights are an average of training.

    Args:
        directory: Folder that `Averages` has filled: `averages` of a run.
        length: Relative length σ: the standard deviation of the times that
            the average is of, as a share of the steps up to `step`.
        step: Training step; that of the last snapshot by default.

    Returns:
        The generator, of MSG-GAN with the images of all scales.

    Raises:
        FileNotFoundError: If there are no snapshots.
        ValueError: If a number is out of range, or the snapshots cannot be
            made into this average.
    """
    snapshots = Reconstruction(directory, step)
    [found] = snapshots.combinations([length]).values()
    network = snapshots.network()
    network.set_weights(snapshots.weights(found))
    return network
